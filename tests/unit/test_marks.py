"""Whose something is, by the marks it carries."""

import pytest

from tuilab.kernel.marks import Mark, lab_of, marks_of


@pytest.mark.parametrize(
    ("altname", "lab"),
    [
        ("tuilab:one:0a1b2c3d", "one"),
        ("tuilab:a.b-c:0a1b2c3d", "a.b-c"),
        ("tuilab:one", ""),
        ("tuilab::0a1b2c3d", ""),
        ("tuilab:one:", ""),
        ("enp0s3", ""),
        ("other:one:0a1b2c3d", ""),
    ],
)
def test_the_lab_is_read_from_an_altname(altname, lab):
    assert lab_of(altname) == lab


def test_a_mark_is_its_labs_alone():
    one, other = Mark.of("one"), Mark.of("other")
    assert one.owns([one.altname()])
    assert one.owns(["enp0s3", one.altname()], 0)
    assert not one.owns([other.altname()])
    # Without an altname the group tells, with one it does not matter.
    assert one.owns([], one.group)
    assert one.owns(["enp0s3"], one.group)
    assert not one.owns([other.altname()], one.group)
    assert not one.owns([], 0)
    assert not one.owns([], 7)
    assert one.altname() != one.altname()
    assert len(Mark.of("x" * 48).altname()) < 128


def test_what_is_left_on_a_machine_is_told_by_lab_or_by_group():
    one, other = Mark.of("one"), Mark.of("other")
    links = [
        ((one.altname(),), one.group),
        ((), one.group),
        ((), other.group),
        ((), 0),
        (("enp0s3",), 42),
    ]
    assert marks_of(links) == {one, Mark("", other.group)}
