"""Rules, neighbours and settings of a namespace, one a line as a person types them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tuilab.errors import UsageError
from tuilab.model.addressing import address, mac_problem
from tuilab.model.canonical import canonical_neighbour, canonical_rule
from tuilab.model.edits import Change, set_sysctl
from tuilab.model.policy_edits import (
    add_neighbour,
    add_rule,
    remove_neighbour,
    remove_rule,
)
from tuilab.model.routing import TABLES
from tuilab.model.sysctls import canonical_key, known, sysctl
from tuilab.model.topology import REFUSALS, Endpoint, Namespace, Neighbour, Rule

RULE_SYNTAX = (
    "priority N from CIDR to CIDR iif LINK oif LINK fwmark MARK table N, or instead of "
    "the table blackhole, unreachable, prohibit; family 6 where no CIDR tells"
)
NEIGHBOUR_SYNTAX = "ADDRESS dev LINK mac MAC, or ADDRESS dev LINK proxy"
SETTING_SYNTAX = "KEY VALUE, as net.ipv4.conf.eth0.rp_filter 1"

_RULE_WORDS = ("priority", "from", "to", "iif", "oif", "fwmark", "table", "family")


def show_rule(rule: Rule) -> str:
    """A rule as `parse_rule` reads it."""
    words = ["priority", str(rule.priority)]
    values = {"from": rule.source, "to": rule.to, "iif": rule.iif, "oif": rule.oif}
    values |= {"fwmark": rule.fwmark}
    values["table"] = str(rule.table) if rule.table is not None else None
    for name, value in values.items():
        if value is not None:
            words += [name, value]
    if rule.action:
        words.append(rule.action)
    if rule.family == 6 and not (rule.source or rule.to):
        words += ["family", "6"]
    return " ".join(words)


def parse_rule(typed: str) -> tuple[Rule, int | None]:
    """Read a rule, and its priority if it names one; see `RULE_SYNTAX`.

    Raises:
        UsageError: It is none.
    """
    words = typed.split()
    actions = [word for word in words if word in REFUSALS]
    found = _pairs(
        [word for word in words if word not in REFUSALS], _RULE_WORDS, RULE_SYNTAX
    )
    table = found.get("table")
    if len(actions) + (table is not None) != 1:
        raise UsageError(f'"{typed}" must say one table or what to do', RULE_SYNTAX)
    number = None if table is None else TABLES.get(table, table)
    priority = _number(found.get("priority"), "priority")
    rule = Rule(
        priority=priority or 0,
        family=_number(found.get("family"), "family") or 4,
        source=found.get("from"),
        to=found.get("to"),
        iif=found.get("iif"),
        oif=found.get("oif"),
        fwmark=found.get("fwmark"),
        table=number if isinstance(number, int) else _number(number, "table"),
        action=actions[0] if actions else None,
    )
    if rule.family not in (4, 6):
        raise UsageError(f'"{rule.family}" is no family', "say 4 or 6")
    return canonical_rule(rule), priority


def show_neighbour(neighbour: Neighbour) -> str:
    """A neighbour as `parse_neighbour` reads it."""
    end = f"{neighbour.to} dev {neighbour.dev}"
    return f"{end} proxy" if neighbour.proxy else f"{end} mac {neighbour.mac}"


def parse_neighbour(typed: str) -> Neighbour:
    """Read a static neighbour or proxy entry; see `NEIGHBOUR_SYNTAX`.

    Raises:
        UsageError: It is none.
    """
    to, *words = typed.split()
    try:
        address(to)
    except ValueError:
        raise UsageError(f'"{to}" is no address', NEIGHBOUR_SYNTAX) from None
    proxy = "proxy" in words
    words = ["mac" if word == "lladdr" else word for word in words if word != "proxy"]
    found = _pairs(words, ("dev", "mac"), NEIGHBOUR_SYNTAX)
    if "dev" not in found:
        raise UsageError(f'"{typed}" names no link', NEIGHBOUR_SYNTAX)
    if proxy == ("mac" in found):
        raise UsageError(f'"{typed}" must say its MAC, or proxy', NEIGHBOUR_SYNTAX)
    if not proxy and (fact := mac_problem(found["mac"])):
        raise UsageError(fact, NEIGHBOUR_SYNTAX)
    return canonical_neighbour(Neighbour(to, found["dev"], found.get("mac"), proxy))


def parse_setting(typed: str, links: Iterable[str]) -> tuple[str, str]:
    """Read a setting: its key, or the end of one where that is clear, and its value.

    Raises:
        UsageError: There is no such setting, or it takes no such value.
    """
    words = typed.replace("=", " ").split()
    if len(words) != 2:
        raise UsageError(f'"{typed}" is no setting', f"write {SETTING_SYNTAX}")
    key, value = canonical_key(words[0]), words[1]
    if sysctl(key) is None:
        ends = [name for name in known(links) if name.endswith(f".{words[0]}")]
        if len(ends) != 1:
            raise UsageError(
                f'"{words[0]}" is no setting that tuilab knows',
                f"write {SETTING_SYNTAX}",
            )
        key = ends[0]
    setting = sysctl(key)
    if setting is not None and (fact := setting.problem(value)):
        raise UsageError(f'"{key}" {fact}, not "{value}"', "write one of these")
    return key, value


def rule_changes(name: str, before: Namespace, typed: Sequence[str]) -> list[Change]:
    """What makes the rules of a namespace these; raises UsageError as `parse_rule`."""
    read = [parse_rule(line) for line in typed]
    kept = [rule for rule, priority in read if priority is not None]
    parts = [
        remove_rule(name, rule.priority, rule.family)
        for rule in before.rules
        if rule not in kept
    ]
    new = [(r, p) for r, p in read if p is None or r not in before.rules]
    return parts + [add_rule(name, rule, priority=priority) for rule, priority in new]


def neighbour_changes(
    name: str, before: Namespace, typed: Sequence[str]
) -> list[Change]:
    """What makes its neighbours these; raises UsageError as `parse_neighbour`."""
    wanted = [parse_neighbour(line) for line in typed]
    parts = [
        remove_neighbour(Endpoint(name, n.dev), n.to, proxy=n.proxy)
        for n in before.neighbours
        if n not in wanted
    ]
    new = (n for n in wanted if n not in before.neighbours)
    return parts + [add_neighbour(name, neighbour) for neighbour in new]


def setting_changes(
    name: str, before: Namespace, typed: Sequence[str], apart: Iterable[str]
) -> list[Change]:
    """What makes its settings these, those apart left; raises as `parse_setting`."""
    links = [ifname for ifname, _ in before.all_links()]
    wanted = dict(parse_setting(line, links) for line in typed)
    had = {k: v for k, v in before.sysctls.items() if k not in set(apart)}
    parts = [set_sysctl(name, key, None) for key in had if key not in wanted]
    new = ((k, v) for k, v in wanted.items() if had.get(k) != v)
    return parts + [set_sysctl(name, key, value) for key, value in new]


def _pairs(words: Sequence[str], known: Sequence[str], syntax: str) -> dict[str, str]:
    found: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word not in known or word in found:
            raise UsageError(f'"{word}" is not understood here', f"write: {syntax}")
        if not rest:
            raise UsageError(f'"{word}" needs a value', f"write: {syntax}")
        found[word] = rest.pop(0)
    return found


def _number(typed: str | None, what: str) -> int | None:
    if typed is None:
        return None
    if not (typed.isdecimal() and typed.isascii()):
        raise UsageError(f'{what} "{typed}" is no number')
    return int(typed)
