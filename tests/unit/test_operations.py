"""What an operation says it would have a person type."""

import shlex

import pytest

from tuilab.model.topology import HOST, Endpoint
from tuilab.plan import operations as ops
from tuilab.plan.state import RouteState

MAC = "02:00:00:00:00:01"
NASTY = "a;reboot $(x)"
AT = Endpoint(NASTY, NASTY)
ROUTE = RouteState("10.0.0.0/24", None, NASTY, 0, 254)


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
