"""One packet taken apart: its headers as a tree, its bytes, each lit by the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message

from tuilab.packets.layers import Field, Layer
from tuilab.packets.store import Packet
from tuilab.tui.actions import bindings
from tuilab.tui.glyphs import UNICODE, Glyphs
from tuilab.tui.moves import moves
from tuilab.tui.text import Line, line, plain
from tuilab.tui.widgets.packet_hex import bytes_per_line, hex_lines
from tuilab.tui.widgets.pick_view import PickView


def _verbs() -> list[Binding]:
    """The verbs of the list, but for those that go about in it."""
    apart = ("follow", "newest", "oldest")
    return [binding for binding in bindings("packets") if binding.id not in apart]


@dataclass(frozen=True, slots=True)
class Branch:
    """One line of the tree.

    Attributes:
        layer: The header it is about, or belongs to.
        field: The field; None for the header itself.
        depth: How far it is indented.
        start: Its first byte in the packet.
        end: The byte behind its last.
    """

    layer: Layer
    field: Field | None
    depth: int
    start: int
    end: int


def branches(layers: Sequence[Layer], opened: frozenset[str]) -> list[Branch]:
    """The lines of the tree; only of opened headers there are fields."""
    found = []
    for layer in layers:
        found.append(Branch(layer, None, 0, layer.start, layer.end))
        if layer.name in opened:
            found += _fields(layer, layer.fields, 1)
    return found


def _fields(layer: Layer, fields: Sequence[Field], depth: int) -> Iterator[Branch]:
    for field in fields:
        yield Branch(layer, field, depth, field.start, field.end)
        yield from _fields(layer, field.children, depth + 1)


def _key(branch: Branch) -> tuple[str, str, int]:
    """What makes a line the same in another packet."""
    name = branch.field.name if branch.field else ""
    return branch.layer.name, name, branch.depth


class PacketTree(PickView):
    """Headers that open to show their fields."""

    BINDINGS: ClassVar[list[BindingType]] = [*moves("tree"), *_verbs()]

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._glyphs = glyphs
        self._layers: Sequence[Layer] = ()
        self._opened: frozenset[str] = frozenset()
        self._branches: list[Branch] = []
        self._said = ""

    def show_layers(self, layers: Sequence[Layer], said: str = "") -> None:
        """Show another packet; what was opened stays so for all packets.

        Args:
            layers: What it consists of.
            said: What stands there when it could not be taken apart.
        """
        at = self.branch
        self._layers, self._said = layers, said
        self._branches = branches(layers, self._opened)
        self.lines_changed()
        self._find(at)

    def _find(self, at: Branch | None) -> None:
        """Stay at the same header or field."""
        for index, branch in enumerate(self._branches):
            if at is not None and _key(branch) == _key(at):
                self.cursor = index
                return
        self.cursor = min(self.cursor, max(len(self._branches) - 1, 0))

    @property
    def branch(self) -> Branch | None:
        """The current line."""
        inside = 0 <= self.cursor < len(self._branches)
        return self._branches[self.cursor] if inside else None

    def go_to_byte(self, offset: int) -> None:
        """Go to the smallest thing in sight that has a byte."""
        holding = [
            (branch.end - branch.start, -branch.depth, index)
            for index, branch in enumerate(self._branches)
            if branch.start <= offset < branch.end
        ]
        if holding:
            self.cursor = min(holding)[2]

    def line_count(self) -> int:
        """One line a header or field."""
        return len(self._branches) or 1

    def marked(self, index: int) -> bool:
        """The current line; where the keys are elsewhere too, as it lights bytes."""
        return bool(self._branches) and index == self.cursor

    def line(self, index: int) -> Line:
        """A header in words, or a field with its value."""
        if not self._branches:
            return line((self._said, "dim"))
        branch = self._branches[index]
        if branch.field is not None:
            indent = "    " * branch.depth
            return line((f"{indent}{branch.field.name}  ", "dim"), branch.field.value)
        opened = branch.layer.name in self._opened
        sign = self._glyphs.tree_open if opened else self._glyphs.tree_shut
        sign = sign if branch.layer.fields else self._glyphs.dot
        name, summary = branch.layer.name, branch.layer.summary
        return line(
            f"{sign} ", (name, "title"), f"  {summary}" if summary != name else ""
        )

    def _open(self, name: str, opened: bool) -> None:
        self._opened = self._opened | {name} if opened else self._opened - {name}
        self.show_layers(self._layers, self._said)

    def action_choose(self) -> None:
        """Open or shut the header."""
        if (branch := self.branch) is not None and branch.field is None:
            self._open(branch.layer.name, branch.layer.name not in self._opened)

    def action_open(self) -> None:
        """Open the header, or go to the next line."""
        branch = self.branch
        if branch is None or branch.field or branch.layer.name in self._opened:
            self.cursor += 1
        else:
            self._open(branch.layer.name, True)

    def action_shut(self) -> None:
        """Shut the header, or go up to it."""
        branch = self.branch
        if branch is None:
            return
        if branch.field is None:
            self._open(branch.layer.name, False)
            return
        for index in range(self.cursor, -1, -1):
            if self._branches[index].field is None:
                self.cursor = index
                return

    def action_all(self, opened: bool) -> None:
        """Open or shut every header."""
        self._opened = (
            frozenset(it.name for it in self._layers) if opened else frozenset()
        )
        self.show_layers(self._layers, self._said)

    def action_mark(self) -> None:
        """Space opens and shuts here."""
        self.action_choose()

    def clicked(self, index: int, column: int, times: int) -> None:
        """A click opens or shuts a header."""
        self.action_choose()


class PacketHex(PickView):
    """Bytes, of which some are lit; arrows go from byte to byte."""

    BINDINGS: ClassVar[list[BindingType]] = [*moves("tree"), *_verbs()]

    @dataclass
    class ByteMoved(Message):
        """Another byte is the current one."""

        view: PacketHex
        at: int

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.data = b""
        self.at = 0
        self._lit = (0, 0)
        self._lines: list[Line] = []

    def show(self, data: bytes, lit: tuple[int, int]) -> None:
        """Show bytes, with some of them lit."""
        if data != self.data:
            self.at = 0
        self.data, self._lit = data, lit
        self._make()
        if not self.has_focus and lit[1] > lit[0]:
            self.at = lit[0]
        self.show_line(self.at // self.step)

    def _make(self) -> None:
        lit = (self.at, self.at + 1) if self.has_focus else self._lit
        self._lines = hex_lines(self.data, self.size.width, lit)
        self.lines_changed()

    @property
    def step(self) -> int:
        """Bytes of a line."""
        return bytes_per_line(self.size.width)

    @property
    def plain_text(self) -> str:
        """All of it, as lines."""
        return "\n".join(plain(it).rstrip() for it in hex_lines(self.data, 80))

    def line_count(self) -> int:
        """Lines of bytes."""
        return len(self._lines)

    def line(self, index: int) -> Line:
        """Some bytes."""
        return self._lines[index]

    def marked(self, index: int) -> bool:
        """Bytes are lit, no lines."""
        return False

    def on_resize(self) -> None:
        """As many a line as there is room for."""
        self._make()

    def on_focus(self) -> None:
        """One byte is the current one."""
        self._make()

    def on_blur(self) -> None:
        """What the tree says is lit again."""
        self._make()

    def _go(self, offset: int) -> None:
        self.at = max(0, min(offset, len(self.data) - 1))
        self._make()
        self.show_line(self.at // self.step)
        self.post_message(self.ByteMoved(self, self.at))

    def action_move(self, by: int) -> None:
        """A line up or down."""
        self._go(self.at + by * self.step)

    def action_page(self, by: int) -> None:
        """Many lines up or down."""
        self.action_move(by * max(self.rows - 1, 1))

    def action_shut(self) -> None:
        """The byte before."""
        self._go(self.at - 1)

    def action_open(self) -> None:
        """The next byte."""
        self._go(self.at + 1)

    def action_all(self, last: bool) -> None:
        """The first or last byte."""
        self._go(len(self.data) - 1 if last else 0)

    def action_mark(self) -> None:
        """Nothing is marked here."""

    def on_click(self, event: events.Click) -> None:
        """The byte under the pointer."""
        offset = event.get_content_offset(self)
        if offset is not None:
            row = self.scroll_offset.y + offset.y
            column = min(max(offset.x - 6, 0) // 3, self.step - 1)
            self._go(row * self.step + column)


class PacketDetail(Vertical):
    """The tree above, the bytes below."""

    DEFAULT_CSS = """
    PacketDetail {
        & #packet-title { height: 1; }
        & PacketTree { height: 1fr; }
        & PacketHex { height: auto; max-height: 50%; display: none; }
        &.-hex PacketHex { display: block; }
    }
    """

    @dataclass
    class Left(Message):
        """Back to the list."""

    def __init__(self, glyphs: Glyphs = UNICODE, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._glyphs = glyphs
        self.packet: Packet | None = None

    def compose(self) -> ComposeResult:
        """Tree and bytes."""
        yield PacketTree(self._glyphs, id="packet-tree")
        yield PacketHex(id="packet-hex")

    @property
    def headers(self) -> PacketTree:
        """The headers."""
        return self.query_one(PacketTree)

    @property
    def dump(self) -> PacketHex:
        """The bytes."""
        return self.query_one(PacketHex)

    def show_packet(
        self, packet: Packet | None, layers: Sequence[Layer], said: str = ""
    ) -> None:
        """Show another packet."""
        self.packet = packet
        self.headers.show_layers(layers, said)
        self._light()

    def _light(self) -> None:
        branch = self.headers.branch
        lit = (branch.start, branch.end) if branch is not None else (0, 0)
        self.dump.show(self.packet.data if self.packet is not None else b"", lit)

    @on(PickView.Moved, "#packet-tree")
    def _tree_moved(self, event: PickView.Moved) -> None:
        event.stop()
        self._light()

    @on(PacketHex.ByteMoved)
    def _byte_moved(self, event: PacketHex.ByteMoved) -> None:
        event.stop()
        self.headers.go_to_byte(event.at)

    def on_key(self, event: events.Key) -> None:
        """Esc goes back to the list."""
        if event.key == "escape":
            event.stop()
            event.prevent_default()
            self.post_message(self.Left())
