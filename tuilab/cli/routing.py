"""Adding and removing routes, rules and neighbours."""

from __future__ import annotations

from typing import Annotated

import typer

from tuilab.cli import work
from tuilab.cli.options import (
    DryRun,
    EndpointArgument,
    LabOption,
    NamespaceArgument,
    Quiet,
)
from tuilab.errors import UsageError
from tuilab.model import edits, policy_edits
from tuilab.model.routing import TABLES
from tuilab.model.topology import UNICAST, Hop, Neighbour, Route, Rule

_Destination = Annotated[
    str, typer.Argument(metavar="DEST", help="default, or as 10.1.0.0/16.")
]
_Via = Annotated[str | None, typer.Option(metavar="ADDRESS", help="The gateway.")]
_Dev = Annotated[str | None, typer.Option(metavar="IF", help="The link it leaves by.")]
_Metric = Annotated[int | None, typer.Option(metavar="N", help="The lower wins.")]
_Table = Annotated[
    str | None,
    typer.Option(metavar="N", help="Number of a routing table, main or default."),
]
_Src = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Own address that packets are sent from."),
]
_Six = Annotated[bool, typer.Option("-6", help="An IPv6 one.")]
_Four = Annotated[bool, typer.Option("-4", help="An IPv4 one.")]
_HOP = "via ADDRESS dev IF weight N"


def route(
    namespace: NamespaceArgument,
    to: _Destination,
    via: _Via = None,
    dev: _Dev = None,
    metric: _Metric = None,
    table: _Table = None,
    src: _Src = None,
    onlink: Annotated[
        bool, typer.Option("--onlink", help="The gateway need be in no network.")
    ] = False,
    kind: Annotated[
        str,
        typer.Option("--type", metavar="T", help="blackhole, unreachable, prohibit."),
    ] = UNICAST,
    hops: Annotated[
        list[str] | None,
        typer.Option(
            "--hop", metavar="HOP", help=f'As "{_HOP}"; again for each of several.'
        ),
    ] = None,
    lab: LabOption = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
) -> None:
    """Add a static route."""
    wanted = Route(
        to,
        via,
        dev,
        metric,
        table_number(table),
        src,
        onlink,
        kind,
        tuple(read_hop(hop) for hop in hops or ()),
    )
    change = edits.add_route(namespace, wanted)
    work.edit(lab, change, dry_run=dry_run, quiet=quiet)


def rm_route(
    namespace: NamespaceArgument,
    to: _Destination,
    via: _Via = None,
    dev: _Dev = None,
    metric: _Metric = None,
    table: _Table = None,
    src: _Src = None,
    lab: LabOption = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
) -> None:
    """Remove a static route: the one that fits all that is said of it."""
    wanted = Route(to, via, dev, metric, table_number(table), src)
    change = edits.remove_route(namespace, wanted)
    work.edit(lab, change, dry_run=dry_run, quiet=quiet)


def rule(
    namespace: NamespaceArgument,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="CIDR", help="Source of the packet."),
    ] = None,
    to: Annotated[
        str | None, typer.Option(metavar="CIDR", help="Its destination.")
    ] = None,
    iif: Annotated[
        str | None,
        typer.Option(metavar="IF", help="Link it came in by; lo for own packets."),
    ] = None,
    oif: Annotated[
        str | None, typer.Option(metavar="IF", help="Link its socket is bound to.")
    ] = None,
    fwmark: Annotated[
        str | None, typer.Option(metavar="MARK", help="As 0x10 or 0x10/0xff.")
    ] = None,
    table: _Table = None,
    action: Annotated[
        str | None,
        typer.Option(metavar="A", help="blackhole, unreachable or prohibit."),
    ] = None,
    priority: Annotated[
        int | None,
        typer.Option(metavar="N", help="The lower is asked first; default: the last."),
    ] = None,
    six: _Six = False,
    lab: LabOption = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
) -> None:
    """Add a rule: which packets look for their route in which table."""
    wanted = Rule(
        priority=priority or 0,
        family=6 if six else 4,
        source=source,
        to=to,
        iif=iif,
        oif=oif,
        fwmark=fwmark,
        table=table_number(table),
        action=action,
    )
    change = policy_edits.add_rule(namespace, wanted, priority=priority)
    work.edit(lab, change, dry_run=dry_run, quiet=quiet)


def rm_rule(
    namespace: NamespaceArgument,
    priority: Annotated[int, typer.Argument(metavar="PRIORITY", help="Its number.")],
    four: _Four = False,
    six: _Six = False,
    lab: LabOption = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
) -> None:
    """Remove a rule."""
    if four and six:
        raise UsageError("a rule is of one family", "say -4 or -6")
    family = 4 if four else 6 if six else None
    change = policy_edits.remove_rule(namespace, priority, family)
    work.edit(lab, change, dry_run=dry_run, quiet=quiet)


_Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="As 10.0.0.9.")]


def neighbour(
    at: EndpointArgument,
    to: _Address,
    mac: Annotated[
        str | None, typer.Argument(metavar="MAC", help="Its MAC address.")
    ] = None,
    proxy: Annotated[
        bool, typer.Option("--proxy", help="Answer for it (proxy ARP, proxy NDP).")
    ] = False,
    lab: LabOption = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
) -> None:
    """Add a static neighbour, or answer for one."""
    where = work.endpoint(at)
    wanted = Neighbour(to, where.ifname, mac, proxy)
    change = policy_edits.add_neighbour(where.namespace, wanted)
    work.edit(lab, change, dry_run=dry_run, quiet=quiet)


def rm_neighbour(
    at: EndpointArgument,
    to: _Address,
    proxy: Annotated[
        bool, typer.Option("--proxy", help="Only one that is answered for.")
    ] = False,
    lab: LabOption = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
) -> None:
    """Remove a static neighbour."""
    change = policy_edits.remove_neighbour(work.endpoint(at), to, proxy=proxy)
    work.edit(lab, change, dry_run=dry_run, quiet=quiet)


# -- helpers -----------------------------------------------------------------------


def table_number(text: str | None) -> int | None:
    """A routing table by number or name.

    Raises:
        UsageError: It is neither.
    """
    if text is None or text.isdecimal():
        return None if text is None else int(text)
    if text not in TABLES:
        hint = f"write a number, or {' or '.join(('main', 'default'))}"
        raise UsageError(f'"{text}" is no routing table', hint)
    return TABLES[text]


def read_hop(text: str) -> Hop:
    """One hop, as ``via 10.0.0.1 dev eth0 weight 2``.

    Raises:
        UsageError: It is none.
    """
    words = text.split()
    found = dict(zip(words[::2], words[1::2], strict=False))
    weight = found.get("weight", "1")
    known = found.keys() <= {"via", "dev", "weight"} and len(words) == 2 * len(found)
    if not known or not words or not weight.isdecimal():
        raise UsageError(f'"{text}" is no hop', f'write it as "{_HOP}"')
    return Hop(found.get("via"), found.get("dev"), int(weight))
