"""Rates from counters, whatever becomes of the links."""

from tuilab.kernel.live import Live
from tuilab.lab.meter import KEPT, Meter, Rate, Traffic
from tuilab.model.topology import Endpoint

RED = Endpoint("red", "eth0")


def counted(meter, *looks):
    for time, live in looks:
        meter.take({RED: live}, time)
    return meter.of(RED)


def test_a_rate_is_what_came_between_two_looks():
    told = counted(
        Meter(),
        (10.0, Live("up", 5000, 5000, 50, 50, index=2)),
        (12.0, Live("up", 6000, 5100, 60, 51, errors=3, dropped=1, index=2)),
    )
    assert told.now == Rate(500.0, 50.0, 5.0, 0.5, lost=2.0)
    assert len(told.past) == 1


def test_what_a_link_counted_before_it_was_known_is_no_rate():
    assert counted(Meter(), (0.0, Live("up", 10**9, index=2))) == Traffic()
    assert Meter().of(RED).now == Rate()


def test_a_link_made_anew_begins_anew_whatever_it_has_counted():
    meter = Meter()
    counted(meter, (0.0, Live("up", 100, index=2)), (1.0, Live("up", 200, index=2)))
    assert meter.of(RED).now.rx == 100.0
    # Another link of the name has counted more than the former one already.
    assert counted(meter, (2.0, Live("up", 10**6, index=3))) == Traffic()
    assert counted(meter, (3.0, Live("up", 10**6 + 7, index=3))).now.rx == 7.0
    # The same number, given again: it has counted less.
    assert counted(meter, (4.0, Live("up", 5, index=3))) == Traffic()


def test_a_link_that_is_gone_is_forgotten():
    meter = Meter()
    counted(meter, (0.0, Live("up", 1, index=2)), (1.0, Live("up", 2, index=2)))
    meter.take({}, 2.0)
    assert meter.of(RED) == Traffic()


def test_half_a_minute_is_kept_the_newest_last():
    looks = ((float(n), Live("up", n * n, index=2)) for n in range(100))
    told = counted(Meter(), *looks)
    assert len(told.past) == KEPT
    assert told.past[-1].rx == 99 * 99 - 98 * 98
    assert told.past[0].rx < told.past[-1].rx


def test_two_looks_at_the_same_moment_divide_by_nothing():
    told = counted(
        Meter(), (1.0, Live("up", 1, index=2)), (1.0, Live("up", 9, index=2))
    )
    assert told == Traffic()
