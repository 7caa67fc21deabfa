"""Whatever goes wrong, the app goes on and says what happened."""

from __future__ import annotations

import asyncio
import shutil

import pytest
from textual.events import Resize
from textual.geometry import Size

from tests.drivers import OneByOne
from tests.tui.bench import opened
from tests.tui.labs import switch, two_hosts
from tuilab.errors import Busy, KernelError
from tuilab.formats import yaml
from tuilab.kernel.modelled import ModelDriver
from tuilab.lab.journal import FileJournal, MemoryJournal
from tuilab.lab.lab import Lab
from tuilab.model import edits
from tuilab.model.topology import HOST, Topology
from tuilab.tui.app import ExitChoice, Surroundings
from tuilab.tui.canvas.graph import Item


class Refusing(OneByOne, ModelDriver):
    """A kernel that refuses from a certain operation on, in words or with a bug."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.error = error
        self.gate = asyncio.Event()
        self.gate.set()

    async def before(self, operation):
        await self.gate.wait()
        if self.error is not None:
            error, self.error = self.error, None
            raise error


async def lab_on(driver, directory):
    lab = await Lab.open(driver, MemoryJournal(Topology("demo")), directory)
    await lab.restore()
    return lab


async def test_a_refusal_of_the_kernel_is_said_in_the_dialog_and_rolled_back(tmp_path):
    driver = Refusing()
    lab = await lab_on(driver, tmp_path)
    async with opened(lab=lab) as bench:
        await bench.press("n")
        await bench.fill("name", "mine")
        driver.error = KernelError('"mine" could not be made: no space', "free some")
        await bench.press("enter")
        assert bench.in_dialog
        assert '"mine" could not be made: no space' in bench.problem("")
        assert "the lab is as before" in bench.problem("")
        assert list(bench.topology.namespaces) == [HOST]
        await bench.press("enter")
        assert not bench.in_dialog
        assert "mine" in bench.topology.namespaces


async def test_a_refusal_of_a_key_is_a_toast(tmp_path):
    driver = Refusing()
    lab = await lab_on(driver, tmp_path)
    async with opened(lab=lab) as bench:
        await bench.edit(edits.become("two hosts", two_hosts()))
        bench.main.select(Item("link", "red", "eth0"))
        driver.error = KernelError("the kernel says [no]", "ask it again")
        await bench.press("x")
        assert "the kernel says [no]; ask it again" in bench.toasts[-1]
        assert bench.topology.link(two_hosts().cables[0].a).up
        await bench.press("x")
        assert not bench.topology.link(two_hosts().cables[0].b).up


async def test_a_bug_becomes_a_report_and_the_app_goes_on(tmp_path):
    driver = Refusing()
    lab = await lab_on(driver, tmp_path)
    around = Surroundings(reports=tmp_path / "reports")
    async with opened(lab=lab, surroundings=around, mistakes=1) as bench:
        driver.error = ZeroDivisionError("a bug for this test")
        await bench.press("n", "enter")
        await bench.until(lambda: "ZeroDivisionError" in bench.text)
        assert "A report is in" in bench.text
        (report,) = (tmp_path / "reports").iterdir()
        assert "a bug for this test" in report.read_text()
        assert "Traceback" in report.read_text()
        await bench.press("enter", "escape")
        assert not bench.in_dialog
        await bench.press("b", "enter")
        assert bench.topology.namespaces[HOST].bridges() == ["br0"]


async def test_a_report_that_can_not_be_written_is_no_second_error(tmp_path):
    driver = Refusing(None)
    lab = await lab_on(driver, tmp_path)
    (tmp_path / "file").write_text("")
    around = Surroundings(reports=tmp_path / "file" / "reports")
    async with opened(lab=lab, surroundings=around, mistakes=1) as bench:
        driver.error = ZeroDivisionError("a bug for this test")
        await bench.press("n", "enter")
        await bench.until(lambda: "A report is in nowhere" in bench.text)


async def test_a_mistake_in_what_a_key_does_becomes_a_report_too(monkeypatch):
    async with opened(mistakes=1) as bench:
        monkeypatch.setattr(type(bench.main), "start", lambda *_: 1 / 0)
        await bench.press("n")
        await bench.until(lambda: "ZeroDivisionError" in bench.text)
        monkeypatch.undo()
        await bench.press("enter", "n", "enter")
        assert "red" in bench.topology.namespaces


async def test_an_edit_on_its_way_is_marked_and_nothing_else_waits(tmp_path):
    driver = Refusing()
    lab = await lab_on(driver, tmp_path)
    async with opened(lab=lab, size=(120, 36)) as bench:
        await bench.pilot.press("n")
        await bench.until(lambda: bench.in_dialog)
        driver.gate.clear()
        await bench.pilot.press("enter")
        await bench.until(lambda: "… add namespace red" in bench.text)
        assert bench.in_dialog
        # The loop is free: another one can look at the lab meanwhile.
        assert lab.snapshot.pending == "add namespace red"
        driver.gate.set()
        await bench.until(lambda: not bench.in_dialog)
        assert "…" not in bench.text.splitlines()[0]


async def test_keys_after_a_refusal_do_not_reach_the_wrong_place(tmp_path):
    from textual.events import Key

    driver = Refusing()
    lab = await lab_on(driver, tmp_path)
    async with opened(lab=lab) as bench:
        driver.error = KernelError("refused", "so it is")
        for key in ("n", "enter", "n", "x", "y"):
            bench.app.post_message(Key(key, key if len(key) == 1 else "\r"))
        await bench.until(
            lambda: "refused" in bench.problem("") if bench.in_dialog else 0
        )
        # What was typed for the screen behind the dialog is not in its name now.
        assert bench.app.screen.values["name"] == "red"


async def test_the_end_of_the_lab_is_said_and_nothing_can_be_changed():
    async with opened(two_hosts()) as bench:
        bench.lab.end('lab "demo" has ended: its keeper process is gone')
        await bench.until(lambda: bench.in_dialog)
        assert "its keeper process is gone" in bench.text
        await bench.until(lambda: "its history with it" in bench.text)
        await bench.press("escape")
        assert "ENDED" in bench.text
        await bench.press("n")
        assert not bench.in_dialog
        assert bench.toasts[-1].startswith("the lab has ended")
        await bench.press("q")
        await bench.until(lambda: not bench.app.is_running)
        assert bench.app.return_value == ExitChoice("keep")


@pytest.mark.parametrize("kept", [True, False])
async def test_a_lab_that_has_ended_can_be_saved_whatever_is_left_of_it(tmp_path, kept):
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "start.lock").touch()
    journal = FileJournal.create(folder, Topology("demo"))
    lab = await Lab.open(ModelDriver(), journal, folder)
    around = Surroundings(folders=(tmp_path,))
    async with opened(lab=lab, surroundings=around) as bench:
        await bench.edit(edits.become("two hosts", two_hosts()))
        if not kept:
            shutil.rmtree(folder)
        bench.lab.end("gone")
        said = "tuilab up demo" if kept else "its history with it"
        await bench.until(lambda: said in bench.text)
        await bench.press("escape", "ctrl+s", "enter")
        assert not bench.in_dialog
        assert bench.toasts == [f'saved to "{tmp_path / "demo.yaml"}"']
        assert yaml.load(tmp_path / "demo.yaml").topology == bench.topology


async def test_the_end_of_the_lab_under_a_dialog_that_runs():
    async with opened(two_hosts()) as bench:
        await bench.press("n")
        bench.lab._gone = "the sandbox has ended"
        await bench.press("enter")
        assert "the sandbox has ended" in bench.problem("")
        await bench.press("escape")
        assert bench.app.is_running


async def test_busy_is_said_and_can_be_tried_again(tmp_path):
    driver = Refusing()
    lab = await lab_on(driver, tmp_path)
    async with opened(lab=lab) as bench:
        await bench.press("n")
        driver.error = Busy("another process is at it", "try again")
        await bench.press("enter")
        assert "another process is at it; try again" in bench.problem("")
        await bench.press("enter")
        assert "red" in bench.topology.namespaces


async def test_names_are_never_read_as_markup():
    async with opened(two_hosts(), size=(120, 36)) as bench:
        bench.app.say("[bold]not bold[/bold] [@click=app.quit]x[/]")
        await bench.until(lambda: "[bold]not bold[/bold]" in bench.text)


async def test_sizes_that_follow_each_other_come_to_rest():
    """They would be told in turns for ever, with something else between them."""
    async with opened() as bench:
        screen, size = bench.app.screen, bench.app.size
        for told in (Size(80, 25), Size(70, 20), size):
            screen.post_message(Resize(told, told))
            screen.call_later(lambda: None)
        await bench.pilot.pause()
        assert screen.size == size
        await bench.pilot.resize_terminal(100, 30)
        await bench.pilot.resize_terminal(90, 28)
        await bench.until(lambda: screen.size == Size(90, 28))


async def test_what_lies_below_a_dialog_is_painted_when_painting_goes_on():
    async with opened(two_hosts()) as bench:
        await bench.press("n")
        with bench.app.batch_update():
            await bench.edit(edits.remove_namespace("blue"))
            below = bench.main
            assert below._dirty_widgets or below._layout_required
        await bench.idle()
        assert not below._dirty_widgets
        assert not below._layout_required


async def test_what_is_left_to_do_for_a_dialog_can_come_after_its_end():
    async with opened(two_hosts()) as bench:
        await bench.press("n")
        dialog = bench.app.screen
        await dialog.query_one("#frame").remove()
        dialog.call_after_refresh(dialog.show_more)
        await bench.press("escape")
        assert not bench.in_dialog


async def test_what_is_below_two_dialogs_is_seen_in_its_new_size() -> None:
    async with opened(switch(), size=(160, 48)) as bench:
        await bench.press("n", "ctrl+q")
        wanted = bench.text
    async with opened(switch(), size=(80, 24)) as bench:
        await bench.press("n", "ctrl+q")
        for size in ((120, 36), (160, 48)):
            await bench.pilot.resize_terminal(*size)
            await bench.idle()
        assert bench.text == wanted


@pytest.mark.parametrize("width", [36, 44, 60, 80])
async def test_buttons_are_whole_in_every_window(width):
    lab = await Lab.preview(two_hosts(), reason="")
    buttons = ("[ Stay  Esc ]", "[ Keep it running  Enter ]", "[ Remove the lab  r ]")
    async with opened(lab=lab, size=(80, 24)) as bench:
        await bench.press("q")
        assert all(button in bench.text for button in buttons)
        await bench.pilot.resize_terminal(width, 20)
        await bench.until(lambda: all(button in bench.text for button in buttons))
        await bench.pilot.resize_terminal(80, 24)
        await bench.until(
            lambda: any(
                all(it in row for it in buttons) for row in bench.text.splitlines()
            )
        )
