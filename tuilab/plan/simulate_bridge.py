"""Bridges and their ports as the kernel handles them: part of `plan.simulate`."""

from __future__ import annotations

import errno
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace

from tuilab.model import vlans
from tuilab.model.topology import Endpoint
from tuilab.plan.bridging import PLAIN_PORT, holdable_bridge, looked_at
from tuilab.plan.simulate_base import refusal
from tuilab.plan.state import DEFAULT_MTU, IPV6_MIN_MTU, LinkState


class BridgePart:
    """What a `Machine` does with bridges, ports and static fdb entries.

    Attributes:
        doubtful: Bridges whose mtu may not have followed their ports: the kernel stops
            that once the mtu was set, which no dump tells (BROPT_MTU_SET_BY_USER).
    """

    def __init__(self) -> None:
        self.doubtful: set[Endpoint] = set()
        self._mtu_set: dict[Endpoint, bool] = {}
        self._with_entries: dict[str, set[str]] = {}
        """MACs that may have static entries, by namespace: enough to know who has none.
        """

    @abstractmethod
    def _link(self, endpoint: Endpoint) -> LinkState: ...

    @abstractmethod
    def _set(self, endpoint: Endpoint, **values: object) -> None: ...

    @abstractmethod
    def _links(self, name: str) -> dict[str, LinkState]: ...

    @abstractmethod
    def _lose_v6(self, endpoint: Endpoint) -> None: ...

    # -- options and entries -------------------------------------------------------

    def set_bridge(self, endpoint: Endpoint, options: Mapping[str, object]) -> None:
        """As ``ip link set dev BRIDGE type bridge``."""
        link = self._link(endpoint)
        if link.kind != "bridge":
            raise refusal(errno.EOPNOTSUPP, endpoint, "is no bridge")
        bridge = replace(link.bridge, **options)  # type: ignore[arg-type]
        self._set(endpoint, bridge=holdable_bridge(bridge))
        if link.bridge.vlan_filtering and not bridge.vlan_filtering:
            for name, other in list(self._links(endpoint.namespace).items()):
                if other.master == endpoint.ifname:
                    port = looked_at(other.port, bridge)
                    self._set(Endpoint(endpoint.namespace, name), port=port)

    def set_port(self, endpoint: Endpoint, options: Mapping[str, object]) -> None:
        """As ``ip link set dev PORT type bridge_slave``."""
        link = self._port(endpoint)
        self._set(endpoint, port=replace(link.port, **options))  # type: ignore[arg-type]

    def add_entry(self, endpoint: Endpoint, mac: str) -> None:
        """As ``bridge fdb replace MAC dev PORT master static``."""
        link = self._port(endpoint)
        bridge = Endpoint(endpoint.namespace, str(link.master))
        for name, other in self._links(endpoint.namespace).items():
            if other.master == link.master and mac in (other.mac, *other.port.fdb):
                raise refusal(
                    errno.EEXIST, str(endpoint), f"has no {mac}: {name} has it"
                )
        if self._link(bridge).mac == mac:
            raise refusal(errno.EEXIST, bridge, f"has the MAC {mac} itself")
        self._entries(endpoint.namespace).add(mac)
        fdb = tuple(sorted((*link.port.fdb, mac)))
        self._set(endpoint, port=replace(link.port, fdb=fdb))

    def delete_entry(self, endpoint: Endpoint, mac: str) -> None:
        """As ``bridge fdb del MAC dev PORT master``."""
        link = self._port(endpoint)
        if mac not in link.port.fdb:
            raise refusal(errno.ENOENT, endpoint, f"has no entry for {mac}")
        fdb = tuple(m for m in link.port.fdb if m != mac)
        self._set(endpoint, port=replace(link.port, fdb=fdb))

    def add_vlans(self, endpoint: Endpoint, entry: str) -> None:
        """As ``bridge vlan add dev LINK vid ENTRY``, ``self`` for a bridge."""
        low, high, flags = vlans.entry(entry)

        def add(found: Mapping[int, vlans.Flags]) -> Mapping[int, vlans.Flags]:
            for vlan in range(low, high + 1):
                found = vlans.with_vlan(found, vlan, flags)
            return found

        self._change_vlans(endpoint, add)

    def delete_vlans(self, endpoint: Endpoint, entry: str) -> None:
        """As ``bridge vlan del dev LINK vid ENTRY``, ``self`` for a bridge."""
        low, high, _ = vlans.entry(entry)
        self._change_vlans(
            endpoint,
            lambda found: {k: v for k, v in found.items() if not low <= k <= high},
        )

    def _change_vlans(
        self,
        endpoint: Endpoint,
        change: Callable[[Mapping[int, vlans.Flags]], Mapping[int, vlans.Flags]],
    ) -> None:
        link = self._link(endpoint)
        itself = link.kind == "bridge"
        options = link.bridge if itself else self._port(endpoint).port
        master = endpoint.ifname if itself else link.master
        bridge = self._link(Endpoint(endpoint.namespace, str(master))).bridge
        if not bridge.vlan_filtering:
            # The kernel takes it, and shows it to who asks: it is not our way.
            raise refusal(errno.EINVAL, endpoint, "is in no VLANs that matter")
        found = vlans.words(change(vlans.table(options.vlans)))
        changed = replace(options, vlans=found)
        self._set(endpoint, **{"bridge" if itself else "port": changed})

    def _port(self, endpoint: Endpoint) -> LinkState:
        link = self._link(endpoint)
        if link.master is None:
            raise refusal(errno.EOPNOTSUPP, endpoint, "is no port of a bridge")
        return link

    # -- side effects ----------------------------------------------------------------

    def _unplug(self, endpoint: Endpoint) -> None:
        """Out of its bridge: what it was as a port is forgotten."""
        self._set(endpoint, master=None, port=PLAIN_PORT)

    def _claim(self, endpoint: Endpoint) -> None:
        """The MAC of a bridge or port is its own: a static entry for it goes."""
        link = self._link(endpoint)
        if link.mac not in self._entries(endpoint.namespace):
            return
        bridge = endpoint.ifname if link.kind == "bridge" else link.master
        for name, other in list(self._links(endpoint.namespace).items()):
            if bridge and other.master == bridge and link.mac in other.port.fdb:
                fdb = tuple(m for m in other.port.fdb if m != link.mac)
                port = replace(other.port, fdb=fdb)
                self._set(Endpoint(endpoint.namespace, name), port=port)

    def _entries(self, name: str) -> set[str]:
        if name not in self._with_entries:
            links = self._links(name).values()
            self._with_entries[name] = {mac for link in links for mac in link.port.fdb}
        return self._with_entries[name]

    def _bridge_made(self, endpoint: Endpoint) -> None:
        # An mtu given at birth does not count as set.
        self._mtu_set[endpoint] = False
        self.doubtful.discard(endpoint)

    def _mtu_was_set(self, endpoint: Endpoint, before: int, after: int) -> None:
        self.doubtful.discard(endpoint)
        # The kernel does nothing where it is the same already.
        if before != after and self._link(endpoint).kind == "bridge":
            self._mtu_set[endpoint] = True

    def _adjust_mtu(self, bridge: Endpoint, joined: LinkState | None = None) -> None:
        """A bridge's mtu follows its ports, as long as nobody set it.

        Args:
            bridge: Which.
            joined: The port that has come, where that is what happened.
        """
        links = self._links(bridge.namespace)
        known = self._mtu_set.get(bridge)
        if bridge.ifname not in links or known:
            return
        if known is False and joined and joined.mtu == links[bridge.ifname].mtu:
            # No need to ask the others: none of theirs is smaller.
            return
        ports = (link.mtu for link in links.values() if link.master == bridge.ifname)
        mtu = min(ports, default=DEFAULT_MTU)
        if links[bridge.ifname].mtu == mtu:
            return
        if known is None:
            self.doubtful.add(bridge)
        self._set(bridge, mtu=mtu)
        if mtu < IPV6_MIN_MTU:
            self._lose_v6(bridge)
