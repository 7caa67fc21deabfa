"""Who is meant by "blue" as the destination of a packet."""

from __future__ import annotations

from collections.abc import Iterator

from tuilab.errors import NotFoundError
from tuilab.model.addressing import address, interface
from tuilab.model.topology import LO, Namespace, Topology


def destination(topology: Topology, source: str, to: str) -> str:
    """The address that packets go to.

    Args:
        topology: The lab.
        source: The namespace that sends.
        to: An address, or a namespace: its first address in a network of the
            sender, else its first of a family that the sender has.

    Raises:
        NotFoundError: It is neither, or the namespace has no address.
    """
    try:
        address(to.partition("%")[0])
    except ValueError:
        pass
    else:
        return to
    namespace = topology.namespaces.get(to)
    if namespace is None:
        have = ", ".join(topology.namespaces)
        raise NotFoundError(
            f'"{to}" is neither an address nor a namespace', f"the lab has {have}"
        )
    if source == to:
        return "127.0.0.1"
    theirs = list(_addresses(namespace))
    if not theirs:
        raise NotFoundError(
            f'namespace "{to}" has no address',
            f"give it one: tuilab add address {to}:IF 10.0.0.2/24",
        )
    own = [interface(cidr).network for cidr in _addresses(topology.namespaces[source])]
    families = {network.version for network in own}
    hosts = [interface(cidr).ip for cidr in theirs]
    for host in hosts:
        if any(host.version == net.version and host in net for net in own):
            return str(host)
    return str(next((h for h in hosts if h.version in families), hosts[0]))


def _addresses(namespace: Namespace) -> Iterator[str]:
    for ifname, link in namespace.links.items():
        if ifname != LO:
            yield from link.addresses
