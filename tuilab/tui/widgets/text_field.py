"""A field of one line of text."""

from __future__ import annotations

from textual.geometry import Size
from textual.reactive import Reactive
from textual.widgets import Input


class TextField(Input):
    """Textual's, without a frame, and without its checks: a form has its own.

    Textual's own `compact` is a class, for which a field is styled once more. And with
    each letter it would lay out the whole screen, though only its text moves.
    """

    DEFAULT_CSS = """
    TextField {
        height: 1 !important;
        padding: 0 !important;
        border: none !important;
        overflow: hidden;
    }
    """

    virtual_size = Reactive(Size(0, 0))

    def __init__(
        self,
        value: str = "",
        placeholder: str = "",
        *,
        select_on_focus: bool = True,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(
            value,
            placeholder,
            validate_on=(),
            select_on_focus=select_on_focus,
            id=id,
        )

    def watch_virtual_size(self, size: Size) -> None:
        """The text is longer or shorter."""
        self._scroll_update(size)
