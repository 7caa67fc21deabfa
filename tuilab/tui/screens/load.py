"""Load a topology file: what it would create, keep and remove comes first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from tuilab.errors import InvalidTopology, TuilabError
from tuilab.formats import yaml
from tuilab.lab.lab import Lab
from tuilab.model.edits import become
from tuilab.tui.screens.dialog import AROUND
from tuilab.tui.screens.pick import Entry, PickDialog, distance, fits
from tuilab.tui.text import contents, line
from tuilab.tui.widgets.files import TopologyFile, difference_line, typed_file
from tuilab.tui.widgets.pick_view import PickView
from tuilab.tui.widgets.plan_text import plan_lines


class LoadScreen(PickDialog[Path, Path]):
    """Gives the file that the lab now follows."""

    DEFAULT_CSS = """
    LoadScreen {
        & .-wrong PickList { max-height: 2; }
        & #plan { height: auto; margin-top: 1; }
    }
    """
    title_text = "Load a topology file"
    verb = "Load"
    placeholder = "file, or type to filter"

    def __init__(self, files: Sequence[TopologyFile], lab: Lab) -> None:
        super().__init__()
        self._files = files
        self._lab = lab
        self._loaded: tuple[Path, yaml.Document] | None = None

    def body(self) -> ComposeResult:
        """The files, and below them the plan."""
        yield from super().body()
        with VerticalScroll(id="plan", can_focus=False):
            yield Static(id="commands")

    def measure(self) -> None:
        """A quarter of the window for the files, the rest for the plan."""
        files = max(2, min(self.app.size.height // 4, 12))
        self.listed.styles.height = files
        left = self.rows_left - files - AROUND - 4
        self.query_one("#plan").styles.max_height = max(3, left)

    def entries(self, query: str) -> Sequence[Entry[Path]]:
        """The files that fit: the path that was typed, what is named so, the others."""
        rows: list[Entry[Path]] = []
        if typed := typed_file(query):
            rows.append((typed, line(query)))
        found = [file for file in self._files if fits(query, file.text)]
        found.sort(key=lambda it: distance(query, it.path.name, it.path.stem))
        return rows + [(file.path, file.line) for file in found]

    @on(PickView.Moved)
    @on(Input.Changed, "#query")
    def _look(self) -> None:
        """Show what loading the current file would do."""
        self.holder.run_job(self._preview, of=self, group="load", exclusive=True)

    async def _preview(self) -> None:
        """Read the file and plan it; what is wrong with it, if anything, is shown."""
        path = self.listed.value
        self._loaded = None
        self.query_one("#plan").display = False
        self._say("")
        if path is None:
            return
        try:
            document = yaml.load(path)
            change = become(f"load {path.name}", document.topology)
            await self._lab.foresee(change)
            commands = self._lab.plan(change).commands
        except InvalidTopology as error:
            self._say("\n".join(error.lines()))
        except TuilabError as error:
            self._say(str(error))
        else:
            self._loaded = path, document
            now = self._lab.snapshot.topology
            lines = [
                difference_line(now, document.topology),
                *plan_lines(commands, self.text_width),
            ]
            self.query_one("#commands", Static).update(contents(lines))
            self.query_one("#plan").display = True

    def _say(self, text: str) -> None:
        self.show_error(text)
        self.query_one("#frame").set_class(bool(text), "-wrong")
        for area in ("#errors", "#plan"):
            self.query_one(area).scroll_home(animate=False)

    async def run(self) -> None:
        """Become what the file says."""
        self._filter_late()
        if self.listed.value is None:
            self.refuse(f'no file "{self.query_text}"; give the path of one')
            return
        await self._preview()
        if self._loaded is None:
            self.holder.drop_keys()
            self.app.bell()
            return
        path, document = self._loaded
        try:
            await self._lab.edit(become(f"load {path.name}", document.topology))
        except TuilabError as error:
            self.refuse(str(error))
        else:
            self.dismiss(path)
