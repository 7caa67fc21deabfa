"""The kernel settings a topology may name, per namespace.

An allow-list: each is known to be per network namespace, and its default is what tuilab
gives every new namespace, whatever the machine's own value is. See ip-sysctl in the
kernel's documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sysctl:
    """One setting.

    Attributes:
        minimum: Smallest value allowed.
        maximum: Largest value allowed.
        default: Value of a namespace that names none.
        about: What it does, in a few words.
    """

    minimum: int
    maximum: int
    default: str
    about: str

    def problem(self, value: str) -> str:
        """What it takes, where it does not take that value, or an empty string."""
        number = re.fullmatch("-?(0|[1-9][0-9]{,18})", value)
        if number and self.minimum <= int(value) <= self.maximum:
            return ""
        if self.maximum - self.minimum == 1:
            return f"takes {self.minimum} or {self.maximum}"
        return f"takes a number from {self.minimum} to {self.maximum}"


def _switch(default: int, about: str) -> Sysctl:
    return Sysctl(0, 1, str(default), about)


FORWARD_V4 = "net.ipv4.ip_forward"
FORWARD_V6 = "net.ipv6.conf.all.forwarding"

SYSCTLS: dict[str, Sysctl] = {
    FORWARD_V4: _switch(0, "forward IPv4 packets between links"),
    FORWARD_V6: _switch(0, "forward IPv6 packets between links"),
}
"""What every look reads, on the machine's own network too.

Where all was made for the lab it also sees what links have, and some of what is for all
of them; the others where the lab names them, or where one was found to be unusual.
"""

_PLAIN: dict[str, Sysctl] = {
    **SYSCTLS,
    "net.ipv4.fib_multipath_hash_policy": Sysctl(0, 3, "0", "what spreads over paths"),
    "net.ipv4.fib_multipath_use_neigh": _switch(0, "skip next hops that are not there"),
    "net.ipv4.icmp_echo_ignore_all": _switch(0, "answer no ping"),
    "net.ipv4.icmp_echo_ignore_broadcasts": _switch(1, "answer no broadcast ping"),
    "net.ipv4.icmp_ratelimit": Sysctl(0, 2**31 - 1, "1000", "ms between ICMP errors"),
    "net.ipv4.ip_default_ttl": Sysctl(1, 255, "64", "hops a packet may take"),
    "net.ipv4.ip_no_pmtu_disc": Sysctl(0, 3, "0", "no path MTU discovery"),
    "net.ipv4.ip_nonlocal_bind": _switch(0, "bind to addresses that are not there"),
    "net.ipv4.ip_unprivileged_port_start": Sysctl(
        0, 65535, "1024", "first port that needs no rights"
    ),
    "net.ipv4.tcp_ecn": Sysctl(0, 2, "2", "congestion notification"),
    "net.ipv4.tcp_mtu_probing": Sysctl(0, 2, "0", "find the MTU by trying"),
    "net.ipv4.tcp_sack": _switch(1, "selective acknowledgements"),
    "net.ipv4.tcp_syncookies": Sysctl(0, 2, "1", "defence against SYN floods"),
    "net.ipv4.tcp_timestamps": Sysctl(0, 2, "1", "timestamps in segments"),
    "net.ipv4.tcp_window_scaling": _switch(1, "windows beyond 64 KiB"),
    "net.ipv6.bindv6only": _switch(0, "IPv6 sockets take no IPv4"),
    "net.ipv6.fib_multipath_hash_policy": Sysctl(0, 3, "0", "what spreads over paths"),
    "net.ipv6.icmp.echo_ignore_all": _switch(0, "answer no ping"),
    "net.ipv6.ip_nonlocal_bind": _switch(0, "bind to addresses that are not there"),
    "net.bridge.bridge-nf-call-arptables": _switch(1, "arptables sees bridged frames"),
    "net.bridge.bridge-nf-call-iptables": _switch(1, "iptables sees bridged IPv4"),
    "net.bridge.bridge-nf-call-ip6tables": _switch(1, "ip6tables sees bridged IPv6"),
}
_FORWARD = _switch(0, "forward packets that come in here")
_CONF: dict[str, dict[str, Sysctl]] = {
    "ipv4": {
        "accept_local": _switch(0, "take packets from own addresses"),
        "accept_redirects": _switch(1, "follow ICMP redirects"),
        "accept_source_route": _switch(1, "take source routed packets"),
        "arp_accept": Sysctl(0, 2, "0", "learn from unasked ARP"),
        "arp_announce": Sysctl(0, 2, "0", "which own address ARP tells"),
        "arp_filter": _switch(0, "answer ARP by the route back"),
        "arp_ignore": Sysctl(0, 8, "0", "which ARP to answer"),
        "arp_notify": _switch(0, "tell of a new address or MAC"),
        "bc_forwarding": _switch(0, "forward directed broadcasts"),
        "drop_gratuitous_arp": _switch(0, "drop unasked ARP"),
        "forwarding": _FORWARD,
        "ignore_routes_with_linkdown": _switch(0, "no routes through dead links"),
        "log_martians": _switch(0, "log impossible addresses"),
        "proxy_arp": _switch(0, "answer ARP for others"),
        "proxy_arp_pvlan": _switch(0, "also to where it came from"),
        "route_localnet": _switch(0, "route 127.0.0.0/8"),
        "rp_filter": Sysctl(0, 2, "0", "check the way back; 1 strict, 2 loose"),
        "secure_redirects": _switch(1, "redirects to gateways only"),
        "send_redirects": _switch(1, "send ICMP redirects"),
        "shared_media": _switch(1, "subnets may share a wire"),
        "src_valid_mark": _switch(0, "the mark counts for the way back"),
    },
    "ipv6": {
        "accept_dad": Sysctl(0, 2, "1", "duplicate address detection"),
        "accept_ra": Sysctl(0, 2, "1", "take router advertisements; 2 as router too"),
        "accept_ra_defrtr": _switch(1, "take a default router from them"),
        "accept_ra_pinfo": _switch(1, "take prefixes from them"),
        "accept_redirects": _switch(1, "follow ICMP redirects"),
        "accept_source_route": Sysctl(-1, 1, "0", "take source routed packets"),
        "accept_untracked_na": Sysctl(0, 2, "0", "learn from unasked advertisements"),
        "autoconf": _switch(1, "make addresses from prefixes"),
        "dad_transmits": Sysctl(0, 16, "1", "probes before an address is used"),
        "disable_ipv6": _switch(0, "no IPv6 here"),
        "drop_unsolicited_na": _switch(0, "drop unasked advertisements"),
        "forwarding": _FORWARD,
        "hop_limit": Sysctl(1, 255, "64", "hops a packet may take"),
        "max_addresses": Sysctl(0, 2**31 - 1, "16", "most addresses made by itself"),
        "ndisc_notify": _switch(0, "tell of a new address or MAC"),
        "proxy_ndp": _switch(0, "answer for proxied neighbours"),
        "router_solicitations": Sysctl(-1, 64, "-1", "times to ask for routers"),
        "use_tempaddr": Sysctl(-1, 2, "0", "privacy addresses (RFC 8981)"),
    },
}
"""Settings of a link: ``net.FAMILY.conf.LINK.NAME``, of ``all`` and ``default`` too."""

_SPREADING = {"ipv4": ("forwarding",), "ipv6": ("forwarding", "disable_ipv6")}
"""What the kernel gives every link when it is written for ``all``."""
_OF_ALL = {
    ("ipv4", "accept_source_route"): "0",
    ("ipv6", "accept_dad"): "0",
}
_OF_LO = {("ipv6", "accept_dad"): "-1", ("ipv6", "use_tempaddr"): "-1"}
"""Defaults that are not the same as those of other links."""
_KEY = re.compile(r"net\.(ipv4|ipv6)\.conf\.(.+)\.([a-z0-9_]+)\Z")


def canonical_key(key: str) -> str:
    """The one name of a setting: sysctl(8) takes slashes, and some have two names."""
    if key.startswith("net/"):
        key = key.replace("/", "\0").replace(".", "/").replace("\0", ".")
    parts = _KEY.match(key)
    if parts is None:
        return key
    family, link, name = parts.groups()
    if (family, link, name) == ("ipv4", "all", "forwarding"):
        return FORWARD_V4
    # A dot in the name of a link is written as a slash, for want of anything better.
    return f"net.{family}.conf.{link.replace('/', '.')}.{name}"


def typed_key(key: str) -> str:
    """A setting as sysctl(8) takes it."""
    parts = _KEY.match(key)
    if parts is None:
        return key
    family, link, name = parts.groups()
    return f"net.{family}.conf.{link.replace('.', '/')}.{name}"


def path_of(key: str) -> str:
    """The file of a setting below /proc/sys."""
    parts = _KEY.match(key)
    if parts is None:
        return key.replace(".", "/")
    family, link, name = parts.groups()
    return f"net/{family}/conf/{link}/{name}"


def sysctl(key: str) -> Sysctl | None:
    """The setting of that name, or None where there is none that may be named."""
    if key in _PLAIN:
        return _PLAIN[key]
    parts = _KEY.match(key)
    if parts is None or canonical_key(key) != key:
        return None
    family, link, name = parts.groups()
    if link == "default" and name in _SPREADING[family]:
        # It is whatever ``all`` is, and nothing but confusing otherwise.
        return None
    return _CONF[family].get(name)


def link_of(key: str) -> str | None:
    """The link that a setting belongs to, or None where it is the namespace's."""
    parts = _KEY.match(key)
    if parts is None or parts[2] in ("all", "default"):
        return None
    return parts[2]


IPV6_SWITCHES = frozenset(
    f"net.ipv6.conf.{link}.disable_ipv6" for link in ("all", "default")
)
"""Whether links do IPv6, and new ones."""


def is_ipv6(key: str) -> bool:
    """Whether a setting is one of IPv6."""
    return key.startswith("net.ipv6.")


def usual(key: str, sysctls: Mapping[str, str]) -> str:
    """What a setting is where nobody names it, given the others."""
    parts = _KEY.match(key)
    if parts is None or key in SYSCTLS:
        found = sysctl(key)
        return found.default if found else ""
    family, link, name = parts.groups()
    default = _CONF[family][name].default if name in _CONF[family] else ""
    if link == "all":
        if (family, name) == ("ipv4", "accept_redirects"):
            # A router takes none: the kernel turns it when forwarding is turned.
            return "0" if sysctls.get(FORWARD_V4) == "1" else "1"
        return _OF_ALL.get((family, name), default)
    if name in _SPREADING[family]:
        above = canonical_key(f"net.{family}.conf.all.{name}")
        return sysctls.get(above) or default
    if link == "default":
        return default
    if link == "lo" and (family, name) in _OF_LO:
        return _OF_LO[family, name]
    return sysctls.get(f"net.{family}.conf.default.{name}", default)


def unusual(sysctls: Mapping[str, str]) -> dict[str, str]:
    """Those that are not as they would be if nobody named them."""
    return {k: v for k, v in sysctls.items() if v != usual(k, sysctls)}


def follow(key: str) -> re.Pattern[str] | None:
    """The settings that the kernel sets again by itself when that one is written."""
    if key == FORWARD_V4:
        return re.compile(r"net\.ipv4\.conf\.(.+\.forwarding|all\.accept_redirects)\Z")
    parts = _KEY.match(key)
    if parts and parts[2] == "all" and parts[3] in _SPREADING[parts[1]]:
        return re.compile(rf"net\.{parts[1]}\.conf\.(?!all\.).+\.{parts[3]}\Z")
    return None


def of_new_link(sysctls: Mapping[str, str], ifname: str) -> dict[str, str]:
    """The settings that a link is made with and that are not as usual.

    Of what is set for all links alike ``default`` is no more than a copy, which only
    links that are made later take after: somebody may have changed it by itself.
    """
    found = {}
    for family, names in _SPREADING.items():
        for name in names:
            key = f"net.{family}.conf.{ifname}.{name}"
            value = sysctls.get(f"net.{family}.conf.default.{name}")
            if value is not None and value != usual(key, sysctls):
                found[key] = value
    return found


def ipv6_off(sysctls: Mapping[str, str], ifname: str) -> bool:
    """Whether a link does no IPv6."""
    if not sysctls:
        return False
    key = f"net.ipv6.conf.{ifname}.disable_ipv6"
    return (sysctls.get(key) or usual(key, sysctls)) == "1"


def settings_renamed(
    sysctls: Mapping[str, str], old: str, new: str | None
) -> dict[str, str]:
    """The settings with those of a link under its new name, or without them."""
    found = {}
    for key, value in sysctls.items():
        if link_of(key) != old:
            found[key] = value
        elif new is not None:
            found[key.replace(f".conf.{old}.", f".conf.{new}.")] = value
    return found


def known(links: Iterable[str] = ()) -> list[str]:
    """All that may be named, for links of those names too."""
    names = [
        f"net.{family}.conf.{link}.{name}"
        for family, settings in _CONF.items()
        for link in ("all", "default", *links)
        for name in settings
    ]
    return [*_PLAIN, *(name for name in names if sysctl(name) and name not in _PLAIN)]


def of_namespace() -> list[str]:
    """All that is no link's: also what only follows, and may not be named itself."""
    follows = [
        f"net.{family}.conf.default.{name}"
        for family, names in _SPREADING.items()
        for name in names
    ]
    return [*known(), *follows]
