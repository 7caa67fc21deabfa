"""A field of one line of text."""

from __future__ import annotations

from textual.widgets import Input


class TextField(Input):
    """Textual's, without a frame, and without its checks: a form has its own.

    Textual's own `compact` is a class, for which a field is styled once more.
    """

    DEFAULT_CSS = """
    TextField {
        height: 1 !important;
        padding: 0 !important;
        border: none !important;
    }
    """

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
