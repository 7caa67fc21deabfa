"""What an operation says it would have a person type."""

import shlex

import pytest

from tuilab.model.topology import HOST, Endpoint
from tuilab.plan import operations as ops
from tuilab.plan.forwarding import HopState, NeighbourState, RouteState, RuleState

MAC = "02:00:00:00:00:01"
NASTY = "a;reboot $(x)"
AT = Endpoint(NASTY, NASTY)
ROUTE = RouteState("10.0.0.0/24", None, NASTY, 0, 254)
HOPS = (HopState("10.0.0.1", NASTY), HopState(None, NASTY, 2))
SPREAD = RouteState("10.0.0.0/24", None, None, 0, 254, hops=HOPS)
RULE = RuleState(10, 4, iif=NASTY, oif=NASTY, table=7)
NEIGHBOUR = NeighbourState("10.0.0.9", NASTY, MAC)


@pytest.mark.parametrize(
    "operation",
    [
        ops.CreateNamespace(NASTY),
        ops.DeleteNamespace(NASTY),
        ops.RenameNamespace(NASTY, NASTY),
        ops.AddVeth(Endpoint(HOST, NASTY), AT, MAC, MAC),
        ops.AddBridge(AT, MAC),
        ops.AddTap(AT, MAC, user=1),
        ops.DeleteLink(AT),
        ops.RenameLink(AT, NASTY),
        ops.SetLink(AT, master=NASTY, up=True),
        ops.AddAddress(AT, "10.0.0.1/24"),
        ops.DeleteAddress(AT, "fd00::1/64"),
        ops.AddRoute(NASTY, ROUTE),
        ops.DeleteRoute(NASTY, ROUTE),
        ops.DeleteRoute(NASTY, ROUTE, alone=False),
        ops.ReplaceRoute(NASTY, SPREAD),
        ops.AddRule(NASTY, RULE),
        ops.DeleteRule(NASTY, RULE),
        ops.SetNeighbour(NASTY, NEIGHBOUR),
        ops.DeleteNeighbour(NASTY, NEIGHBOUR),
        ops.SetSysctl(NASTY, "net.ipv4.ip_forward", "1"),
    ],
    ids=lambda operation: type(operation).__name__,
)
def test_a_name_from_outside_is_one_word_to_a_shell(operation):
    """Somebody in the lab may call a link whatever the kernel takes."""
    for line in operation.commands():
        words = shlex.split(line)
        assert any(NASTY in word for word in words)
        assert "a;reboot" not in words
        if "sh" in words:
            inner = shlex.split(words[words.index("-c") + 1])
            assert inner == ["ip", "netns", "attach", NASTY, "$$"]


def test_routing_is_written_as_iproute2_reads_it():
    hops = (HopState("fd00::1", "a0", 2), HopState("fe80::1", "b0"))
    spread = RouteState("::/0", None, None, 1024, 100, "fd00::2", hops=hops)
    refusal = RouteState("10.0.0.0/8", None, None, 5, 254, type="prohibit")
    onlink = RouteState("10.0.0.0/8", "9.9.9.9", "a0", 0, 254, onlink=True)
    marked = RuleState(9, 4, mark=16, mask=255, action="blackhole")
    proxy = NeighbourState("fd00::5", "a0", proxy=True)
    wanted = {
        ops.AddRoute(HOST, spread): "-6 route add default src fd00::2 table 100 "
        "nexthop via fd00::1 dev a0 weight 2 nexthop via fe80::1 dev b0 weight 1",
        ops.DeleteRoute(HOST, spread): "-6 route del default table 100",
        ops.ReplaceRoute(HOST, refusal): "route replace prohibit 10.0.0.0/8 metric 5",
        ops.AddRoute(HOST, onlink): "route add 10.0.0.0/8 via 9.9.9.9 dev a0 onlink",
        ops.AddRule(HOST, marked): "rule add priority 9 fwmark 0x10/0xff blackhole",
        ops.DeleteRule(HOST, RuleState(9, 6, "fd00::/8", table=254)): (
            "-6 rule del priority 9 from fd00::/8 lookup 254"
        ),
        ops.SetNeighbour(HOST, proxy): "neigh replace proxy fd00::5 dev a0",
        ops.DeleteNeighbour(HOST, proxy): "neigh del proxy fd00::5 dev a0",
    }
    for operation, line in wanted.items():
        assert operation.commands() == (f"ip {line}",)
