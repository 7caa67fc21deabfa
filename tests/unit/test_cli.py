"""The command line where no sandbox is needed."""

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

import tuilab
from tuilab.cli import app
from tuilab.errors import EditFailed, KernelError
from tuilab.formats import library, yaml
from tuilab.lab import registry
from tuilab.lab.journal import FileJournal
from tuilab.model import edits
from tuilab.model.topology import Topology
from tuilab.plan.history import Edit

ROOT = Path(__file__).parents[2]
BAD = """\
tuilab: 1
name: bad
namespaces:
  red:
    links:
      eth0: {addresses: [10.0.0.0/24], kind: foo}
"""


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("TUILAB_LAB", raising=False)
    monkeypatch.chdir(tmp_path)
    # A terminal under pytest -s must not get the screen.
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return tmp_path / "state" / "tuilab"


@pytest.fixture
def tuilab_(capsys):
    """Runs a command line: its exit code, stdout and stderr."""

    def run(*words):
        code = app.run([str(word) for word in words])
        return code, *capsys.readouterr()

    return run


def make_lab(name="work", *changes):
    """A lab that is down, with a history."""
    directory = registry.directory_of(name)
    directory.mkdir(parents=True)
    journal = FileJournal.create(directory, Topology(name))
    for change in changes:
        after = change.apply(journal.history.topology)
        journal.edit(Edit(change.title, after, change.renames, 1e9, ("ip a",)))
    return journal


def example(name):
    return yaml.load(dict(library.examples())[name]).topology


# Taking the command line apart


@pytest.mark.parametrize(
    ("words", "summary", "hint"),
    [
        (["shwo"], '"shwo" is no verb', 'did you mean "tuilab show"?'),
        (["shwo", "--json"], '"shwo" is no verb', "show"),
        (["xyz"], '"xyz" is no verb, no lab and no file', "tuilab --help"),
        (["nope.yaml"], 'no file "nope.yaml"', ""),
        (["two-hosts"], "the screen needs a terminal", "tuilab up"),
        (["ls", "--foo"], "--foo", "tuilab ls --help"),
        (["add", "ns", "red"], "ns", "namespace, bridge, cable, tap, address, fdb"),
        (["up"], "nothing is named", "--lab NAME"),
        (["up", "nope"], '"nope"', "ready labs are bridge, "),
        (["up", "two-host"], '"two-host"', 'did you mean "two-hosts"?'),
        (["show"], "no lab is running", "tuilab up"),
        (["show", "nope"], 'no lab "nope"', ""),
        (["--host", "--force"], "the screen needs a terminal", "tuilab up FILE"),
        (["open", "--host", "--within", "0"], "'--within'", "tuilab open"),
        (["open", "--host", "--within", "nan"], "nan is no time", "tuilab open"),
        (["capture", "red", "-d", "nan"], "nan is no time", "tuilab capture"),
        (["monitor", "-d", "nan"], "nan is no time", "tuilab monitor"),
        (["show", "a", "--lab", "b"], 'both "a" and "b"', "name one lab"),
        (["down", "a", "--all"], "both a lab and --all", "one of them"),
        (["exec", "red"], "CMD", "tuilab exec --help"),
        (["exec", "red", "--"], "no program is given", "tuilab exec red -- ip a"),
        (["ping", "red"], "TO", "tuilab ping --help"),
        (["set", "red:eth0", "mtu"], '"mtu" lacks its value', "mtu N"),
        (["set", "red:eth0", "mtu", "big"], '"big" is no mtu', "1500"),
        (["set", "red:eth0", "up", "down"], '"down" contradicts', ""),
        (["set", "red:eth0", "frobnicate"], '"frobnicate"', "nomaster"),
        (["set", "red", "net.ipv4.ip_forward"], "lacks its value", "ip_forward 1"),
        (["add", "bridge", "br0"], '"br0" is not a link', "host:br0"),
        (["add", "tap", "red:"], '"red:" is not a link', "red:eth0"),
        (
            ["add", "route", "red", "default", "--table", "side"],
            '"side" is no routing table',
            "main or default",
        ),
        (
            ["add", "route", "red", "default", "--hop", "10.0.0.1"],
            '"10.0.0.1" is no hop',
            "via ADDRESS dev IF weight N",
        ),
        (["rm", "rule", "red", "7", "-4", "-6"], "one family", "-4 or -6"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_remedy(tuilab_, words, summary, hint):
    make_lab("other")
    if words[:1] == ["show"] and len(words) == 1:
        registry.end(registry.find("other"))
    code, out, err = tuilab_(*words)
    assert (code, out) == (2, "")
    assert err.startswith("tuilab: ")
    assert summary in err.splitlines()[0]
    assert hint in err.partition("\n")[2]
    assert "Traceback" not in err


@pytest.mark.parametrize("words", [["--help"], ["help"], ["-h"], ["help", "up"]])
def test_help_goes_to_stdout(tuilab_, words):
    code, out, err = tuilab_(*words)
    assert (code, err) == (0, "")
    assert "tuilab" in out


def test_help_lists_every_verb(tuilab_):
    out = tuilab_("--help")[1]
    listed = [line.split()[1] for line in out.splitlines() if len(line.split()) > 2]
    for verb, where in app.VERBS.items():
        assert (verb in listed) == bool(where.panel)


@pytest.mark.parametrize("verb", list(app.VERBS))
def test_every_verb_has_help(tuilab_, verb):
    code, out, err = tuilab_(verb, "--help")
    assert (code, err) == (0, "")
    assert f"tuilab {verb}" in out


def test_a_mistake_of_ours_is_one_sentence_and_a_report(tuilab_, state, monkeypatch):
    def broken():
        raise RuntimeError("out of cheese")

    monkeypatch.setattr(registry, "labs", broken)
    code, out, err = tuilab_("ls")
    assert (code, out) == (70, "")
    assert "out of cheese" in err
    assert "Traceback" not in err
    (report,) = (state / "reports").iterdir()
    assert str(report) in err
    assert "Traceback" in report.read_text()
    assert "out of cheese" in report.read_text()
    monkeypatch.setenv("TUILAB_DEBUG", "1")
    assert "Traceback" in tuilab_("ls")[2]


@pytest.mark.parametrize(
    ("error", "code", "expected"),
    [
        (KernelError('"a" is busy', "wait", 16), 3, ['tuilab: "a" is busy', "  wait"]),
        (
            EditFailed("no", "why; rolling back left: x; y", 1, ["x", "y"]),
            3,
            ["tuilab: no", "  why", "  rolling back could not", "  - x", "  - y"],
        ),
        (KeyboardInterrupt(), 130, []),
        (BrokenPipeError(), 141, []),
        (
            OSError(28, "No space left on device"),
            1,
            ["tuilab: not all could be written: No space left", "  make room"],
        ),
    ],
)
def test_exit_codes(tuilab_, monkeypatch, error, code, expected):
    def broken():
        raise error

    monkeypatch.setattr(registry, "labs", broken)
    if isinstance(error, OSError):  # its stdout is not ours
        monkeypatch.setattr("tuilab.cli.guard.os.dup2", lambda *_: None)
        monkeypatch.setattr("sys.stdout.fileno", lambda: 1, raising=False)
    got, out, err = tuilab_("ls")
    assert (got, out) == (code, "")
    lines = err.splitlines()
    assert len(lines) == len(expected)
    for line, start in zip(lines, expected, strict=True):
        assert line.startswith(start)


@pytest.mark.parametrize(
    ("streams", "code", "said"),
    [
        (">&-", 0, ""),
        (">&- 2>&-", 0, ""),
        ("<&- >&- 2>&-", 0, ""),
        (">/dev/full", 1, "not all could be written: No space left on device\n  make"),
    ],
)
def test_streams_that_are_closed_or_full(tmp_path, streams, code, said):
    command = f'"{sys.executable}" -m tuilab keys {streams}'
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": ""}
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, env=environment
    )
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


# Looking


def test_no_labs_is_no_error(tuilab_):
    assert tuilab_("ls")[:2] == (0, "")
    code, out, _ = tuilab_("ls", "--json")
    assert (code, json.loads(out)) == (0, [])


def test_ls_shows_what_is_there(tuilab_):
    make_lab("work", edits.add_namespace("red"), edits.add_namespace("blue"))
    make_lab("broken")
    (registry.directory_of("broken") / "journal.jsonl").write_text("{]\n")
    code, out, _ = tuilab_("ls")
    assert code == 0
    rows = {line.split()[0]: line.split() for line in out.splitlines()[1:]}
    assert rows["work"][1:4] == ["down", "2", "0"]
    assert rows["broken"][1:4] == ["down", "?", "?"]
    data = {row["name"]: row for row in json.loads(tuilab_("ls", "--json")[1])}
    assert data["work"]["namespaces"] == 2
    assert data["work"]["running"] is False
    assert "damaged" in data["broken"]["problem"]


def test_a_damaged_lab_can_be_given_up(tuilab_):
    make_lab("broken")
    (registry.directory_of("broken") / "journal.jsonl").write_text("{]\n")
    assert tuilab_("show", "broken")[0] == 1
    assert tuilab_("down", "broken")[0] == 0
    assert registry.labs() == []
    assert not registry.directory_of("broken").exists()


@pytest.mark.parametrize("name", ["../precious", "..", ".", "/", "a/b", "../../.."])
def test_a_lab_s_name_never_leads_out_of_its_folder(tuilab_, tmp_path, name):
    precious = registry.state_directory() / "precious" / "file"
    precious.parent.mkdir(parents=True)
    precious.touch()
    for words in (("up", "two-hosts"), ("up",), ("open", "two-hosts"), ("down",)):
        code, _, err = tuilab_(*words, "--lab", name)
        assert code == 2, words
        assert f'"{name}"' in err
        assert "is gone" not in err
    assert precious.exists()


def test_show_is_the_topology_file(tuilab_, tmp_path):
    router = example("router")
    make_lab("router", edits.become("load router", router))
    code, out, err = tuilab_("show", "router")
    assert (code, err) == (0, "")
    assert yaml.loads(out).topology == router
    data = json.loads(tuilab_("show", "router", "--json")[1])
    assert data["namespaces"]["router"]["links"]["eth1"]["addresses"] == [
        "10.0.2.254/24",
        "fd00:2::fe/64",
    ]


def test_history_shows_where_one_stands(tuilab_):
    journal = make_lab("work", *map(edits.add_namespace, ("red", "blue")))
    journal.at(1)
    code, out, _ = tuilab_("history", "work")
    lines = out.splitlines()
    assert code == 0
    assert [line[0] for line in lines] == [" ", ">", " "]
    assert lines[1].endswith("add namespace red")
    assert lines[2].endswith("add namespace blue  (undone)")
    data = json.loads(tuilab_("history", "work", "--json")[1])
    assert data["position"] == 1
    assert [edit["done"] for edit in data["edits"]] == [True, False]
    assert data["edits"][1]["commands"] == ["ip a"]


def test_the_environment_names_the_lab(tuilab_, monkeypatch):
    make_lab("one", edits.add_namespace("red"))
    make_lab("two", edits.add_namespace("blue"))
    monkeypatch.setenv("TUILAB_LAB", "two")
    assert "blue" in tuilab_("show")[1]
    assert "red" in tuilab_("show", "--lab", "one")[1]
    assert "red" in tuilab_("show", "one")[1]
    assert "red" in tuilab_("--lab", "one", "show")[1]


@pytest.mark.parametrize(
    "words",
    [
        ["add", "namespace", "green"],
        ["undo"],
        ["exec", "red", "--", "true"],
        ["shell", "red"],
        ["ping", "red", "10.0.0.1"],
        ["capture", "red:eth0"],
        ["show", "--observed"],
    ],
)
def test_a_lab_that_is_down_says_how_to_bring_it_up(tuilab_, monkeypatch, words):
    make_lab("work", edits.add_namespace("red"))
    monkeypatch.setenv("TUILAB_LAB", "work")
    code, out, err = tuilab_(*words)
    assert (code, out) == (2, "")
    assert 'lab "work" is down' in err
    assert "tuilab up work" in err


# Files


@pytest.mark.parametrize(
    "words",
    [["up"], ["plan"], ["check"], ["check", "--live"], ["up", "--dry-run"], []],
)
def test_every_mistake_of_a_file_has_its_place(tuilab_, tmp_path, state, words):
    Path("bad.yaml").write_text(BAD)
    code, out, err = tuilab_(*words, "bad.yaml")
    assert (code, out) == (2, "")
    places = [line.split(": ")[0] for line in err.splitlines()]
    assert places == ["bad.yaml:6:26", "bad.yaml:6:46"]
    assert not state.exists()


def test_plan_prints_commands_that_need_no_rights(tuilab_, state):
    code, out, err = tuilab_("plan", "router")
    assert (code, err) == (0, "")
    command, _, reason = out.splitlines()[0].partition("  # ")
    assert (command.rstrip(), reason) == ("ip netns add red", '"red" is new')
    assert "ip -n red route add default via 10.0.1.254 dev eth0" in out
    data = json.loads(tuilab_("up", "router", "--dry-run", "--json")[1])
    assert data["lab"] == "router"
    assert data["running"] is False
    commands = [line for step in data["operations"] for line in step["commands"]]
    assert commands == [line.partition("  # ")[0].strip() for line in out.splitlines()]
    assert not state.exists()


def test_check_says_what_is_in_a_file(tuilab_):
    code, out, err = tuilab_("check", "router")
    assert (code, err) == (0, "")
    assert out.endswith("no mistakes; 3 namespaces, 4 links, 5 expectations\n")
    assert json.loads(tuilab_("check", "router", "--json")[1])["links"] == 4


def test_schema_is_json_schema(tuilab_):
    code, out, _ = tuilab_("schema")
    assert code == 0
    assert json.loads(out)["properties"]["tuilab"]


def test_save_keeps_the_comments_of_the_file_it_came_from(tuilab_, tmp_path):
    source = tmp_path / "mine.yaml"
    head = "# my lab\ntuilab: 1\nname: work # short\n"
    source.write_text(f"{head}namespaces: {{red: {{}}}}\n")
    start = yaml.load(source).topology
    journal = make_lab("work", edits.become("load", start), edits.add_namespace("blue"))
    journal.set_source(source)
    code, out, _ = tuilab_("save", "--lab", "work")
    assert (code, out) == (0, "")
    assert source.read_text().startswith(head)
    assert yaml.load(source).topology == journal.history.topology


def test_save_overwrites_nothing_that_somebody_else_wrote(tuilab_, tmp_path):
    journal = make_lab("work", edits.add_namespace("red"))
    Path("new.yaml").write_text("precious")
    code, _, err = tuilab_("save", "new.yaml", "--lab", "work")
    assert code == 2
    assert "is there already" in err
    assert Path("new.yaml").read_text() == "precious"
    assert tuilab_("save", "new.yaml", "--lab", "work", "--force")[0] == 0
    assert yaml.load("new.yaml").topology == journal.history.topology
    assert journal.source == tmp_path / "new.yaml"
    changed = Path("new.yaml").read_text().replace("red", "green")
    Path("new.yaml").write_text(changed)
    code, _, err = tuilab_("save", "--lab", "work")
    assert code == 2
    assert "was changed since" in err
    assert Path("new.yaml").read_text() == changed


def test_save_needs_to_be_told_where_once(tuilab_):
    make_lab("work", edits.add_namespace("red"))
    code, _, err = tuilab_("save", "--lab", "work")
    assert code == 2
    assert "tuilab save work.yaml" in err
    assert tuilab_("save", "a.yaml", "--lab", "work")[0] == 0
    assert tuilab_("save", "--lab", "work")[0] == 0
    assert tuilab_("save", "none/a.yaml", "--lab", "work")[0] == 2


# What is not imported


def loaded_by(*words):
    code = (
        "import sys; from tuilab.cli import main\n"
        "code = main()\nprint(code, *sorted(sys.modules), sep='\\n')"
    )
    command = [sys.executable, "-c", code, *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, check=True
    )
    return set(done.stdout.split())


def test_the_version_costs_nothing():
    loaded = loaded_by("--version")
    assert {tuilab.__version__, "tuilab.cli"} <= loaded
    mine = {name for name in loaded if name.startswith("tuilab.")}
    assert mine == {"tuilab.cli"}
    assert not loaded & {"typer", "dataclasses", "asyncio", "json", "typing"}


@pytest.mark.parametrize("verb", ["ls", "show"])
def test_listings_load_nothing_heavy(verb):
    make_lab("work", edits.add_namespace("red"))
    loaded = loaded_by(verb, *(["work"] if verb == "show" else []))
    heavy = {"pyroute2", "asyncio", "textual", "scapy", "pcapy", "networkx"}
    assert "tuilab.lab.registry" in loaded
    assert not loaded & heavy
    assert "tuilab.lab.lab" not in loaded


@pytest.mark.parametrize("verb", ["exec", "ping", "capture", "add", "up", "undo"])
def test_no_verb_loads_the_screen_before_it_is_needed(verb):
    loaded = loaded_by(verb, "--help")
    assert not loaded & {"pyroute2", "textual", "scapy", "pcapy", "networkx"}


def test_keys_lists_them_and_makes_a_file_to_change_them(
    tuilab_, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "tuilab" / "keys.yaml"
    code, out, err = tuilab_("keys")
    assert code == 0
    assert "--write" in err
    rows = [line.split() for line in out.splitlines()]
    assert ["Build", "n", "add", "namespace", "add_namespace"] in rows
    # "-" is a key.
    assert [row[-1] for row in rows if row[1] == "-"] == ["canvas.out", "tree.shut_all"]
    assert ["Build", "none", "rename", "the", "selection", "rename"] in rows
    assert tuilab_("keys", "--write")[0] == 0
    assert tuilab_("keys", "--write")[0] == 2
    path.write_text("add_namespace: [f6, f5]\nbogus: x\n")
    code, out, err = tuilab_("keys", "--json")
    assert code == 2
    assert f"{path}:2:1: " in err
    row = next(it for it in json.loads(out) if it["id"] == "add_namespace")
    assert (row["keys"], row["changed"]) == (["f6", "f5"], True)
    checks = json.loads(tuilab_("doctor", "--json")[1])
    found = next(it for it in checks if it["name"] == "keys")
    assert not found["ok"]
    assert f"{path}:2:1: " in found["detail"]


def test_a_lab_is_drawn_and_told_in_words_without_a_kernel(tuilab_):
    make_lab("router", edits.become("load router", example("router")))
    code, out, err = tuilab_("show", "router", "--draw", "--width", "100")
    assert (code, err) == (0, "")
    assert "▸eth0 10.0.1.254/24" in out
    assert "●" in out
    narrow = tuilab_("show", "router", "--draw", "--width", "30", "--ascii")[1]
    assert narrow.isascii()
    assert "|   router   |" in narrow
    assert max(map(len, narrow.splitlines())) <= 30
    assert "[router]" in tuilab_("show", "router", "--draw", "--level", "1")[1]
    least = tuilab_("show", "router", "--draw", "--level", "0")[1]
    assert least.strip() and "router" not in least
    for words in (("show", "--plain", "router"), ("--plain", "router")):
        code, out, err = tuilab_(*words)
        assert (code, err) == (0, "")
        assert out.isascii()
        assert out.splitlines()[0] == "lab router: 3 namespaces, 2 cables"
        assert "  eth0: veth to router:eth0, up, 10.0.1.1/24, fd00:1::1/64" in out
        assert "  route default via 10.0.1.254 dev eth0\n" in out
    assert "lab two-hosts: 2 namespaces" in tuilab_("--plain", "two-hosts")[1]
    code, _, err = tuilab_("show", "router", "--draw", "--plain")
    assert code == 2
    assert "give one of them" in err


def test_a_terminal_that_can_only_print_lines_gets_no_screen(tmp_path):
    ours, theirs = pty.openpty()
    try:
        found = subprocess.run(
            [sys.executable, "-m", "tuilab", "two-hosts"],
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
            env={
                **os.environ,
                "TERM": "dumb",
                "XDG_STATE_HOME": str(tmp_path),
                "XDG_RUNTIME_DIR": str(tmp_path),
            },
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert found.returncode == 2
    assert "TERM is dumb" in found.stderr
    assert "tuilab --plain" in found.stderr
