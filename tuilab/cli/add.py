"""Adding to a lab: namespaces, links, addresses, routes, rules, neighbours."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tuilab.cli import complete, routing, work
from tuilab.cli.options import (
    DryRun,
    EndpointArgument,
    LabOption,
    Quiet,
)
from tuilab.model import edits

app = typer.Typer(
    help="Add a namespace, link, address, fdb entry, route, rule or neighbour.",
    no_args_is_help=True,
)

_NewEndpoint = Annotated[
    str,
    typer.Argument(
        metavar="NS:IF",
        help="Where, and its name: host:br0.",
        autocompletion=complete.new_endpoint,
    ),
]
_Addresses = Annotated[
    list[str] | None,
    typer.Option(
        "--address", "-a", metavar="CIDR", help="As 10.0.0.1/24; again for more."
    ),
]
_Master = Annotated[
    str | None, typer.Option(metavar="BRIDGE", help="The bridge it is a port of.")
]
_Mtu = Annotated[int | None, typer.Option(metavar="BYTES", help="Default: 1500.")]
_Mac = Annotated[
    str | None, typer.Option(metavar="MAC", help="Default: derived from the names.")
]
_Down = Annotated[bool, typer.Option("--down", help="Leave it down.")]


@app.command()
def namespace(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Its name.")],
    lab: LabOption = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
) -> None:
    """Add namespaces."""
    changes = [edits.add_namespace(name) for name in names]
    noun = "namespace" if len(names) == 1 else "namespaces"
    change = edits.together(f"add {noun} {', '.join(names)}", changes)
    work.edit(lab, change, dry_run=dry_run, quiet=quiet)


@app.command()
def bridge(
    at: _NewEndpoint,
    ports: Annotated[
        list[str] | None,
        typer.Option("--port", metavar="IF", help="A link that joins it; repeatable."),
    ] = None,
    address: _Addresses = None,
    mtu: _Mtu = None,
    mac: _Mac = None,
    down: _Down = False,
    stp: Annotated[bool, typer.Option("--stp", help="Spanning tree.")] = False,
    priority: Annotated[
        int | None, typer.Option(metavar="N", help="In spanning tree: 0 to 65535.")
    ] = None,
    ageing: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="A learned MAC is kept; default: 300."),
    ] = None,
    vlan_filtering: Annotated[
        bool, typer.Option("--vlan-filtering", help="Look at VLAN tags.")
    ] = False,
    lab: LabOption = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
) -> None:
    """Add a bridge, which is a switch."""
    where = work.endpoint(at)
    joining = [port.removeprefix(f"{where.namespace}:") for port in ports or ()]
    attributes = _attributes(address, None, mtu, mac, down)
    attributes |= {"stp": stp, "priority": priority, "ageing": ageing}
    attributes["vlan_filtering"] = vlan_filtering
    change = edits.add_bridge(where, ports=joining, **attributes)
    work.edit(lab, change, dry_run=dry_run, quiet=quiet)


@app.command()
def cable(
    a: _NewEndpoint,
    b: _NewEndpoint,
    a_address: Annotated[
        list[str] | None,
        typer.Option("--a-address", metavar="CIDR", help="Of the first end."),
    ] = None,
    b_address: Annotated[
        list[str] | None,
        typer.Option("--b-address", metavar="CIDR", help="Of the second end."),
    ] = None,
    a_master: Annotated[
        str | None, typer.Option(metavar="BRIDGE", help="Of the first end.")
    ] = None,
    b_master: Annotated[
        str | None, typer.Option(metavar="BRIDGE", help="Of the second end.")
    ] = None,
    a_mac: Annotated[
        str | None, typer.Option(metavar="MAC", help="Of the first end.")
    ] = None,
    b_mac: Annotated[
        str | None, typer.Option(metavar="MAC", help="Of the second end.")
    ] = None,
    mtu: Annotated[
        int | None, typer.Option(metavar="BYTES", help="Of both ends.")
    ] = None,
    down: Annotated[bool, typer.Option("--down", help="Leave both ends down.")] = False,
    lab: LabOption = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
) -> None:
    """Add a cable (veth pair) between two namespaces or bridges."""
    change = edits.connect(
        work.endpoint(a),
        work.endpoint(b),
        a_end=_attributes(a_address, a_master, mtu, a_mac, down),
        b_end=_attributes(b_address, b_master, mtu, b_mac, down),
    )
    work.edit(lab, change, dry_run=dry_run, quiet=quiet)


@app.command()
def tap(
    at: _NewEndpoint,
    user: Annotated[
        str | None, typer.Option(metavar="USER", help="Who may open it.")
    ] = None,
    group: Annotated[
        str | None, typer.Option(metavar="GROUP", help="Which group may open it.")
    ] = None,
    master: _Master = None,
    address: _Addresses = None,
    mtu: _Mtu = None,
    mac: _Mac = None,
    down: _Down = False,
    lab: LabOption = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
) -> None:
    """Add a tap, whose other end is a program such as a virtual machine."""
    attributes = _attributes(address, master, mtu, mac, down)
    change = edits.add_tap(work.endpoint(at), user=user, group=group, **attributes)
    work.edit(lab, change, dry_run=dry_run, quiet=quiet)


@app.command()
def address(
    at: EndpointArgument,
    cidrs: Annotated[list[str], typer.Argument(metavar="CIDR", help="As 10.0.0.1/24.")],
    lab: LabOption = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
) -> None:
    """Give a link addresses."""
    where = work.endpoint(at)
    changes = [edits.add_address(where, cidr) for cidr in cidrs]
    change = _one(f"add addresses {', '.join(cidrs)} to {where}", changes)
    work.edit(lab, change, dry_run=dry_run, quiet=quiet)


@app.command()
def fdb(
    at: EndpointArgument,
    macs: Annotated[
        list[str], typer.Argument(metavar="MAC", help="As 02:00:00:00:00:01.")
    ],
    lab: LabOption = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
) -> None:
    """Tell a bridge which MACs are behind a port of it (static fdb entries)."""
    where = work.endpoint(at)
    changes = [edits.add_entry(where, mac) for mac in macs]
    change = _one(f"add fdb entries {', '.join(macs)} to {where}", changes)
    work.edit(lab, change, dry_run=dry_run, quiet=quiet)


app.command()(routing.route)
app.command()(routing.rule)
app.command()(routing.neighbour)


def _one(title: str, changes: list[edits.Change]) -> edits.Change:
    return changes[0] if len(changes) == 1 else edits.together(title, changes)


def _attributes(
    addresses: list[str] | None,
    master: str | None,
    mtu: int | None,
    mac: str | None,
    down: bool,
) -> dict[str, Any]:
    return {
        "addresses": tuple(addresses or ()),
        "master": master,
        "mtu": mtu,
        "mac": mac,
        "up": not down,
    }
