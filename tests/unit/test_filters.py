"""Filters: what libpcap accepts, and what is said of what it does not."""

import pytest

from tuilab.packets.filters import PRESETS, check_filter, expand


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_a_filter(name):
    assert check_filter(name) is None
    assert check_filter(PRESETS[name]) is None


def test_a_preset_is_found_by_its_name():
    assert expand("  TCP   syn ") == PRESETS["tcp syn"]
    assert expand("tcp port 80") == "tcp port 80"
    assert expand("") == ""


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("tcp synn", 'syntax error: filters have no word "synn"'),
        ("icmp and", 'syntax error: something is missing after "and"'),
        ("tcp port", 'syntax error: something is missing after "port"'),
        ("(arp or icmp", 'syntax error: a ")" is missing'),
        ("arp)", 'syntax error: a "(" is missing'),
        ("tcp[13] & 2 !=", "syntax error"),
        ("arp\0", "a filter has no NUL characters"),
        ("host 1.2.3.4.5", "unknown host '1.2.3.4.5'"),
    ],
)
def test_a_mistake_is_shown_where_it_is(text, complaint):
    assert check_filter(text) == complaint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ether host 02:00:00:00:00:01 and not arp",
        "icmp[icmptype] == icmp-echo",
        "net 10.0.0.0/8 || (vlan 5 && ip6)",
        "ip6 proto 58",
    ],
)
def test_good_filters(text):
    assert check_filter(text) is None
