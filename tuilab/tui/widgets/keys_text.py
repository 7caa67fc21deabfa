"""Which keys the footer shows, in as much room as there is."""

from __future__ import annotations

from collections.abc import Iterable

from tuilab.tui.actions import ACTIONS, Action, Context
from tuilab.tui.text import Line, Span, line, width

LAST = ("palette", "help")
"""Always shown, at the end."""


def keys_line(context: Context, cells: int) -> Line:
    """One row of keys, those most in use first; refused ones are dimmed."""
    last = _joined((ACTIONS[name] for name in LAST), context)
    room = cells - width(last)
    spans: Line = ()
    for action in _in_order(context):
        if not action.label or action.id in LAST:
            continue
        entry = _entry(action, context)
        if width(spans) + width(entry) > room:
            break
        spans += entry
    return spans + last


def _in_order(context: Context) -> list[Action]:
    """Those of the list of packets first, and there alone."""
    if not context.in_packets:
        return [action for action in ACTIONS.values() if action.where != "packets"]
    there = [action for action in ACTIONS.values() if action.where == "packets"]
    return there + [action for action in ACTIONS.values() if not action.where]


def _joined(actions: Iterable[Action], context: Context) -> Line:
    return tuple(s for action in actions for s in _entry(action, context))


def _entry(action: Action, context: Context) -> Line:
    refused = bool(action.refuse(context))
    click = f"screen.act('{action.id}')"
    return line(
        Span(f" {context.key(action.id)}", "dim" if refused else "key", click),
        Span(f" {action.label} ", "dim" if refused else "", click),
    )
