"""Topology files as tests write them."""

from hypothesis import HealthCheck, settings

HEAD = "tuilab: 1\nname: x\n"
SLOW = settings(deadline=None, suppress_health_check=list(HealthCheck))
TEN_RIGHT = """\
tuilab: 1
name: right
namespaces:
  red:
    sysctls: {net.ipv4.ip_forward: 1}
    links:
      lo: {addresses: [192.0.2.1/32]}
      t: {kind: tap, mtu: 0x578, mac: 02:00:00:00:00:0A, user: 1000, up: false}
      eth0: {addresses: [10.0.0.1/24, FD00::1/64]}
    routes:
      - {to: default, via: fd00::2, metric: 5, table: 100}
  blue:
cables: [[red:eth0, blue:eth0]]
layout: {red: [4, 2], red:t: [-1, 0]}
expect: [{from: red, to: blue}]
"""


def red(body: str) -> str:
    """A file with what is said of a namespace."""
    return HEAD + "namespaces:\n  red:\n" + body
