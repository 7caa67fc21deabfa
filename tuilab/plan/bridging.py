"""Bridges and ports as the kernel holds them: part of `plan.state`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from tuilab.model import vlans
from tuilab.model.bridging import KERNELS_TAP_COSTS
from tuilab.model.links import BRIDGE_OPTIONS, Bridge, Link, PortLink

PORT_PRIORITY = 32
LEAST_DELAY, MOST_DELAY = 200, 3000
"""Centiseconds a bridge that speaks spanning tree waits at least and at most."""
_KERNELS_COSTS = {"veth": (2,), "tap": KERNELS_TAP_COSTS}


@dataclass(frozen=True, slots=True)
class BridgeState:
    """What a bridge is set to; times in centiseconds, as in netlink (USER_HZ).

    Attributes:
        vlans: Those it is in itself; as usual where it does not look at them.
    """

    stp: bool = False
    priority: int = 32768
    ageing: int = 30000
    forward_delay: int = 1500
    hello_time: int = 200
    max_age: int = 2000
    vlan_filtering: bool = False
    mcast_snooping: bool = True
    vlans: tuple[str, ...] = vlans.USUAL


@dataclass(frozen=True, slots=True)
class PortState:
    """What a port of a bridge is set to; of a link that is none, the defaults.

    Attributes:
        cost: None for whatever the kernel chose by the link's speed.
        fdb: The static entries, sorted.
        vlans: Those it is in; as usual where its bridge does not look at them.
    """

    isolated: bool = False
    hairpin: bool = False
    cost: int | None = None
    priority: int = PORT_PRIORITY
    learning: bool = True
    flood: bool = True
    fdb: tuple[str, ...] = ()
    vlans: tuple[str, ...] = vlans.USUAL


_T = TypeVar("_T", BridgeState, PortState)

PLAIN_BRIDGE, PLAIN_PORT = BridgeState(), PortState()
"""As the kernel makes them."""

TIMES = ("ageing", "forward_delay", "hello_time", "max_age")
_LISTS = ("fdb", "vlans")
"""What is set member by member."""
PORT_SETTINGS = tuple(f.name for f in fields(PortState) if f.name not in _LISTS)


def bridge_of(link: Link) -> BridgeState:
    """What a bridge is to be set to; the defaults for all else."""
    if not isinstance(link, Bridge):
        return PLAIN_BRIDGE
    values: dict[str, Any] = {}
    for name in BRIDGE_OPTIONS:
        value = getattr(link, name)
        if value is not None:
            values[name] = round(value * 100) if name in TIMES else value
    return BridgeState(**values)


def port_of(link: Link) -> PortState:
    """What a port is to be set to; the defaults for what is none."""
    if not isinstance(link, PortLink) or link.master is None:
        return PLAIN_PORT
    values = {name: getattr(link, name) for name in PORT_SETTINGS}
    if values["priority"] is None:
        values["priority"] = PORT_PRIORITY
    values["cost"] = chosen_cost(link.kind, link.cost)
    if link.vlans is not None:
        values["vlans"] = link.vlans
    return PortState(**values, fdb=tuple(sorted(link.fdb)))


def chosen_cost(kind: str, cost: int | None) -> int | None:
    """A port's cost, or None where it is the kernel's own choice for such a link.

    Of links that tuilab does not make, nobody knows what the kernel would choose.
    """
    usual = _KERNELS_COSTS.get(kind)
    return None if usual is None or cost in usual else cost


def written(link: Link, bridge: BridgeState, port: PortState) -> Link:
    """The link with such options, put in words: the way back of the two above."""
    if isinstance(link, Bridge) and bridge_of(link) != bridge:
        default = PLAIN_BRIDGE
        values: dict[str, Any] = {
            name: _seconds(value) if name in TIMES else value
            for name in BRIDGE_OPTIONS
            if (value := getattr(bridge, name)) != getattr(bridge_of(link), name)
        }
        for name in ("priority", *TIMES):
            if name in values and getattr(bridge, name) == getattr(default, name):
                values[name] = None
        return replace(link, **_unusual_vlans(values))
    if isinstance(link, PortLink) and port_of(link) != port:
        was = port_of(link)
        found = {
            name: getattr(port, name)
            for name in (*PORT_SETTINGS, *_LISTS)
            if getattr(port, name) != getattr(was, name)
        }
        if found.get("priority") == PORT_PRIORITY:
            found["priority"] = None
        return replace(link, **_unusual_vlans(found))
    return link


def _unusual_vlans(values: dict[str, Any]) -> dict[str, Any]:
    return {
        k: None if (k, v) == ("vlans", vlans.USUAL) else v for k, v in values.items()
    }


def _seconds(centiseconds: int) -> float:
    whole, rest = divmod(centiseconds, 100)
    return whole if not rest else centiseconds / 100


def merged_options(was: _T, wanted: _T, there: _T) -> _T:
    """Three-way, option by option; see `plan.merge`."""
    values: dict[str, Any] = {}
    for field in fields(there):
        before, after = getattr(was, field.name), getattr(wanted, field.name)
        now = getattr(there, field.name)
        if field.name == "fdb":
            gone, new = set(before) - set(after), set(after) - set(before)
            values["fdb"] = tuple(sorted((set(now) - gone) | new))
        elif field.name == "vlans":
            values["vlans"] = vlans.merged(before, after, now)
        else:
            values[field.name] = now if before == after else after
    return type(there)(**values)


def holdable_bridge(bridge: BridgeState) -> BridgeState:
    """What the kernel makes of it: spanning tree has bounds of its own.

    VLANs are told of where they matter only.
    """
    if not bridge.vlan_filtering and bridge.vlans != vlans.USUAL:
        bridge = replace(bridge, vlans=vlans.USUAL)
    if not bridge.stp:
        return bridge
    delay = min(max(bridge.forward_delay, LEAST_DELAY), MOST_DELAY)
    return replace(bridge, forward_delay=delay)


def changed_options(
    there: BridgeState | PortState, wanted: BridgeState | PortState
) -> dict[str, Any]:
    """Options that are to change, by name; entries of the fdb and VLANs aside."""
    return {
        f.name: getattr(wanted, f.name)
        for f in fields(there)
        if f.name not in _LISTS and getattr(there, f.name) != getattr(wanted, f.name)
    }


def differing_options(
    old: BridgeState | PortState, new: BridgeState | PortState
) -> Iterator[str]:
    """What is otherwise in ``new``, in words."""
    for name, value in changed_options(old, new).items():
        yield f"has {show_option(name, value)}"
    if old.vlans != new.vlans:
        now, before = vlans.shown(new.vlans), vlans.shown(old.vlans)
        yield f"is in {vlans.noun(new.vlans)} {now}, not {before}"
    if isinstance(old, PortState) and isinstance(new, PortState):
        for mac in old.fdb:
            if mac not in new.fdb:
                yield f"has lost the static fdb entry {mac}"
        for mac in new.fdb:
            if mac not in old.fdb:
                yield f"has a static fdb entry {mac}"


def show_option(name: str, value: object) -> str:
    """An option as a person would say it."""
    if isinstance(value, bool):
        return f"{name} {'on' if value else 'off'}"
    if isinstance(value, tuple):
        return f"{name} {', '.join(value) or 'none'}"
    if name in TIMES and isinstance(value, int):
        return f"{name} {_seconds(value)} s"
    return f"{name} {'default' if value is None else value}"


def options_to_data(options: BridgeState | PortState) -> dict[str, Any]:
    """Those that are not as by default, as plain data."""
    if options in (PLAIN_BRIDGE, PLAIN_PORT):
        return {}
    default = type(options)()
    return {
        f.name: list(value) if isinstance(value, tuple) else value
        for f in fields(options)
        if (value := getattr(options, f.name)) != getattr(default, f.name)
    }


def bridge_from_data(data: Mapping[str, Any]) -> BridgeState:
    """Read what `options_to_data` made of a bridge."""
    return BridgeState(**{**data, "vlans": _vlans(data)})


def port_from_data(data: Mapping[str, Any]) -> PortState:
    """Read what `options_to_data` made of a port."""
    fdb = tuple(data.get("fdb", ()))
    return PortState(**{**data, "fdb": fdb, "vlans": _vlans(data)})


def _vlans(data: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(data.get("vlans", vlans.USUAL))


def looked_at(port: PortState, master: BridgeState | None) -> PortState:
    """A port as a bridge has it that may not look at VLANs."""
    if port.vlans == vlans.USUAL or (master is not None and master.vlan_filtering):
        return port
    return replace(port, vlans=vlans.USUAL)
