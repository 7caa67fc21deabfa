"""A hand with nothing but a mouse: it points at what it sees on the screen."""

from __future__ import annotations

from textual.events import MouseScrollDown, MouseScrollUp
from textual.geometry import Offset

from tests.tui.bench import Bench
from tuilab.tui.canvas.graph import Item
from tuilab.tui.canvas.tracing import middle

Place = Offset | Item | str
"""A cell of the screen, something drawn, or words that stand on the screen."""


class Mouse:
    """Points, clicks, drags and turns the wheel; no key is pressed."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._pilot = bench.pilot

    def at(self, place: Place) -> Offset:
        """The cell of the screen that a place is at."""
        if isinstance(place, Item):
            canvas = self._bench.main.canvas
            area = canvas._area(place)
            assert area is not None, f"{place} is not drawn"
            if place in canvas.drawing.boxes:
                # Where its name is: other rows of a box are its links.
                inside = (
                    1 if canvas.level > 1 and place not in canvas.drawing.frames else 0
                )
                x, y = area.x + area.width // 2, area.y + inside
            elif place in canvas.drawing.ways:
                x, y = middle(canvas.drawing.ways[place])
            else:
                x, y = area.x, area.y
            cell = canvas.content_region.offset + canvas._origin + Offset(x, y)
            assert canvas.content_region.contains(*cell), f"{place} is out of sight"
            return cell
        if isinstance(place, str):
            for row, text in enumerate(self._bench.text.splitlines()):
                if (column := text.find(place)) >= 0:
                    return Offset(column, row)
            raise AssertionError(f"no {place!r} on\n{self._bench.text}")
        return place

    @property
    def nowhere(self) -> Offset:
        """A cell of the drawing with nothing in it."""
        canvas = self._bench.main.canvas
        region = canvas.content_region
        for y in range(region.height):
            for x in range(region.width):
                if (
                    canvas.item_at(x, y) is None
                    and canvas.map_cell(Offset(x, y)) is None
                ):
                    return region.offset + Offset(x, y)
        raise AssertionError("the drawing fills the pane")

    async def click(
        self,
        place: Place,
        *,
        button: int = 1,
        times: int = 1,
        shift: bool = False,
        control: bool = False,
    ) -> None:
        """Click, and see what comes of it."""
        await self._pilot.click(
            offset=self.at(place),
            button=button,
            times=times,
            shift=shift,
            control=control,
        )
        await self._bench.idle()

    async def menu(self, place: Place, entry: str) -> None:
        """An entry of the menu of a place."""
        await self.click(place, button=3)
        await self.click(entry)

    async def drag(self, start: Place, end: Place, *, control: bool = False) -> None:
        """Drag from one place to another, over what is between them."""
        (x, y), (to_x, to_y) = a, b = self.at(start), self.at(end)
        await self._pilot.mouse_down(offset=a, control=control)
        for part in (1, 2, 3):
            way = Offset((to_x - x) * part // 3, (to_y - y) * part // 3)
            await self._pilot.hover(offset=a + way)
        await self._pilot.mouse_up(offset=b, control=control)
        await self._bench.idle()

    async def wheel(self, place: Place, step: int, times: int = 1) -> None:
        """Turn the wheel: up is 1, down is -1."""
        event = MouseScrollUp if step > 0 else MouseScrollDown
        for _ in range(times):
            await self._pilot._post_mouse_events(
                [event], offset=self.at(place), button=0
            )
            await self._bench.idle()
