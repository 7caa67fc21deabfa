"""What goes to the terminal makes it show what Textual wants shown, and no more."""

from __future__ import annotations

import random
import re

import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tuilab.tui.thrift import Shown

WIDTH, HEIGHT = 24, 5
SIGNS = "ab█│●  日"
STYLES = [
    Style(),
    Style(color="red"),
    Style(color="#aabbcc", bgcolor="blue"),
    Style(bold=True, color="green", bgcolor="blue"),
    Style(bold=True, dim=True),
    Style(reverse=True, bgcolor="blue"),
    Style(reverse=True, color="#aabbcc", bgcolor="red"),
    Style(reverse=True, color="bright_green"),
    Style(underline=True, italic=True, strike=True),
]
SEQUENCE = re.compile(r"\x1b\[([\d;]*)([HmBCDX])|(.)", re.DOTALL)
OFF = {"22": {"1", "2"}, "23": {"3"}, "24": {"4", "21"}, "27": {"7"}, "29": {"9"}}


class Terminal:
    """Just enough of a terminal."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], tuple[str, object]] = {}
        self.x = self.y = 0
        self.attributes: set[str] = set()
        self.colours = ["", ""]

    def feed(self, text: str) -> None:
        for match in SEQUENCE.finditer(text):
            arguments, kind, sign = match.groups()
            if kind == "H":
                row, column = arguments.split(";")
                self.x, self.y = int(column) - 1, int(row) - 1
            elif kind == "B":
                assert self.x < WIDTH, "behind the last column it may be anywhere"
                self.y += int(arguments or 1)
            elif kind == "D":
                assert self.x < WIDTH, "behind the last column it may be anywhere"
                self.x -= int(arguments or 1)
            elif kind == "C":
                self.x += int(arguments or 1)
            elif kind == "X":
                for column in range(self.x, self.x + int(arguments)):
                    # In the background that is set, without anything else.
                    self.cells[column, self.y] = (" ", self.colours[1])
            elif kind == "m":
                self.turn(arguments.split(";"))
            elif sign == "\b":
                assert self.x < WIDTH, "behind the last column it may be anywhere"
                self.x -= 1
            else:
                self.put(sign)

    def turn(self, codes: list[str]) -> None:
        while codes:
            code = codes.pop(0)
            if code == "0":
                self.attributes, self.colours = set(), ["", ""]
            elif code in OFF:
                self.attributes -= OFF[code]
            elif code in ("38", "48"):
                count = 2 if codes[0] == "5" else 4
                self.colours[code == "48"] = ";".join([code, *codes[:count]])
                del codes[:count]
            elif code in ("39", "49"):
                self.colours[code == "49"] = ""
            elif code[0] in "349" and len(code) == 2 and code != "9":
                self.colours[code[0] == "4"] = code
            elif code[:2] == "10":
                self.colours[1] = code
            else:
                self.attributes.add(code)

    def put(self, sign: str) -> None:
        front, back = self.colours
        seen = self.attributes & {"4", "7", "9"}
        if sign == " " and not seen:
            look: object = back  # nothing else of a blank can be seen
        elif sign == " " and self.attributes == {"7"} and front:
            look = f"4{front[1:]}" if front[0] == "3" else f"10{front[1:]}"
        else:
            look = (frozenset(self.attributes), front, back)
        self.cells[self.x, self.y] = (sign, look)
        self.x += 1
        if sign == "日":
            self.cells[self.x, self.y] = ("", None)
            self.x += 1


def line(dice: random.Random) -> Strip:
    segments, left = [], WIDTH
    while left:
        blank = not dice.randrange(4)
        size = min(left, dice.randint(1, 18 if blank else 6))
        text = "".join(" " if blank else dice.choice(SIGNS) for _ in range(size))
        while Segment(text).cell_length > size:
            text = text[:-1]
        text += " " * (size - Segment(text).cell_length)
        segments.append(Segment(text, dice.choice(STYLES)))
        left -= size
    return Strip(segments, WIDTH)


def whole(lines: list[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[strip] for strip in lines], Region(0, 0, WIDTH, HEIGHT))


def part(lines: list[Strip], dice: random.Random) -> ChopsUpdate:
    """Every line in two chops, and some of each line."""
    cut = WIDTH // 2
    chops = [{0: strip.crop(0, cut), cut: strip.crop(cut)} for strip in lines]
    spans = [
        (y, first, dice.randint(first + 1, WIDTH))
        for y in range(HEIGHT)
        for first in [dice.randint(0, WIDTH - 1)]
    ]
    return ChopsUpdate(chops, spans, [[cut, WIDTH] for _ in lines])


@pytest.mark.parametrize("erases", [False, True])
@pytest.mark.parametrize("seed", range(40))
def test_the_terminal_shows_what_textual_would_have_sent(
    seed: int, erases: bool
) -> None:
    dice = random.Random(seed)
    console = Console(color_system="truecolor", force_terminal=True)
    thrifty, plain, shown = Terminal(), Terminal(), Shown(erases=erases)
    lines = [line(dice) for _ in range(HEIGHT)]
    update: CompositorUpdate = whole(lines)
    for _ in range(12):
        text = shown.changes(update, console, (WIDTH, HEIGHT))
        assert text is not None
        thrifty.feed(text)
        plain.feed(whole(lines).render_segments(console).replace("\n", ""))
        assert thrifty.cells == plain.cells
        # Nothing is left to be sent.
        assert shown.changes(whole(lines), console, (WIDTH, HEIGHT)) == ""
        for _ in range(dice.randint(0, 3)):
            lines[dice.randrange(HEIGHT)] = line(dice)
        update = whole(lines)


@pytest.mark.parametrize("erases", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_parts_of_lines_are_sent_as_far_as_they_go(seed: int, erases: bool) -> None:
    dice = random.Random(seed)
    console = Console(color_system="truecolor", force_terminal=True)
    shown, terminal, want = Shown(erases=erases), Terminal(), Terminal()
    lines = [line(dice) for _ in range(HEIGHT)]
    terminal.feed(shown.changes(whole(lines), console, 1) or "")
    before = dict(terminal.cells)
    lines = [line(dice) for _ in range(HEIGHT)]
    want.feed(whole(lines).render_segments(console).replace("\n", ""))
    update = part(lines, dice)
    terminal.feed(shown.changes(update, console, 1) or "")
    for (x, y), cell in terminal.cells.items():
        (first, beyond) = next((a, b) for row, a, b in update.spans if row == y)
        if WIDTH // 2 - 1 <= x <= WIDTH // 2:
            continue  # a sign of two cells may be cut where chops meet
        if first + 1 < x < beyond - 2:  # or at the edge
            assert cell == want.cells[x, y]
        elif not first - 1 <= x <= beyond:
            assert cell == before[x, y]


def test_what_is_unknown_is_sent_again() -> None:
    dice = random.Random(1)
    console = Console(color_system="truecolor", force_terminal=True)
    shown = Shown()
    lines = [line(dice) for _ in range(HEIGHT)]
    first = shown.changes(whole(lines), console, (80, 24))
    assert first
    assert shown.changes(whole(lines), console, (80, 24)) == ""
    assert shown.changes(whole(lines), console, (81, 24)) == first
    shown.forget()
    assert shown.changes(whole(lines), console, (81, 24)) == first
    assert shown.changes(CompositorUpdate(), console, (81, 24)) is None
    assert shown.changes(whole(lines), console, (81, 24)) == first
