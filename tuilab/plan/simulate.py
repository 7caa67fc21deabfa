"""The kernel as a model: what each operation does, its side effects included.

`Machine` is what preview mode runs on, what the planner uses to foresee side effects,
and what the tests compare with the real kernel. Its rules are those of Linux 6.x.
"""

from __future__ import annotations

import errno
from dataclasses import replace

from tuilab.errors import KernelError
from tuilab.model.addressing import interface, version
from tuilab.model.links import KINDS, Link
from tuilab.model.sharing import altered
from tuilab.model.sysctls import (
    follow,
    ipv6_off,
    is_ipv6,
    link_of,
    of_new_link,
    settings_renamed,
    unusual,
    usual,
)
from tuilab.model.topology import LO, Endpoint
from tuilab.plan.bridging import PLAIN_PORT
from tuilab.plan.forwarding import (
    RouteState,
)
from tuilab.plan.simulate_base import OpenNamespace, refusal
from tuilab.plan.simulate_bridge import BridgePart
from tuilab.plan.simulate_routes import RoutePart
from tuilab.plan.state import (
    IPV6_MIN_MTU,
    LOOPBACK_MAC,
    LOOPBACK_MTU,
    LinkState,
    NamespaceState,
    State,
    kernel_order,
)


def fresh_namespace() -> NamespaceState:
    """A namespace just after it was made: ``lo``, down, and the default settings."""
    lo = LinkState("loopback", up=False, mtu=LOOPBACK_MTU, mac=LOOPBACK_MAC)
    return NamespaceState({LO: lo})


class Machine(BridgePart, RoutePart):
    """A mutable model of a lab's kernel state; untouched namespaces are shared."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self._before = state.namespaces
        self._changed: dict[str, OpenNamespace | None] = {}

    def namespace(self, name: str) -> NamespaceState | None:
        """One namespace as it is now, or None."""
        if name not in self._changed:
            return self._before.get(name)
        namespace = self._changed[name]
        return namespace.state() if namespace else None

    def peek(self, name: str) -> NamespaceState | OpenNamespace | None:
        """The same without a copy: to be read at once, before anything is done."""
        if name in self._changed:
            return self._changed[name]
        return self._before.get(name)

    def link(self, endpoint: Endpoint) -> LinkState | None:
        """One link as it is now, or None."""
        there = self.peek(endpoint.namespace)
        return there.links.get(endpoint.ifname) if there else None

    def settle(self) -> None:
        """What has been done is what is there: it need not be copied for each look."""
        self._before, self._changed = self.state().namespaces, {}

    def state(self) -> State:
        """What is there now."""
        if not self._changed:
            return State(self._before)
        out = dict(self._before)
        for name, namespace in self._changed.items():
            if namespace is not None:
                out[name] = namespace.state()
            else:
                out.pop(name, None)
        return State(out)

    # -- namespaces --------------------------------------------------------------

    def create_namespace(self, name: str) -> None:
        """As ``ip netns add``."""
        if self._has(name):
            raise refusal(errno.EEXIST, name, "exists already")
        self._changed[name] = OpenNamespace(fresh_namespace())

    def delete_namespace(self, name: str) -> None:
        """As ``ip netns del``; veths go with their far ends."""
        namespace = self._namespace(name)
        for ifname in list(namespace.links):
            if ifname in namespace.links and ifname != LO:
                self.delete_link(Endpoint(name, ifname))
        self._changed[name] = None

    def rename_namespace(self, old: str, new: str) -> None:
        """The same namespace under another name."""
        namespace = self._namespace(old)
        if self._has(new):
            raise refusal(errno.EEXIST, new, "exists already")
        self._changed[old] = None
        self._changed[new] = namespace
        self._with_entries.clear()
        for ifname, link in namespace.links.items():
            if link.peer is None:
                continue
            if link.peer.namespace == old:
                peer = Endpoint(new, link.peer.ifname)
                namespace.links[ifname] = replace(link, peer=peer)
            else:
                self._set(link.peer, peer=Endpoint(new, ifname))

    def set_sysctl(self, name: str, key: str, value: str) -> None:
        """As ``sysctl -w`` inside the namespace; without IPv6 goes all of it."""
        namespace = self._namespace(name)
        ifname = link_of(key)
        if ifname is not None:
            link = self._link(Endpoint(name, ifname))
            if is_ipv6(key) and link.mtu < IPV6_MIN_MTU:
                raise refusal(errno.ENOENT, key, "is not there: the link has no IPv6")
        following = follow(key)
        sysctls = {
            k: v
            for k, v in namespace.sysctls.items()
            if following is None or not following.match(k)
        }
        now = {**sysctls, key: value}
        if namespace.partial:
            follows = {k: usual(k, now) for k in namespace.sysctls if k not in now}
            namespace.sysctls = {**now, **follows}
        else:
            namespace.sysctls = unusual(now)
        if key.endswith(".disable_ipv6"):
            self._turn_ipv6(name)

    # -- links -------------------------------------------------------------------

    def add_link(self, endpoint: Endpoint, link: LinkState) -> None:
        """A bridge or tap as the kernel makes it: down, no addresses, no master."""
        self._free(endpoint)
        namespace = self._namespace(endpoint.namespace)
        self._take_after_default(endpoint, link.mtu)
        namespace.links[endpoint.ifname] = replace(
            link,
            up=False,
            master=None,
            addresses=(),
            port=PLAIN_PORT,
            ipv6=not ipv6_off(namespace.sysctls, endpoint.ifname),
        )
        if link.kind == "bridge":
            self._bridge_made(endpoint)

    def add_veth(
        self, a: Endpoint, a_link: LinkState, b: Endpoint, b_link: LinkState
    ) -> None:
        """A veth pair, both ends down."""
        self.add_link(a, altered(a_link, peer=b))
        try:
            self.add_link(b, altered(b_link, peer=a))
        except KernelError:
            del self._namespace(a.namespace).links[a.ifname]
            raise

    def delete_link(self, endpoint: Endpoint) -> None:
        """A link, the other end of its cable, and what leads through them."""
        link = self._link(endpoint)
        for end in [endpoint] if link.peer is None else [endpoint, link.peer]:
            self._take_out(end)

    def _take_out(self, end: Endpoint) -> None:
        """A link is in its namespace no longer, nor is what leads through it."""
        namespace = self._namespace(end.namespace)
        gone = namespace.links.pop(end.ifname, None)
        namespace.sysctls = settings_renamed(namespace.sysctls, end.ifname, None)
        namespace.neighbours = {n for n in namespace.neighbours if n.dev != end.ifname}
        # Of IPv4 no hop is left over when one of the links is gone for good.
        namespace.routes = {
            route
            for route in namespace.routes
            if version(route.to) == 6
            or all(way.dev != end.ifname for way in route.ways)
        }
        self._drop_ways(end)
        # An end of a cable has no ports; a switch may have lost a thousand of them.
        links = namespace.links if gone is None or gone.peer is None else {}
        for name, other in list(links.items()):
            if other.master == end.ifname:
                self._unplug(Endpoint(end.namespace, name))
        if gone and gone.master:
            self._adjust_mtu(Endpoint(end.namespace, gone.master))

    def move_link(self, old: Endpoint, new: Endpoint) -> None:
        """To another namespace: down, and without what it had in the former one."""
        link = self._link(old)
        if link.kind in ("bridge", "loopback"):
            raise refusal(errno.EINVAL, str(old), "stays in its namespace")
        self._free(new)
        self.relocate_link(old, new)
        self._take_after_default(new, link.mtu)
        ipv6 = not ipv6_off(self._namespace(new.namespace).sysctls, new.ifname)
        self._set(new, up=False, addresses=(), ipv6=ipv6)

    def relocate_link(self, old: Endpoint, new: Endpoint) -> None:
        """The same link at another endpoint, as if it had always been there."""
        link = self._link(old)
        self._take_out(old)
        moved = replace(link, master=None, port=PLAIN_PORT)
        self._namespace(new.namespace).links[new.ifname] = moved
        if link.peer is not None:
            self._set(link.peer, peer=new)

    def rename_link(self, endpoint: Endpoint, ifname: str) -> None:
        """Another name; before Linux 6.2 the link must be down for it."""
        self._free(Endpoint(endpoint.namespace, ifname))
        if self._link(endpoint).up:
            raise refusal(errno.EBUSY, endpoint, "is up and can't be renamed")
        self.relabel_link(endpoint, ifname)

    def relabel_link(self, endpoint: Endpoint, ifname: str) -> None:
        """Another name wherever the old one is mentioned, up or down."""
        link = self._link(endpoint)
        namespace = self._namespace(endpoint.namespace)
        namespace.links = {
            ifname if name == endpoint.ifname else name: (
                replace(other, master=ifname)
                if other.master == endpoint.ifname
                else other
            )
            for name, other in namespace.links.items()
        }
        namespace.routes = {
            _by_another_name(route, endpoint.ifname, ifname)
            for route in namespace.routes
        }
        namespace.neighbours = {
            replace(n, dev=ifname) if n.dev == endpoint.ifname else n
            for n in namespace.neighbours
        }
        old = endpoint.ifname
        namespace.sysctls = settings_renamed(namespace.sysctls, old, ifname)
        if link.peer is not None:
            self._set(link.peer, peer=Endpoint(endpoint.namespace, ifname))

    def set_up(self, endpoint: Endpoint, up: bool) -> None:
        """IFF_UP. Going down takes IPv6 addresses, routes and neighbours along."""
        self._set(endpoint, up=up)
        if not up:
            self._drop_v6(endpoint)
            self._drop_ways(endpoint)
            self._drop_neighbours(endpoint)

    def set_mtu(self, endpoint: Endpoint, mtu: int) -> None:
        """Bytes; below 1280 takes IPv6 away, and a bridge follows its ports."""
        kind = KINDS.get(self._link(endpoint).kind, Link)
        if not 0 < mtu <= kind.most_mtu:
            raise refusal(errno.EINVAL, endpoint, f"can't have mtu {mtu}")
        before = self._link(endpoint).mtu
        self._set(endpoint, mtu=mtu)
        self._mtu_was_set(endpoint, before, mtu)
        if mtu < IPV6_MIN_MTU:
            self._lose_v6(endpoint)
        elif before < IPV6_MIN_MTU:
            self._take_after_default(endpoint, mtu)
            self._turn_ipv6(endpoint.namespace)
        master = self._link(endpoint).master
        if master:
            self._adjust_mtu(Endpoint(endpoint.namespace, master))

    def set_mac(self, endpoint: Endpoint, mac: str) -> None:
        """The hardware address; the neighbours are forgotten (neigh_changeaddr)."""
        self._set(endpoint, mac=mac)
        self._claim(endpoint)
        namespace = self._namespace(endpoint.namespace)
        namespace.neighbours = {
            n for n in namespace.neighbours if n.dev != endpoint.ifname or n.proxy
        }

    def set_master(self, endpoint: Endpoint, master: str | None) -> None:
        """Join or leave a bridge, whose mtu follows."""
        former = self._link(endpoint).master
        if master is not None:
            bridge = self._link(Endpoint(endpoint.namespace, master))
            if bridge.kind != "bridge":
                raise refusal(errno.EOPNOTSUPP, master, "is no bridge")
            if self._link(endpoint).kind in ("bridge", "loopback"):
                raise refusal(errno.ELOOP, endpoint, "can't be a port of a bridge")
        self._unplug(endpoint)
        if master is not None:
            self._set(endpoint, master=master)
            self._claim(endpoint)
        for name in {former, master} - {None}:
            joined = self._link(endpoint) if name == master else None
            self._adjust_mtu(Endpoint(endpoint.namespace, str(name)), joined)

    # -- addresses ------------------------------------------------------

    def add_address(self, endpoint: Endpoint, cidr: str) -> None:
        """After those that are there."""
        link = self._link(endpoint)
        if cidr in link.addresses:
            raise refusal(errno.EEXIST, endpoint, f"has {cidr} already")
        if version(cidr) == 6 and link.mtu < IPV6_MIN_MTU:
            raise refusal(errno.EINVAL, endpoint, "is too small for IPv6")
        if version(cidr) == 6 and not link.ipv6:
            raise refusal(errno.EACCES, endpoint, "has IPv6 switched off")
        self._set(endpoint, addresses=kernel_order((*link.addresses, cidr)))

    def delete_address(self, endpoint: Endpoint, cidr: str) -> None:
        """A primary goes with its secondaries; the last IPv4 one with all routes."""
        link = self._link(endpoint)
        if cidr not in link.addresses:
            raise refusal(errno.EADDRNOTAVAIL, endpoint, f"has no {cidr}")
        rest = [a for a in link.addresses if a != cidr]
        if version(cidr) == 4:
            network = interface(cidr).network
            kin = [a for a in link.addresses if interface(a).network == network]
            if kin[0] == cidr:
                rest = [a for a in rest if a not in kin]
        self._set(endpoint, addresses=tuple(rest))
        for gone in set(link.addresses) - set(rest):
            self._forget_source(endpoint.namespace, gone.partition("/")[0])
        if version(cidr) == 4 and not any(version(a) == 4 for a in rest):
            self._drop_ways(endpoint, only=4)
            self._drop_neighbours(endpoint, only=4)

    # -- helpers -------------------------------------------------------------------

    def _has(self, name: str) -> bool:
        if name in self._changed:
            return self._changed[name] is not None
        return name in self._before

    def _namespace(self, name: str) -> OpenNamespace:
        if name not in self._changed and name in self._before:
            self._changed[name] = OpenNamespace(self._before[name])
        namespace = self._changed.get(name)
        if namespace is None:
            raise refusal(errno.ENOENT, name, "is no namespace of this lab")
        return namespace

    def _link(self, endpoint: Endpoint) -> LinkState:
        link = self._namespace(endpoint.namespace).links.get(endpoint.ifname)
        if link is None:
            raise refusal(errno.ENODEV, endpoint, "does not exist")
        return link

    def _free(self, endpoint: Endpoint) -> None:
        if endpoint.ifname in self._namespace(endpoint.namespace).links:
            raise refusal(errno.EEXIST, endpoint, "exists already")

    def _set(self, endpoint: Endpoint, **values: object) -> None:
        link = altered(self._link(endpoint), **values)
        self._namespace(endpoint.namespace).links[endpoint.ifname] = link

    def _links(self, name: str) -> dict[str, LinkState]:
        return self._namespace(name).links

    def _take_after_default(self, endpoint: Endpoint, mtu: int) -> None:
        namespace = self._namespace(endpoint.namespace)
        for key, value in of_new_link(namespace.sysctls, endpoint.ifname).items():
            if mtu >= IPV6_MIN_MTU or not is_ipv6(key):
                namespace.sysctls[key] = value

    def _turn_ipv6(self, name: str) -> None:
        """What the settings say of IPv6 holds: without it go its addresses and all."""
        namespace = self._namespace(name)
        for ifname, link in list(namespace.links.items()):
            ipv6 = not ipv6_off(namespace.sysctls, ifname)
            if link.ipv6 != ipv6:
                self._set(Endpoint(name, ifname), ipv6=ipv6)
            if link.ipv6 and not ipv6:
                self._lose_addresses(Endpoint(name, ifname))

    def _lose_addresses(self, endpoint: Endpoint) -> None:
        self._drop_v6(endpoint)
        self._drop_ways(endpoint, only=6)
        self._drop_neighbours(endpoint, only=6)

    def _lose_v6(self, endpoint: Endpoint) -> None:
        """Too small for IPv6: even its settings go."""
        self._lose_addresses(endpoint)
        namespace = self._namespace(endpoint.namespace)
        namespace.sysctls = {
            k: v
            for k, v in namespace.sysctls.items()
            if link_of(k) != endpoint.ifname or not is_ipv6(k)
        }
        self._turn_ipv6(endpoint.namespace)

    def _drop_v6(self, endpoint: Endpoint) -> None:
        link = self._link(endpoint)
        rest = tuple(a for a in link.addresses if version(a) == 4)
        if rest != link.addresses:
            self._set(endpoint, addresses=rest)


def _by_another_name(route: RouteState, old: str, new: str) -> RouteState:
    if all(way.dev != old for way in route.ways):
        return route
    ways = [replace(w, dev=new) if w.dev == old else w for w in route.ways]
    return route.with_ways(ways) or route


def namespaces_of(*endpoints: Endpoint | None) -> tuple[str, ...]:
    """The namespaces of some endpoints, each once."""
    return tuple(dict.fromkeys(e.namespace for e in endpoints if e is not None))
