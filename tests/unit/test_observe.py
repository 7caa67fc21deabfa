"""What dumps say, in cases that this machine's kernel does not show."""

import ipaddress
import struct

from tuilab.kernel.live import Live
from tuilab.kernel.observe import RawLink, raw_address, raw_addresses
from tuilab.kernel.wire import IFA_ADDRESS, IFA_FLAGS, IFA_PROTO, IFADDR, attribute

MAC = "02:00:00:00:00:01"
LINK = RawLink("eth0", 2, "veth", 1, 1500, MAC, 0, 3, 0, None, None, Live("up"))


def address(local, prefix, proto=None):
    body = IFADDR.pack(10, prefix, 0x80, 0, 2)
    body += attribute(IFA_ADDRESS, ipaddress.ip_address(local).packed)
    body += attribute(IFA_FLAGS, struct.pack("=I", 0x80))
    if proto is not None:
        body += attribute(IFA_PROTO, bytes([proto]))
    return raw_address(body)


def test_before_linux_5_18_a_link_local_address_is_known_by_its_mac():
    """No IFA_PROTO says there that the kernel made it."""
    dump = [
        address("fd00::1", 64),
        address("fe80::ff:fe00:1", 64),
        address("fe80::1", 64),
    ]
    assert raw_addresses(dump, {2: LINK}) == {2: ("fe80::1/64", "fd00::1/64")}


def test_since_then_it_says_so_itself():
    dump = [address("fe80::99", 64, proto=3), address("fe80::1", 64)]
    assert raw_addresses(dump, {2: LINK}) == {2: ("fe80::1/64",)}
