"""Colours of a theme that can be told from what they stand on."""

from __future__ import annotations

from collections.abc import Mapping

from textual.color import BLACK, WHITE, Color

LEAST: Mapping[str, float] = {
    "accent": 4.5,
    "text-accent": 4.5,
    "text-success": 4.5,
    "text-error": 4.5,
    "text-warning": 4.5,
    "primary": 3.0,
    "text-secondary": 3.0,
}
"""How much lighter or darker than the ground what is written in a colour is, by the
measure of WCAG 2: 4.5 for words, 3 for frames and signs."""
GROUNDS = ("background", "surface")
_STEPS = 20


def contrast(one: Color, other: Color) -> float:
    """How well two colours can be told apart: 1 not at all, 21 black on white."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables of a theme, colours of text made darker or lighter as needed.

    Those that the terminal itself chooses (ANSI) are left as they are.
    """
    grounds = [Color.parse(variables[name]) for name in GROUNDS]
    if any(ground.ansi is not None for ground in grounds):
        return dict(variables)
    dark = all(ground.brightness < 0.5 for ground in grounds)
    clear = {
        name: _clear(variables[name], grounds, least, WHITE if dark else BLACK)
        for name, least in LEAST.items()
    }
    return {**variables, **clear}


def _clear(text: str, grounds: list[Color], least: float, towards: Color) -> str:
    """A colour, as little changed as it takes."""
    colour = Color.parse(text)
    for step in range(_STEPS):
        changed = colour.blend(towards, step / _STEPS)
        if all(contrast(changed, ground) >= least for ground in grounds):
            return changed.hex if step else text
    return towards.hex


def _luminance(colour: Color) -> float:
    """How light a colour seems, from 0 to 1."""
    parts = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour.normalized
    )
    return sum(
        share * part
        for share, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True)
    )
