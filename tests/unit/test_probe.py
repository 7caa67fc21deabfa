import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tuilab.errors import KernelError, RightsError
from tuilab.kernel import idmap, probe, refusals, sandbox

# Which ids exist inside


@pytest.mark.parametrize(
    ("own", "ranges", "lines"),
    [
        (
            1000,
            [(100000, 65536)],
            [(0, 100000, 1000), (1000, 1000, 1), (1001, 101000, 64535)],
        ),
        (0, [(100000, 65536)], [(0, 0, 1), (1, 100000, 65535)]),
        (65535, [(100000, 65536)], [(0, 100000, 65535), (65535, 65535, 1)]),
        (70000, [(100000, 65536)], [(0, 100000, 65536), (70000, 70000, 1)]),
        (1000, [(100000, 10)], [(0, 100000, 10), (1000, 1000, 1)]),
        (
            5,
            [(100, 3), (200, 4)],
            [(0, 100, 3), (3, 200, 2), (5, 5, 1), (6, 202, 2)],
        ),
        (1000, [], [(1000, 1000, 1)]),
    ],
)
def test_the_own_id_stays_and_the_range_fills_the_others(own, ranges, lines):
    assert idmap.around(own, ranges) == lines


def test_no_id_is_given_twice():
    lines = idmap.around(1000, [(2000, 700), (100000, 70000)])
    inside = [i for first, _, count in lines for i in range(first, first + count)]
    outside = [i for _, first, count in lines for i in range(first, first + count)]
    assert len(inside) == len(set(inside)) == 65536
    assert max(inside) == 65535
    assert len(outside) == len(set(outside))


def test_there_is_always_a_map_to_oneself(monkeypatch):
    monkeypatch.setattr(idmap, "needed", lambda: True)
    last = idmap.choices()[-1]
    uid = os.geteuid()
    assert last["uid"] == [(uid, uid, 1)]
    assert last["deny_setgroups"]


def test_root_with_its_rights_needs_no_map(monkeypatch):
    monkeypatch.setattr(idmap, "needed", lambda: False)
    assert idmap.choices() == []


# Why not


def report(step, number, message="unshare(CLONE_NEWUSER): it says no"):
    return {"step": step, "errno": number, "message": message}


@pytest.mark.parametrize(
    ("settings", "fact", "command"),
    [
        (
            {"user.max_user_namespaces": 0},
            "user.max_user_namespaces is 0",
            "sysctl -w user.max_user_namespaces=",
        ),
        (
            {"kernel.unprivileged_userns_clone": 0},
            "kernel.unprivileged_userns_clone is 0",
            "sysctl -w kernel.unprivileged_userns_clone=1",
        ),
        (
            {"kernel.apparmor_restrict_unprivileged_userns": 1},
            "AppArmor",
            "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        ),
    ],
)
def test_the_setting_that_forbids_is_named_with_its_command(
    monkeypatch, settings, fact, command
):
    monkeypatch.setattr(refusals, "setting", settings.get)
    for number in (errno.EPERM, errno.EACCES):
        error = refusals.explain(report("user", number))
        assert isinstance(error, RightsError)
        assert fact in error.summary
        assert command in error.hint


@pytest.mark.parametrize(
    ("step", "setting"), [("user", "user"), ("network", "net"), ("pid", "pid")]
)
def test_a_limit_of_namespaces_is_named(monkeypatch, step, setting):
    name = f"user.max_{setting}_namespaces"
    monkeypatch.setattr(refusals, "setting", {name: 0}.get)
    error = refusals.explain(report(step, errno.ENOSPC))
    assert f"{name} is 0" in error.summary
    assert f"sysctl -w {name}=" in error.hint
    monkeypatch.setattr(refusals, "setting", {name: 77}.get)
    assert f"{name} (77) is used up" in refusals.explain(report(step, 28)).summary


def test_what_is_forbidden_by_no_setting_shows_the_call_and_the_container_way(
    monkeypatch,
):
    monkeypatch.setattr(refusals, "setting", {}.get)
    error = refusals.explain(report("user", errno.EPERM))
    assert isinstance(error, RightsError)
    assert "unshare(CLONE_NEWUSER): it says no" in error.summary
    assert "container" in error.hint


def test_a_kernel_without_the_namespace_is_named(monkeypatch):
    monkeypatch.setattr(refusals, "setting", {}.get)
    error = refusals.explain(report("pid", errno.EINVAL))
    assert "no PID namespaces" in error.summary


def test_anything_else_is_the_kernels_refusal(monkeypatch):
    monkeypatch.setattr(refusals, "setting", {}.get)
    error = refusals.explain(report("mounts", errno.EIO, "mount(x on /y): bad disk"))
    assert isinstance(error, KernelError)
    assert error.errno == errno.EIO
    assert "mount(x on /y): bad disk" in error.summary


@pytest.mark.parametrize(
    ("release", "ok"),
    [
        ("6.1.0-32-amd64", True),
        ("5.8+", True),
        ("5.7.19", False),
        ("6.18", True),
        ("custom", False),
    ],
)
def test_the_kernels_release_is_read_however_it_is_written(monkeypatch, release, ok):
    uname = os.uname_result(("Linux", "here", release, "#1", "x86_64"))
    monkeypatch.setattr(os, "uname", lambda: uname)
    check = probe._kernel()
    assert (check.ok, check.detail) == (ok, release)


def test_settings_are_read_from_proc():
    number = int(Path("/proc/sys/kernel/pid_max").read_text())
    assert refusals.setting("kernel.pid_max") == number
    assert refusals.setting("kernel.no_such_setting") is None


# The checks


@pytest.fixture(scope="module")
def found():
    return probe.checks()


def test_every_check_is_named_once_and_says_what_was_found(found):
    names = [check.name for check in found]
    assert len(names) == len(set(names))
    assert all(check.detail for check in found)
    for wanted in ("kernel", "sandbox", "cables (veth)", "taps", "/dev/net/tun", "nft"):
        assert wanted in names


def test_what_fails_has_a_remedy_and_what_works_has_none(found):
    assert [check for check in found if check.ok == bool(check.remedy)] == []


def test_the_sandbox_check_agrees_with_the_sandbox(found):
    check = next(check for check in found if check.name == "sandbox")
    assert check.ok == (sandbox.unavailable() is None)
    assert check.required


def test_tools_are_found_where_the_path_has_them(found):
    path = f"{os.environ['PATH']}:/usr/local/sbin:/usr/sbin:/sbin"
    for name in ("ip", "ping", "tcpdump", "nft", "tshark"):
        check = next(check for check in found if check.name == name)
        assert check.ok == bool(shutil.which(name, path=path))
        assert not check.required


def test_without_a_sandbox_the_reason_is_a_check_and_the_rest_is_not_tried(
    monkeypatch,
):
    refusal = RightsError("no sandbox can be made: a fact", "a remedy")

    def refuse(_name):
        raise refusal

    monkeypatch.setattr(sandbox, "_started", refuse)
    found = {check.name: check for check in probe.checks()}
    assert found["sandbox"] == probe.Check(
        "sandbox", False, refusal.summary, refusal.hint, required=True
    )
    for name in ("cables (veth)", "bridges", "taps", "capturing packets"):
        assert not found[name].ok
        assert found[name].detail.startswith("not tried")


def test_nothing_is_imported_that_other_systems_lack_or_that_is_slow():
    code = """
import sys
import tuilab.kernel.sandbox, tuilab.kernel.netns, tuilab.kernel.procs
import tuilab.kernel.probe
heavy = {"pyroute2", "textual", "scapy", "pydantic", "networkx", "asyncio", "typer"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
