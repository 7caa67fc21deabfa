"""Saving, loading, going to another lab, leaving."""

from __future__ import annotations

import subprocess
from xml.etree import ElementTree

import pytest
from textual.widgets import Input

from tests.tui.bench import opened
from tests.tui.labs import switch, two_hosts
from tuilab.formats import yaml
from tuilab.formats.script import from_nothing
from tuilab.lab.lab import Lab
from tuilab.model.generate import generate
from tuilab.model.topology import HOST
from tuilab.tui.app import ExitChoice, Surroundings
from tuilab.tui.screens.quit import QuitScreen


def at(folder, **more):
    return Surroundings(folders=(folder,), reports=folder / "reports", **more)


async def test_save_writes_the_lab_as_a_file(tmp_path):
    async with opened(two_hosts(), surroundings=at(tmp_path)) as bench:
        await bench.press("ctrl+s")
        assert "a new file" in bench.text
        await bench.press("enter")
        assert yaml.load(tmp_path / "demo.yaml").topology == two_hosts()
        assert "saved to" in bench.toasts[-1]
        assert bench.lab.source == tmp_path / "demo.yaml"


async def test_save_again_keeps_the_comments_of_the_file(tmp_path):
    path = tmp_path / "lab.yaml"
    path.write_text(
        "# my lab\ntuilab: 1\nname: demo\nnamespaces:\n  red:  # the left one\n"
    )
    async with opened(yaml.load(path).topology, surroundings=at(tmp_path)) as bench:
        bench.lab.set_source(path)
        await bench.press("n", "enter", "ctrl+s")
        assert "exists, will be replaced" in bench.text
        await bench.press("enter")
        assert " demo " in bench.text
        await bench.press("b", "enter")
        assert " demo* " in bench.text
        await bench.press("u")
        assert " demo " in bench.text
        text = path.read_text()
        assert "# my lab" in text
        assert "# the left one" in text
        assert set(yaml.load(path).topology.namespaces) == {HOST, "red", "blue"}


async def test_save_says_when_the_file_was_changed_by_hand_meanwhile(tmp_path):
    path = tmp_path / "lab.yaml"
    path.write_text(yaml.dump(two_hosts()))
    async with opened(two_hosts(), surroundings=at(tmp_path)) as bench:
        bench.lab.set_source(path)
        await bench.press("n", "enter", "ctrl+s")
        assert "exists, will be replaced" in bench.text
        await bench.press("enter", "u", "b", "enter", "ctrl+s")
        # What was saved is no longer in the history, but it was ours.
        assert "exists, will be replaced" in bench.text
        await bench.press("escape")
        path.write_text(yaml.dump(switch()))
        await bench.press("ctrl+s")
        assert "changed by hand: would be lost" in bench.text
        await bench.press("escape")
        path.write_text("tuilab: [")
        await bench.press("ctrl+s")
        assert "can't be read: would be lost" in bench.text


async def test_save_says_what_is_wrong_with_the_name(tmp_path):
    async with opened(two_hosts(), surroundings=at(tmp_path)) as bench:
        await bench.press("ctrl+s")
        await bench.fill("path", str(tmp_path))
        assert "is a directory; name a file in it" in bench.problem("path")
        await bench.fill("path", str(tmp_path / "no" / "lab.yaml"))
        assert "make it first" in bench.problem("path")
        await bench.press("enter")
        assert bench.in_dialog
        await bench.fill("path", "")
        assert "give the file a name" in bench.text


async def test_load_shows_the_plan_and_is_one_edit(tmp_path):
    path = tmp_path / "other.yaml"
    path.write_text(yaml.dump(switch()))
    async with opened(two_hosts(), surroundings=at(tmp_path)) as bench:
        await bench.press("ctrl+o")
        await bench.until(lambda: "= keep" in bench.text)
        assert "+ create 3" in bench.text
        assert "ip link add name br0" in bench.text
        await bench.press("enter")
        assert bench.topology.namespaces == switch().namespaces
        assert bench.lab.source == path
        assert [e.title for e in bench.lab.snapshot.history.edits] == [
            "load other.yaml"
        ]
        await bench.press("u")
        assert bench.topology == two_hosts()


async def test_load_lists_ready_labs_and_filters_them(tmp_path):
    async with opened(surroundings=at(tmp_path)) as bench:
        await bench.press("ctrl+o")
        await bench.type("router")
        await bench.until(lambda: "Will run" in bench.text)
        assert "ready lab:" in bench.text
        # Others speak of a router too; the one of that name is meant.
        await bench.press("enter")
        edits = bench.lab.snapshot.history.edits
        assert [it.title for it in edits] == ["load router.yaml"]
        # A ready lab is not the lab's own file: saving must not write there.
        assert bench.lab.source is None


async def test_load_of_a_bad_file_says_every_mistake_with_its_place(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(
        "tuilab: 1\nname: x\nnamespaces:\n  red: {links: {eth0: {kind: no}}}\nfoo: 1\n"
    )
    async with opened(surroundings=at(tmp_path)) as bench:
        await bench.press("ctrl+o")
        await bench.until(lambda: "bad.yaml:4:" in bench.problem(""))
        assert "bad.yaml:5:1" in bench.problem("")
        await bench.press("enter")
        assert bench.in_dialog
        assert list(bench.topology.namespaces) == [HOST]


async def test_all_mistakes_of_a_file_can_be_read_on_a_small_screen(tmp_path):
    path = tmp_path / "bad.yaml"
    names = "".join(f"  n{n}!: {{}}\n" for n in range(20))
    path.write_text(f"tuilab: 1\nname: x\nnamespaces:\n{names}")
    async with opened(surroundings=at(tmp_path)) as bench:
        await bench.press("ctrl+o")
        await bench.until(lambda: '"n0!"' in bench.text)
        assert "PgDn reads on" in bench.text
        assert "[ Load  Enter ]" in bench.text
        assert '"n19!"' not in bench.text
        await bench.press(*["pagedown"] * 9)
        await bench.until(lambda: '"n19!"' in bench.text)
        await bench.press(*["pageup"] * 9)
        await bench.until(lambda: '"n0!"' in bench.text)


@pytest.mark.parametrize(
    "text", ["~no-such-user/x", "a" * 5000, "\0", "/proc/1/root/x"]
)
async def test_whatever_is_typed_for_a_file_is_no_bug(tmp_path, text):
    async with opened(two_hosts(), surroundings=at(tmp_path)) as bench:
        await bench.press("ctrl+o")
        await bench.fill("query", text)
        await bench.press("enter")
        assert "no file" in bench.text
        await bench.press("escape", "ctrl+s")
        await bench.fill("path", f"{text}/x")
        await bench.press("enter")
        assert bench.in_dialog
        await bench.press("escape")
        bench.main.start("labs")
        await bench.until(lambda: bench.in_dialog)
        await bench.fill("query", f"{text}/x.yaml")
        await bench.press("enter")
        assert "no file" in bench.text


async def test_load_of_a_missing_file_is_refused(tmp_path):
    async with opened(surroundings=at(tmp_path)) as bench:
        await bench.press("ctrl+o")
        await bench.type("/no/such/file.yaml")
        await bench.press("enter")
        assert bench.in_dialog
        assert 'no file "/no/such/file.yaml"' in bench.text


async def test_quit_asks_unless_there_is_nothing_to_lose():
    async with opened() as bench:
        await bench.press("q")
        await bench.until(lambda: not bench.app.is_running)
        assert bench.app.return_value == ExitChoice("remove")


async def test_quit_asks_for_what_was_emptied():
    async with opened() as bench:
        await bench.press("n", "enter", "u", "q")
        assert bench.in_dialog
        await bench.press("enter")
        await bench.until(lambda: not bench.app.is_running)
        assert bench.app.return_value == ExitChoice("keep")


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize("empty", [True, False])
async def test_quit_says_what_becomes_of_the_lab(preview, empty):
    async with opened() as bench:
        dialog = QuitScreen("mine", "f9", preview=preview, empty=empty)
        bench.app.push_screen(dialog)
        await bench.idle()
        assert ("f9 saves it" in bench.text) is preview
        assert ("goes on running" in bench.text) is not (preview or empty)
        assert ('"mine" is empty' in bench.text) is (empty and not preview)
        assert ("tuilab down mine" in bench.text) is not preview


async def test_quit_keeps_the_lab():
    async with opened(two_hosts()) as bench:
        await bench.press("q")
        assert bench.in_dialog
        await bench.press("escape")
        assert bench.app.is_running
        await bench.press("q", "enter")
        await bench.until(lambda: not bench.app.is_running)
        assert bench.app.return_value == ExitChoice("keep")


async def test_a_lab_is_removed_for_good_only_when_asked_twice():
    lab = await Lab.preview(two_hosts(), reason="")
    async with opened(lab=lab) as bench:
        await bench.press("q", "r")
        assert "2 namespaces, 2 links" in bench.text
        assert "in no file" in bench.text
        await bench.press("escape")
        assert "goes on running" in bench.text
        await bench.press("r", "r", "k")  # neither of these is an answer here
        assert bench.app.is_running
        await bench.press("enter")
        await bench.until(lambda: not bench.app.is_running)
        assert bench.app.return_value == ExitChoice("remove")


async def test_ctrl_q_asks_from_within_a_dialog_too():
    async with opened(two_hosts()) as bench:
        await bench.press("n", "ctrl+q")
        assert "ends here" in bench.text
        await bench.press("escape")
        assert bench.app.screen.query_one("#name", Input).value == "green"


async def test_another_lab_can_be_gone_to(tmp_path):
    around = at(tmp_path, labs=lambda: ["demo", "routers"])
    async with opened(two_hosts(), surroundings=around) as bench:
        bench.main.start("labs")
        await bench.until(lambda: bench.in_dialog)
        assert "this one" in bench.text
        await bench.press("enter")
        assert "that is this lab" in bench.text
        await bench.press("down", "enter")
        await bench.until(lambda: not bench.app.is_running)
        assert bench.app.return_value == ExitChoice("lab", "routers")


async def test_a_new_lab_or_a_file_can_be_gone_to(tmp_path):
    around = at(tmp_path, labs=lambda: ["demo"])
    async with opened(two_hosts(), surroundings=around) as bench:
        bench.main.start("labs")
        await bench.until(lambda: bench.in_dialog)
        await bench.type("a b")
        await bench.press("enter")
        assert bench.in_dialog
        await bench.press("backspace", "backspace", "backspace")
        path = tmp_path / "net.yaml"
        path.write_text("tuilab: 2\n")
        await bench.fill("query", str(path))
        await bench.press("enter")
        # One does not leave for what can't be opened.
        assert "net.yaml:1:" in bench.problem("")
        path.write_text(yaml.dump(switch()))
        await bench.press("enter")
        await bench.until(lambda: not bench.app.is_running)
        assert bench.app.return_value == ExitChoice("open", str(path))


async def test_a_form_does_not_complain_before_anything_was_typed(tmp_path):
    async with opened(two_hosts(), surroundings=at(tmp_path)) as bench:
        bench.main.start("open_packets")
        await bench.until(lambda: bench.in_dialog)
        await bench.idle()
        assert bench.problem("path") == ""
        assert "name a file" in bench.text
        await bench.press("x", "backspace")
        assert bench.problem("path") == "name a file"
        await bench.press("escape")
        bench.main.start("open_packets")
        await bench.until(lambda: bench.in_dialog)
        await bench.idle()
        await bench.press("enter")
        assert bench.in_dialog
        assert bench.problem("path") == "name a file"


async def test_a_lab_is_saved_as_a_script_and_as_its_whole_drawing(tmp_path):
    lab = generate("fat-tree", 4)
    async with opened(lab, surroundings=at(tmp_path)) as bench:
        canvas = bench.main.canvas
        whole = canvas.drawing.text()
        assert canvas.portion < 1  # more than is in sight
        await bench.press("right", "space")  # what is chosen and marked is not drawn
        for kind in (".sh", ".txt", ".svg"):
            await bench.press("ctrl+s")
            await bench.choose("kind", kind)
            assert f"{lab.name}{kind} " in bench.text
            await bench.press("enter")
            assert "saved to" in bench.toasts[-1]
        assert bench.lab.source is None  # none of them can be loaded again
        script = tmp_path / f"{lab.name}.sh"
        assert subprocess.run(["sh", "-n", script], check=False).returncode == 0
        assert script.read_text().splitlines()[3:] == [*from_nothing(lab).commands]
        assert (tmp_path / f"{lab.name}.txt").read_text() == whole + "\n"
        picture = ElementTree.parse(tmp_path / f"{lab.name}.svg").getroot()
        words = "".join(picture.itertext())
        for node in canvas.drawing.boxes:
            assert (node.ifname or node.namespace) in words


async def test_the_end_of_the_name_says_what_a_lab_is_saved_as(tmp_path):
    async with opened(two_hosts(), surroundings=at(tmp_path)) as bench:
        await bench.press("ctrl+s")
        await bench.fill("path", str(tmp_path / "picture.SVG"))
        assert "a drawing as SVG" in bench.text
        await bench.fill("path", str(tmp_path / "notes.txt"))
        await bench.press("enter")
        assert "red" in (tmp_path / "notes.txt").read_text()
        await bench.press("ctrl+s")
        assert "demo.yaml" in bench.text
        await bench.fill("path", str(tmp_path / "lab"))
        await bench.press("enter")
        assert yaml.load(tmp_path / "lab").topology == two_hosts()
        # What was chosen stays, whatever is typed afterwards.
        await bench.press("ctrl+s")
        await bench.choose("kind", ".sh")
        await bench.fill("path", str(tmp_path / "picture.svg"))
        await bench.press("enter")
        assert (tmp_path / "picture.svg").read_text().startswith("#!/bin/sh")
