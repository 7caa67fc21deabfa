"""The settings of links as every dump of links holds them, at no further request.

What a person changes there with sysctl(8) is seen although the lab names none of it.
Numbers as in linux/ip.h and linux/ipv6.h.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from tuilab.kernel.wire import attribute_in
from tuilab.model.sysctls import link_of, usual
from tuilab.model.topology import LO

IFLA_INET_CONF, IFLA_INET6_CONF = 1, 2

_PLACES = {
    "ipv4": {
        "forwarding": 0,
        "proxy_arp": 2,
        "accept_redirects": 3,
        "secure_redirects": 4,
        "send_redirects": 5,
        "shared_media": 6,
        "rp_filter": 7,
        "accept_source_route": 8,
        "log_martians": 10,
        "arp_filter": 12,
        "arp_announce": 17,
        "arp_ignore": 18,
        "arp_accept": 20,
        "arp_notify": 21,
        "accept_local": 22,
        "src_valid_mark": 23,
        "proxy_arp_pvlan": 24,
        "route_localnet": 25,
        "ignore_routes_with_linkdown": 28,
        "drop_gratuitous_arp": 30,
        "bc_forwarding": 31,
    },
    # A router's advertisement may change the hop_limit: nobody's doing.
    "ipv6": {
        "forwarding": 0,
        "accept_ra": 3,
        "accept_redirects": 4,
        "autoconf": 5,
        "dad_transmits": 6,
        "router_solicitations": 7,
        "use_tempaddr": 10,
        "max_addresses": 15,
        "accept_ra_defrtr": 17,
        "accept_ra_pinfo": 18,
        "proxy_ndp": 22,
        "accept_source_route": 24,
        "disable_ipv6": 26,
        "accept_dad": 27,
        "ndisc_notify": 29,
        "drop_unsolicited_na": 41,
        "accept_untracked_na": 57,
    },
}
"""Where each stands; older kernels lack the last ones."""


class Conf(NamedTuple):
    """The settings of a link as the kernel packs them; empty where it has none."""

    ipv4: bytes = b""
    ipv6: bytes = b""


NO_CONF = Conf()


def conf(af_spec: bytes) -> Conf:
    """Read one IFLA_AF_SPEC."""
    v4 = attribute_in(attribute_in(af_spec, socket.AF_INET), IFLA_INET_CONF)
    v6 = attribute_in(attribute_in(af_spec, socket.AF_INET6), IFLA_INET6_CONF)
    return _shared(Conf(v4, v6))


@lru_cache(maxsize=256)
def _shared(one: Conf) -> Conf:
    """The same for every link that has the same."""
    return one


def unlike(
    links: Mapping[str, Conf], sysctls: Mapping[str, str], named: frozenset[str]
) -> dict[str, str]:
    """Settings of links that are not as those of the namespace have them be.

    Args:
        links: By name.
        sysctls: What was read of the namespace.
        named: The settings that were asked for: those of links are in ``sysctls``.
    """
    above = frozenset(it for it in sysctls.items() if link_of(it[0]) is None)
    return {
        key: value
        for ifname, packed in links.items()
        for family, name, value in _unlike(packed, ifname == LO, above)
        if (key := f"net.{family}.conf.{ifname}.{name}") not in named
    }


@lru_cache(maxsize=1024)
def _unlike(
    packed: Conf, loopback: bool, above: frozenset[tuple[str, str]]
) -> tuple[tuple[str, str, str], ...]:
    sysctls = dict(above)
    # Links that were there before their ``default`` was changed need not follow it.
    former = {k: v for k, v in sysctls.items() if ".conf.default." not in k}
    found = []
    for family, data in packed._asdict().items():
        for name, place in _PLACES[family].items():
            value = data[4 * place : 4 * place + 4]
            told = str(int.from_bytes(value, "little", signed=True))
            key = f"net.{family}.conf.{LO if loopback else '*'}.{name}"
            if value and told not in (usual(key, sysctls), usual(key, former)):
                found.append((family, name, told))
    return tuple(found)
