"""What goes to the terminal makes it show what Textual wants shown, and no more."""

from __future__ import annotations

import random
import re
from itertools import pairwise

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
SEQUENCE = re.compile(r"\x1b\[([\d;]*)([HmABCDXrP@])|\x1b(M)|(.)", re.DOTALL)
BLANK: tuple[str, object] = (" ", "")
OFF = {"22": {"1", "2"}, "23": {"3"}, "24": {"4", "21"}, "27": {"7"}, "29": {"9"}}


class Terminal:
    """Just enough of a terminal."""

    def __init__(self, width: int = WIDTH, height: int = HEIGHT) -> None:
        self.width, self.height = width, height
        self.top, self.bottom = 0, height - 1
        self.cells: dict[tuple[int, int], tuple[str, object]] = {}
        self.x = self.y = 0
        self.attributes: set[str] = set()
        self.colours = ["", ""]

    def feed(self, text: str) -> None:
        for match in SEQUENCE.finditer(text):
            arguments, kind, up, sign = match.groups()
            if kind == "H":
                row, column = arguments.split(";")
                self.x, self.y = int(column) - 1, int(row) - 1
            elif kind in ("A", "B"):
                assert self.x < self.width, "behind the last column it may be anywhere"
                self.y += int(arguments or 1) * (1 if kind == "B" else -1)
            elif kind == "D":
                assert self.x < self.width, "behind the last column it may be anywhere"
                self.x -= int(arguments or 1)
                assert self.x >= 0
            elif kind == "C":
                self.x += int(arguments or 1)
            elif kind == "X":
                for column in range(self.x, self.x + int(arguments)):
                    # In the background that is set, without anything else.
                    self.cells[column, self.y] = (" ", self.colours[1])
            elif kind == "r":
                edges = (arguments or f"1;{self.height}").split(";")
                self.top, self.bottom = (int(edge) - 1 for edge in edges)
                self.x = self.y = 0
            elif kind in ("P", "@"):
                self.slide(int(arguments or 1) * (1 if kind == "P" else -1))
            elif up or sign in ("\n", "\v"):
                assert self.x < self.width, "behind the last column it may be anywhere"
                if self.y == (self.top if up else self.bottom):
                    assert (self.top, self.bottom) != (0, self.height - 1)
                    self.scroll(-1 if up else 1)
                else:
                    assert sign != "\n", "the driver may put a return before it"
                    self.y += -1 if up else 1
            elif kind == "m":
                self.turn(arguments.split(";"))
            elif sign == "\b":
                assert self.x < self.width, "behind the last column it may be anywhere"
                self.x -= 1
                assert self.x >= 0
            elif sign == "\r":
                self.x = 0
            else:
                self.put(sign)

    def scroll(self, by: int) -> None:
        rows = range(self.top, self.bottom + 1)
        before = dict(self.cells)
        for y in rows:
            for x in range(self.width):
                old = before.get((x, y + by)) if y + by in rows else None
                self.cells[x, y] = old or BLANK

    def slide(self, by: int) -> None:
        before = dict(self.cells)
        for x in range(self.x, self.width):
            kept = self.x <= x + by < self.width
            old = before.get((x + by, self.y)) if kept else None
            self.cells[x, self.y] = old or BLANK

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


def test_what_is_painted_twice_before_it_is_sent_is_sent_once() -> None:
    dice = random.Random(1)
    console = Console(color_system="truecolor", force_terminal=True)
    shown, once = Shown(), Shown()
    lines = [line(dice) for _ in range(HEIGHT)]
    for some in (shown, once):
        some.changes(whole(lines), console, 1)
    lines = [line(dice) for _ in range(HEIGHT)]
    for _ in range(5):
        assert shown.changes(part(lines, dice), console, 1, more=True) == ""
    sent = shown.changes(whole(lines), console, 1)
    assert sent == once.changes(whole(lines), console, 1)


def test_no_text_is_an_order_to_the_terminal() -> None:
    console = Console(color_system="truecolor", force_terminal=True)
    text = "a\nb\x1b[2Jc\x7f\x9b1m\td"
    strip = Strip([Segment(text)], len(text))
    update = LayoutUpdate([[strip]], Region(0, 0, len(text), 1))
    sent = Shown().changes(update, console, 1)
    assert sent == "\x1b[1;1Ha?b?[2Jc??1m?d"


def test_what_stood_apart_in_a_row_is_erased_together() -> None:
    console = Console(color_system="truecolor", force_terminal=True)
    shown, keeping = Shown(erases=True), Shown()
    text = "▾ Ports (20)            to h9:eth0      ▅"
    for row in (text, " " * len(text)):
        strip = Strip([Segment(row)], len(row))
        update = LayoutUpdate([[strip]], Region(3, 5, len(row), 1))
        sent = [some.changes(update, console, 1) for some in (shown, keeping)]
    assert sent[0] == f"\x1b[6;4H\x1b[{len(text)}X"
    assert sent[1] is not None
    assert sent[1].count("C") == 2, "written, blanks are more than a jump"


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


def words(dice: random.Random, width: int) -> list[tuple[str, Style]]:
    """A row of signs of one cell, as a drawing has them."""
    cells: list[tuple[str, Style]] = []
    while len(cells) < width:
        style, sign = dice.choice(STYLES[:5]), dice.choice("ab│─●  ")
        cells += [(sign, style)] * dice.choice((1, 1, 2, 5))
    return cells[:width]


def strip(cells: list[tuple[str, Style]]) -> Strip:
    return Strip([Segment(sign, style) for sign, style in cells], len(cells))


class Scrolling:
    """A sheet in a pane, with another pane beside it, and rows above and below."""

    width, height, left, top, bottom = 60, 20, 2, 2, 17

    def __init__(self, dice: random.Random, right: int) -> None:
        self.right = right
        self.sheet = [words(dice, 150) for _ in range(60)]
        self.rows = [words(dice, self.width) for _ in range(self.height)]
        self.console = Console(color_system="truecolor", force_terminal=True)
        self.moving, self.still = Shown(moves=True), Shown()
        self.terminal = Terminal(self.width, self.height)
        self.plain = Terminal(self.width, self.height)

    def show(self, x: int, y: int) -> tuple[int, int]:
        """A part of the sheet; how many bytes are sent, and usually would be."""
        for row in range(self.top, self.bottom):
            part = self.sheet[y + row][x : x + self.right - self.left]
            self.rows[row][self.left : self.right] = part
        cuts = [0, self.left, self.right, self.width]
        chops: list[dict[int, Strip | None]] = [
            {at: strip(cells[at:end]) for at, end in pairwise(cuts)}
            for cells in self.rows
        ]
        spans = [(row, 0, self.width) for row in range(self.height)]
        update = ChopsUpdate(chops, spans, [cuts[1:] for _ in self.rows])
        sent = self.moving.changes(update, self.console, 1)
        usual = self.still.changes(update, self.console, 1)
        assert sent is not None
        assert usual is not None
        self.terminal.feed(sent)
        self.plain.feed(usual)
        assert self.terminal.cells == self.plain.cells
        assert self.moving._rows == self.still._rows
        return len(sent), len(usual)


@pytest.mark.parametrize("seed", range(60))
def test_what_scrolls_is_moved_and_looks_as_if_it_had_been_sent(seed: int) -> None:
    dice = random.Random(seed)
    pane = Scrolling(dice, dice.choice((40, 58)))
    x, y = 50, 20
    for _ in range(10):
        sent, usual = pane.show(x, y)
        assert sent <= usual
        step = dice.choice((-1, 1)) * dice.randint(1, 12)
        across, down = dice.choice(((step, 0), (0, step), (dice.randint(-3, 3), step)))
        x, y = x + across, y + down
        x, y = min(max(x, 0), 90), min(max(y, 0), 40)
        row = pane.rows[dice.randrange(pane.height)]
        row[dice.randrange(pane.width)] = ("x", STYLES[1])


@pytest.mark.parametrize("changed", [False, True])
@pytest.mark.parametrize("step", [(0, 1), (0, -2), (2, 0), (-3, 0), (2, 1), (-2, -1)])
def test_what_scrolls_a_little_is_sent_in_few_bytes(
    step: tuple[int, int], changed: bool
) -> None:
    pane = Scrolling(random.Random(1), 58)
    pane.show(50, 20)
    if changed:  # a little in every row
        for number, row in enumerate(pane.sheet):
            row[60 + number % 20] = ("x", STYLES[1])
    sent, usual = pane.show(50 + step[0], 20 + step[1])
    assert sent < usual * (0.6 if changed else 0.5)
