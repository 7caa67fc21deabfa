"""The ready labs: each a valid lesson, under its own name, found wherever one is."""

import re
import tomllib
from pathlib import Path

import pytest

from tuilab.errors import NotFoundError
from tuilab.formats import library
from tuilab.formats.yaml import dump, load, loads
from tuilab.model.addressing import interface
from tuilab.model.topology import HOST, Bridge, Tap, Topology
from tuilab.model.validate import problems

ROOT = Path(__file__).parent.parent.parent
NAMES = [name for name, _ in library.examples()]


def lab(name: str) -> Topology:
    return load(library.find(name)).topology


def test_the_first_lessons_are_there() -> None:
    assert {"two-hosts", "bridge", "router", "tap-on-bridge"} <= set(NAMES)
    assert sorted(NAMES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson(name: str) -> None:
    path = library.find(name)
    text = path.read_text(encoding="utf-8")
    document = load(path)
    assert problems(document.topology) == []
    assert document.topology.name == name
    assert loads(dump(document.topology)).topology == document.topology
    assert dump(document.topology, document) == text
    # What one learns and what to try, before anything else.
    head = text[: text.index("\ntuilab: 1\n")]
    assert all(line.startswith("#") or not line for line in head.splitlines())
    assert "# Learn: " in head
    assert "# Try:\n#   tuilab up " + name in head
    assert library.about(path) == head.splitlines()[0].removeprefix("# ")
    assert max(len(line) for line in text.splitlines()) <= 88


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_says_what_must_hold_both_ways(name: str) -> None:
    topology = lab(name)
    said = {expectation.reachable for expectation in topology.expect}
    assert said == {True, False}
    there = {
        str(interface(cidr).ip)
        for namespace in topology.namespaces.values()
        for _, link in namespace.all_links()
        for cidr in link.addresses
    }
    for expectation in topology.expect:
        known = expectation.to in there or expectation.to in topology.namespaces
        assert known or not expectation.reachable, expectation


@pytest.mark.parametrize("name", NAMES)
def test_what_a_lesson_tells_to_type_exists(name: str) -> None:
    """The objects in the commands of the comment are those of the lab."""
    topology = lab(name)
    text = library.find(name).read_text(encoding="utf-8")
    ends = {str(end) for end, _ in topology.links()}
    lines = [line for line in text.splitlines() if line.startswith("#   tuilab ")]
    assert lines
    for line in lines:
        for word in re.findall(r"\b[a-z]+:[a-z][a-z0-9-]*", line):
            assert word in ends, line
        if found := re.search(r"tuilab (?:exec|shell) (\S+)", line):
            assert found[1] in topology.namespaces, line


def test_what_each_is_about() -> None:
    assert len(lab("two-hosts").cables) == 1
    host = lab("bridge").namespaces[HOST]
    assert len(host.ports("br0")) == 3
    router = lab("router").namespaces["router"]
    assert len(router.sysctls) == 2
    families = {
        ":" in cidr for link in router.links.values() for cidr in link.addresses
    }
    assert families == {True, False}
    tapped = lab("tap-on-bridge").namespaces[HOST]
    assert tapped.links["tap0"] == Tap(master="br0")
    assert isinstance(tapped.links["br0"], Bridge)


def test_find_takes_a_path_before_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert library.find("router") == library.folder() / "router.yaml"
    assert library.find(library.folder() / "router.yaml").exists()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "router").write_text("mine")
    assert library.find("router").read_text() == "mine"
    (tmp_path / "bridge").mkdir()
    assert library.find("bridge").name == "bridge.yaml"
    assert library.find(".") == Path()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("two-host", 'did you mean "two-hosts"?'),
        ("router.yml", 'did you mean "router"?'),
        ("zzz", "ready labs are bridge, campus"),
        ("./router", "check the path"),
        ("/no/such/file.yaml", "check the path"),
    ],
)
def test_what_is_not_found(
    name: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFoundError) as caught:
        library.find(name)
    assert f'"{name}"' in caught.value.summary
    assert hint in caught.value.hint


def test_ready_labs_travel_with_the_package() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]
    included = build["build"]["targets"]["wheel"]["force-include"]
    assert included == {"topologies": "tuilab/topologies"}


def test_the_packaged_ones_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "tuilab"
    (package / "formats").mkdir(parents=True)
    (package / "topologies").mkdir()
    (package / "topologies" / "only.yaml").write_text("# The only one.\n")
    monkeypatch.setattr(library, "__file__", str(package / "formats" / "library.py"))
    assert [name for name, _ in library.examples()] == ["only"]
    assert library.about(library.find("only")) == "The only one."
