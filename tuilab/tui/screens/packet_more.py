"""More about a packet: what its conversation said, where else it was seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.app import ComposeResult
from textual.widget import Widget

from tuilab.packets.conversation import Chunk, Twin
from tuilab.packets.scratch import printable
from tuilab.packets.store import Packet
from tuilab.tui.glyphs import Glyphs
from tuilab.tui.screens.dialog import Dialog
from tuilab.tui.screens.pick import Entry, PickDialog, fits
from tuilab.tui.text import Line, Role, Span, line, plain, wrapped
from tuilab.tui.widgets.line_view import TextLines

LONGEST = 100_000
"""Bytes of a conversation that are shown."""


class SaidScreen(Dialog[None]):
    """What both sides of a conversation said."""

    DEFAULT_CSS = """
    SaidScreen TextLines { height: 60vh; background: $surface; }
    """
    title_text = "What was said"
    verb = ""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        super().__init__()
        self._chunks = chunks

    def body(self) -> ComposeResult:
        """All of it, side by side in turns."""
        view = TextLines(id="said")
        view.follows = False
        view.set_lines(said_lines(self._chunks, self.text_width))
        yield view

    def first_focus(self) -> Widget | None:
        """The text, to scroll it."""
        return self.query_one("#said")

    async def run(self) -> None:
        """Nothing else is to be done."""
        self.dismiss(None)


def said_lines(chunks: Sequence[Chunk], cells: int) -> list[Line]:
    """Who said what, as text; other bytes as dots."""
    lines: list[Line] = []
    left = LONGEST
    for chunk in chunks:
        sign = ">" if chunk.forward else "<"
        role: Role = "good" if chunk.forward else "warn"
        if chunk.missing:
            lines.append(line((f"  {chunk.missing} bytes are missing", "bad")))
        for text in chunk.data[:left].split(b"\n"):
            said = printable(text.rstrip(b"\r"))
            parts = wrapped(said, cells - 2, indent=0) or [line("")]
            lines += [(Span(f"{sign} ", role), *part) for part in parts]
        left -= len(chunk.data)
        if left <= 0:
            lines.append(line((f"only the first {LONGEST} bytes are shown", "dim")))
            break
    return lines or [line(("nothing was said: there is no payload", "dim"))]


class TwinsScreen(PickDialog[int, int]):
    """Gives the index of the packet that was chosen."""

    title_text = "The same packet on other links"
    verb = "Go to"

    def __init__(
        self, asked: Packet, twins: Sequence[Twin], glyphs: Glyphs, watch: str
    ) -> None:
        """Ask.

        Args:
            asked: The packet that is looked at.
            twins: Where else it was seen.
            glyphs: Signs to use.
            watch: The key that watches other links.
        """
        super().__init__()
        self._watch = watch
        self._lines = [
            (twin.index, shown)
            for twin in twins
            for shown in twin_lines(asked, twin, glyphs)
        ]

    def entries(self, query: str) -> Sequence[Entry[int]]:
        """Every line with what was typed."""
        return [(index, it) for index, it in self._lines if fits(query, plain(it))]

    def picked(self, value: int | None, query: str) -> None:
        """Go there."""
        if value is None:
            more = f"{self._watch} watches more of them"
            self.refuse(f"it was seen on no other watched link: {more}")
        else:
            self.dismiss(value)


def twin_lines(asked: Packet, twin: Twin, glyphs: Glyphs) -> Iterator[Line]:
    """Where and when it was, and what differs there."""
    later = (twin.packet.time_ns - asked.time_ns) / 1e6
    yield line(
        (f"{twin.packet.endpoint}  ", "title"),
        f"packet {twin.packet.number}, {later:+.3f} ms",
    )
    if not twin.differences:
        yield line(("    nothing differs", "dim"))
    for name, here, there in twin.differences:
        yield line((f"    {name}  ", "dim"), f"{here} {glyphs.differs} {there}")
