"""From one state to another: ordered operations, a reason for each.

The planner drives a model of the kernel as it goes, so each step is planned on what the
steps before it leave behind, side effects included: what a link going down takes along
is put back by the same plan. If a round does not reach the goal another follows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from tuilab.errors import KernelError, TuilabError
from tuilab.model.addressing import interface, version
from tuilab.model.edits import Rename
from tuilab.model.sharing import unshared
from tuilab.model.sysctls import follow, link_of, usual
from tuilab.model.topology import HOST, LO, Endpoint
from tuilab.plan.forwarding import (
    RouteState,
    hinders,
    neighbour_order,
    route_order,
    rule_order,
)
from tuilab.plan.merge import merge, refuse_unheld
from tuilab.plan.operations import (
    AddAddress,
    AddBridge,
    AddRoute,
    AddRule,
    AddTap,
    AddVeth,
    CreateNamespace,
    DeleteAddress,
    DeleteLink,
    DeleteNamespace,
    DeleteNeighbour,
    DeleteRoute,
    DeleteRule,
    MoveLink,
    Operation,
    RenameLink,
    RenameNamespace,
    ReplaceRoute,
    SetLink,
    SetNeighbour,
    SetSysctl,
)
from tuilab.plan.simulate import Machine
from tuilab.plan.simulate_base import OpenNamespace
from tuilab.plan.state import LinkState, NamespaceState, State, kernel_order
from tuilab.plan.switching import Wanted, set_bridging

MAX_ROUNDS = 4
PUT_BACK = "put back what an earlier step takes along"
IN_THE_WAY = (
    "it was made outside tuilab and is in the way of this edit: "
    "tuilab drift lists it, --repair removes it"
)
OUT_OF_THE_WAY = "out of the way while the kernel looks for gateways"


@dataclass(frozen=True, slots=True)
class Plan:
    """Ordered operations, and what they lead to.

    Attributes:
        operations: In the order they are to be carried out.
        goal: The state afterwards.
    """

    operations: tuple[Operation, ...]
    goal: State

    @property
    def commands(self) -> tuple[str, ...]:
        """The lines a person would type, in order."""
        return tuple(line for op in self.operations for line in op.commands())

    @property
    def touched(self) -> tuple[str, ...]:
        """Namespaces that may look different afterwards."""
        return tuple(
            dict.fromkeys(name for op in self.operations for name in op.touches)
        )


def plan(
    base: State, target: State, observed: State, renames: Iterable[Rename] = ()
) -> Plan:
    """What to do so that observed follows from base to target, and no further.

    Args:
        base: What the lab was to be.
        target: What it is to be.
        observed: What the kernel holds.
        renames: What base and target call differently though it is the same.

    Raises:
        KernelError: Something that was made outside has the name already.
    """
    planner = _Planner(observed)
    was = Machine(base)
    for rename in renames:
        try:
            planner.rename(rename)
        except KernelError as error:
            raise KernelError(error.summary, IN_THE_WAY, error.errno) from error
        _relabel(was, rename)
    before = was.state()
    goal = merge(before, target, _relabelled(observed, renames))
    refuse_unheld(before, target, goal)
    return planner.reach(goal)


def route_to(observed: State, goal: State, renames: Iterable[Rename] = ()) -> Plan:
    """What to do to get from what is there to exactly that goal.

    Args:
        observed: What the kernel holds.
        goal: Where to go.
        renames: What may still have its old name; what has not is left alone.
    """
    planner = _Planner(observed)
    for rename in renames:
        if _has(planner.machine, rename.old) and not _has(planner.machine, rename.new):
            planner.rename(rename)
    return planner.reach(goal)


def _has(machine: Machine, named: str | Endpoint) -> bool:
    if isinstance(named, Endpoint):
        return machine.link(named) is not None
    return machine.namespace(named) is not None


def _relabelled(state: State, renames: Iterable[Rename]) -> State:
    machine = Machine(state)
    for rename in renames:
        _relabel(machine, rename)
    return machine.state()


def _relabel(machine: Machine, rename: Rename) -> None:
    if isinstance(rename.old, Endpoint) and isinstance(rename.new, Endpoint):
        if machine.link(rename.old) is None:
            return
        if rename.old.namespace == rename.new.namespace:
            machine.relabel_link(rename.old, rename.new.ifname)
        elif machine.namespace(rename.new.namespace) is not None:
            machine.relocate_link(rename.old, rename.new)
    elif machine.namespace(str(rename.old)) is not None:
        machine.rename_namespace(str(rename.old), str(rename.new))


class _Planner:
    def __init__(self, observed: State) -> None:
        self.machine = Machine(observed)
        self.operations: list[Operation] = []
        self.reason = ""
        self.refusal: KernelError | None = None

    def attempt(self, operation: Operation) -> None:
        """Emit what a later round may still manage when something is in its way."""
        try:
            self.emit(operation)
        except KernelError as refusal:
            self.refusal = refusal

    def emit(self, operation: Operation) -> None:
        if self.reason and not operation.reason:
            operation = replace(operation, reason=self.reason)
        operation.simulate(self.machine)
        self.operations.append(operation)

    def rename(self, rename: Rename) -> None:
        old, new = rename.old, rename.new
        if isinstance(old, Endpoint) and isinstance(new, Endpoint):
            link = self.machine.link(old)
            if link is None or self.machine.namespace(new.namespace) is None:
                return
            if old.namespace != new.namespace:
                self.emit(MoveLink(old, new, link.peer))
                return
            if link.up:
                reason = "a link is renamed while it is down"
                self.emit(SetLink(old, up=False, reason=reason))
            self.emit(RenameLink(old, new.ifname, link.peer))
        elif (there := self.machine.namespace(str(old))) is not None:
            far = (link.peer for link in there.links.values())
            around = tuple(sorted({e.namespace for e in far if e} - {str(old)}))
            self.emit(RenameNamespace(str(old), str(new), around))

    def reach(self, goal: State) -> Plan:
        for turn in range(MAX_ROUNDS):
            names = self._different(goal)
            if not names:
                return Plan(tuple(self.operations), goal)
            self.reason = PUT_BACK if turn else ""
            self.refusal = None
            self._round(goal, names)
        left = ", ".join(self._different(goal))
        if not left:
            return Plan(tuple(self.operations), goal)
        if self.refusal is not None:
            raise KernelError(
                self.refusal.summary,
                "the lab was changed outside tuilab, which is in the way of this edit",
                self.refusal.errno,
            )
        raise TuilabError(
            f'no way was found to bring "{left}" to what it should be',
            "this is a mistake in tuilab; please report the lab and the edit",
        )

    def _different(self, goal: State) -> list[str]:
        now, then = self.machine.state().namespaces, goal.namespaces
        return [name for name in unshared(now, then) if now.get(name) != then.get(name)]

    def _round(self, goal: State, names: Sequence[str]) -> None:
        ends = {
            name: goal.namespaces[name] for name in names if name in goal.namespaces
        }
        self._remove_links(goal, names)
        for name in names:
            if name not in ends and self.machine.peek(name) and name != HOST:
                self.emit(DeleteNamespace(name))
        for name in ends:
            if self.machine.peek(name) is None:
                self.emit(CreateNamespace(name))
        for name, namespace in ends.items():
            # Before the links are made, which take after ``default``.
            self._set_sysctls(name, namespace, of_links=False)
        self._add_links(goal, ends)
        for name, namespace in ends.items():
            self._set_links(name, namespace)
        for name, namespace in ends.items():
            if any(link.kind == "bridge" for link in namespace.links.values()):
                # Once more: its mtu may have followed a port.
                self._set_links(name, namespace)
        for name, namespace in ends.items():
            set_bridging(self, self._apart(name, namespace))
        for name, namespace in ends.items():
            self._set_sysctls(name, namespace, of_links=True)
            self._set_addresses(name, namespace)
        for name, namespace in ends.items():
            self._set_policies(name, namespace)

    # -- phases ------------------------------------------------------------------

    def _remove_links(self, goal: State, names: Sequence[str]) -> None:
        for name in names:
            there = self.machine.peek(name)
            for ifname, link in list(there.links.items() if there else ()):
                endpoint = Endpoint(name, ifname)
                if ifname == LO or self.machine.link(endpoint) is None:
                    continue
                wanted = goal.link(endpoint)
                if wanted is None or _other(link, wanted):
                    if wanted is None and self._goes_with_namespace(goal, name, link):
                        continue
                    self.emit(DeleteLink(endpoint, link.peer))

    @staticmethod
    def _goes_with_namespace(goal: State, name: str, link: LinkState) -> bool:
        """Whether deleting the namespace takes the link along, leaving no trace."""
        if name in goal.namespaces:
            return False
        return link.peer is None or link.peer.namespace == name

    def _add_links(self, goal: State, ends: dict[str, NamespaceState]) -> None:
        for name, namespace in ends.items():
            for ifname, link in namespace.links.items():
                there = self.machine.peek(name)
                if there is None or ifname not in there.links:
                    self._add_link(goal, Endpoint(name, ifname), link)

    def _add_link(self, goal: State, endpoint: Endpoint, link: LinkState) -> None:
        if link.kind == "bridge":
            self.emit(AddBridge(endpoint, link.mac, link.mtu, link.bridge))
        elif link.kind == "tap":
            self.emit(AddTap(endpoint, link.mac, link.mtu, link.user, link.group))
        elif link.kind == "veth" and link.peer is not None:
            peer = goal.link(link.peer)
            if peer is not None:
                if self.machine.peek(link.peer.namespace) is None:
                    self.emit(CreateNamespace(link.peer.namespace))
                ends = [(endpoint, link), (link.peer, peer)]
                # The root namespace has no name to send an end to, so it comes first.
                ends.sort(key=lambda end: end[0].namespace != HOST)
                (a, near), (b, far) = ends
                self.emit(AddVeth(a, b, near.mac, far.mac, near.mtu, far.mtu))
        else:
            raise KernelError(
                f'"{endpoint}" of kind {link.kind} was made outside tuilab and goes',
                "tuilab can't make it again: remove it by hand first",
            )

    def _set_links(self, name: str, namespace: NamespaceState) -> None:
        # Bridges first, so that a port finds its master ready.
        for endpoint, wanted in sorted(
            self._apart(name, namespace), key=lambda pair: pair[1].kind != "bridge"
        ):
            there = self.machine.link(endpoint)
            if there is None:
                continue
            if there.mac != wanted.mac and there.up:
                why = "with a new MAC the link-local address is made anew when it is up"
                self.emit(SetLink(endpoint, up=False, reason=why))
                there = replace(there, up=False)
            unset = there.port.cost is not None and wanted.port.cost is None
            if unset and there.master is not None and there.master == wanted.master:
                why = "the kernel chooses a cost when the port joins"
                self.emit(SetLink(endpoint, master="", reason=why))
                there = self.machine.link(endpoint) or there
            mtu, why = wanted.mtu if there.mtu != wanted.mtu else None, ""
            if mtu is None and endpoint in self.machine.doubtful:
                mtu, why = wanted.mtu, "it may not follow the ports by itself"
            mac = wanted.mac if there.mac != wanted.mac else None
            master = (wanted.master or "") if there.master != wanted.master else None
            up = wanted.up if there.up != wanted.up else None
            if (mac, mtu, master, up) != (None, None, None, None):
                self.emit(SetLink(endpoint, mac, mtu, master, up, reason=why))

    def _apart(self, name: str, goal: NamespaceState) -> list[Wanted]:
        """The links of a namespace that are there, but not as they should be."""
        now = self.machine.peek(name)
        links = now.links if now else {}
        doubtful = {it.ifname for it in self.machine.doubtful if it.namespace == name}
        return [
            (Endpoint(name, ifname), wanted)
            for ifname, wanted in goal.links.items()
            if (there := links.get(ifname)) is not None
            and ((there is not wanted and there != wanted) or ifname in doubtful)
        ]

    def _set_addresses(self, name: str, namespace: NamespaceState) -> None:
        for endpoint, wanted in self._apart(name, namespace):
            for family in (4, 6):
                there = self.machine.link(endpoint)
                if there is None:
                    continue
                now = [a for a in there.addresses if version(a) == family]
                goal = [a for a in wanted.addresses if version(a) == family]
                if now != goal:
                    self._replace_addresses(endpoint, now, goal)

    def _replace_addresses(
        self, endpoint: Endpoint, now: list[str], goal: list[str]
    ) -> None:
        kept = [a for a in now if a in goal]
        added = [a for a in goal if a not in kept]
        if list(kernel_order((*kept, *added))) != goal or _beheads(now, kept):
            same = 0
            while same < min(len(now), len(goal)) and now[same] == goal[same]:
                same += 1
            kept = now[:same]
        for cidr in reversed(now):
            if cidr not in kept:
                self.attempt(DeleteAddress(endpoint, cidr))
        there = self.machine.link(endpoint)
        held = there.addresses if there else ()
        for cidr in goal:
            if cidr not in held:
                self.attempt(AddAddress(endpoint, cidr))

    def _set_sysctls(self, name: str, goal: NamespaceState, of_links: bool) -> None:
        there = self.machine.peek(name)
        keys = {**there.sysctls, **goal.sysctls} if there else {}
        if goal.partial:
            keys = dict(goal.sysctls)
        # Those first that others follow.
        for key in sorted(keys, key=lambda k: (follow(k) is None, k)):
            there = self.machine.peek(name)
            if there is None or (link_of(key) is not None) != of_links:
                continue
            if goal.sysctls.get(key) != there.sysctls.get(key):
                value = goal.sysctls.get(key) or usual(key, goal.sysctls)
                self.attempt(SetSysctl(name, key, value))

    def _set_policies(self, name: str, namespace: NamespaceState) -> None:
        """Routes, with the rules around them out of their way, and neighbours."""
        now = self.machine.peek(name)
        if now and _policies(now) == _policies(namespace):
            return
        there = self.machine.namespace(name) or NamespaceState()
        fresh = namespace.routes - there.routes
        for rule in sorted(there.rules, key=rule_order):
            if rule not in namespace.rules:
                self.attempt(DeleteRule(name, rule))
            elif any(hinders(rule, route) for route in fresh):
                self.attempt(DeleteRule(name, rule, reason=OUT_OF_THE_WAY))
        self._set_routes(name, there.routes, namespace.routes)
        now = self.machine.namespace(name) or NamespaceState()
        for rule in sorted(namespace.rules - now.rules, key=rule_order):
            self.attempt(AddRule(name, rule))
        kept = {neighbour.key for neighbour in namespace.neighbours}
        for neighbour in sorted(now.neighbours, key=neighbour_order):
            if neighbour.key not in kept:
                self.attempt(DeleteNeighbour(name, neighbour))
        for neighbour in sorted(
            namespace.neighbours - now.neighbours, key=neighbour_order
        ):
            self.attempt(SetNeighbour(name, neighbour))

    def _set_routes(
        self, name: str, now: frozenset[RouteState], goal: frozenset[RouteState]
    ) -> None:
        # Some may share a place, as `ip route append` puts them.
        places = Counter(route.key for route in now)
        wanted = Counter(route.key for route in goal)
        single = {key for key in places if places[key] == 1}
        swapped = {key for key in single if wanted[key] == 1}
        for route in sorted(now - goal, key=route_order):
            if route.key not in swapped:
                self.attempt(DeleteRoute(name, route, alone=route.key in single))
        # On-link routes first: a gateway may be reached through one.
        for route in sorted(
            goal - now,
            key=lambda r: (any(way.via for way in r.ways), route_order(r)),
        ):
            swap = ReplaceRoute if route.key in swapped else AddRoute
            self.attempt(swap(name, route))


def _policies(
    namespace: NamespaceState | OpenNamespace,
) -> tuple[AbstractSet[object], ...]:
    return namespace.routes, namespace.rules, namespace.neighbours


def _other(there: LinkState, wanted: LinkState) -> bool:
    """Whether the kernel can only make one into the other by making it anew."""
    return (there.kind, there.peer, there.user, there.group) != (
        wanted.kind,
        wanted.peer,
        wanted.user,
        wanted.group,
    )


def _beheads(now: list[str], kept: list[str]) -> bool:
    """Whether the first IPv4 address of a subnet goes while a further one stays.

    The kernel then drops or promotes the further ones, as a sysctl says.
    """
    heads: dict[object, str] = {}
    for cidr in now:
        if version(cidr) == 4:
            heads.setdefault(interface(cidr).network, cidr)
    return any(
        version(cidr) == 4 and heads[interface(cidr).network] not in kept
        for cidr in kept
    )
