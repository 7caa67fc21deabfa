"""Every step of a plan says why it is there."""

from hypothesis import given

from tests.strategies import topologies
from tuilab.plan.planner import plan
from tuilab.plan.reasons import reason
from tuilab.plan.state import expand


@given(topologies(), topologies())
def test_every_step_of_every_plan_has_a_reason(one, other):
    before = expand(one)
    for operation in plan(before, expand(other), before).operations:
        assert reason(operation), operation


def test_what_the_planner_found_out_comes_first():
    from tuilab.model.topology import Endpoint
    from tuilab.plan.operations import SetLink

    step = SetLink(Endpoint("red", "eth0"), up=False, mtu=1300)
    assert reason(step) == '"red:eth0" is to be down, of mtu 1300'
    told = SetLink(Endpoint("red", "eth0"), up=False, reason="a new MAC")
    assert reason(told) == "a new MAC"
