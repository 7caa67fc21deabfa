"""Filters: what libpcap accepts, and what is said of what it does not."""

import socket

import pytest

from tuilab.errors import UsageError
from tuilab.packets.filters import (
    PRESETS,
    check_filter,
    expand,
    has_names,
    resolved,
)


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


NAMES = {
    "red": ["10.0.0.1"],
    "both": ["10.0.0.2", "fd00::2"],
}


@pytest.fixture
def asked(monkeypatch):
    """A name server of our own, and whom it was asked for."""
    names = []

    def look_up(name, port, family, kind):
        names.append(name)
        versions = {socket.AF_INET: ".", socket.AF_INET6: ":"}
        told = [it for it in NAMES.get(name, ()) if versions.get(family, "") in it]
        if not told:
            raise socket.gaierror
        return [(family, kind, 0, "", (it, 0)) for it in told]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return names


@pytest.mark.parametrize(
    ("text", "with_addresses"),
    [
        ("host red", "host 10.0.0.1"),
        ("src red and tcp port http", "src host 10.0.0.1 and tcp port http"),
        ("src or dst host red", "src or dst host 10.0.0.1"),
        ("not dst red or 10.0.0.9", "not dst host 10.0.0.1 or 10.0.0.9"),
        ("icmp and host both", "icmp and (host 10.0.0.2 or host fd00::2)"),
        ("ip6 host both", "ip6 host fd00::2"),
        ("host 10.0.0.9 or red", "host 10.0.0.9 or host 10.0.0.1"),
    ],
)
def test_names_are_looked_up_only_when_that_is_asked_for(asked, text, with_addresses):
    assert check_filter(text) is None
    assert has_names(text)
    assert asked == []
    assert resolved(text) == with_addresses
    assert check_filter(with_addresses) is None
    assert len(asked) == 1


@pytest.mark.parametrize(
    "text", ["host fe80::1", "tcp port 80 or http", "arp", "net 10.0.0.0/8 and icmp"]
)
def test_what_is_no_name_of_a_host_stays(asked, text):
    assert not has_names(text)
    assert resolved(text) == text
    assert asked == []


def test_a_host_that_nobody_knows_is_said(asked):
    assert check_filter("host nobody") is None
    with pytest.raises(UsageError, match='no host "nobody"'):
        resolved("host nobody")
    assert check_filter("host nobody and") == (
        'syntax error: something is missing after "and"'
    )
    assert asked == ["nobody"]
