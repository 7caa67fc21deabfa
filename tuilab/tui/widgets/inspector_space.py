"""The inspector's sections about a namespace: rules, sockets, programs, settings."""

from __future__ import annotations

from dataclasses import replace

from tuilab.kernel.detail import Detail
from tuilab.model.sysctls import link_of, usual
from tuilab.plan.forwarding import rule_order
from tuilab.tui.text import Role, line
from tuilab.tui.widgets.inspector_rows import Row, Rows, Thing
from tuilab.tui.widgets.inspector_truth import Truth
from tuilab.tui.widgets.inspector_words import (
    holder,
    rule_line,
    show_rule,
    show_socket,
)

_KERNELS_RULE = "every namespace begins with this rule: it is the kernel's"
_NO_WORD = "a lab has no word for what this rule asks: change it by ip rule"


def rules(rows: Rows, detail: Detail, truth: Truth) -> None:
    """All rules; shut while there are none but the kernel's."""
    name = detail.namespace
    held = {it.rule for it in detail.rules}
    missing = sorted(truth.wish(name).rules - held, key=rule_order)
    added = [it for it in detail.rules if not it.own]
    count = f"Rules ({len(added)})" if added else "Rules"
    if not detail.rules and not missing:
        return
    with rows.section("rules", (count, "title"), shut=not added and not missing):
        for it in detail.rules:
            text = rule_line(it.priority, it.family, it.words)
            if it.rule is None or it.own:
                why = _KERNELS_RULE if it.own else _NO_WORD
                role: Role = "dim" if it.own else ""
                rows.put(Row(line((text, role)), no_edit=why, no_delete=why))
            else:
                thing = Thing("rule", name, None, it.rule)
                rows.put(truth.told(thing, text, there=True))
        for rule in missing:
            thing = Thing("rule", name, None, rule)
            rows.put(truth.told(thing, show_rule(rule), there=False))


def sockets(rows: Rows, detail: Detail) -> None:
    """Who listens, and who talks to whom."""
    if not detail.sockets:
        return
    why = "a socket belongs to its program: it goes when that ends"
    with rows.section("sockets", (f"Sockets ({len(detail.sockets)})", "title")):
        for it in detail.sockets:
            role: Role = "good" if it.state in ("LISTEN", "ESTAB") else ""
            spans = line((show_socket(it), role), (f"  {holder(it)}", "title"))
            copy = f"{it.local} {it.peer}".strip()
            rows.put(Row(spans, copy=copy, no_edit=why, no_delete=why))


def programs(rows: Rows, detail: Detail) -> None:
    """What runs in it."""
    if not detail.processes:
        return
    why = "a program is not the lab's: end it with kill"
    with rows.section("programs", (f"Programs ({len(detail.processes)})", "title")):
        for it in detail.processes:
            spans = line((f"{it.pid:<7}", "dim"), it.command)
            rows.put(Row(spans, copy=str(it.pid), no_edit=why, no_delete=why))


def settings(rows: Rows, detail: Detail, truth: Truth) -> None:
    """Kernel settings; those that are not as usual stand first."""
    values = {it.key: it.value for it in detail.settings}
    wish = truth.wish(detail.namespace).sysctls
    mine = {key for key in wish if detail.ifname in (None, link_of(key))}
    for key in mine - values.keys():
        values[key] = wish[key]
    if not values:
        return
    odd = [
        key
        for key, value in values.items()
        if key in mine or value != usual(key, values)
    ]
    told = f"Settings ({len(odd)} of {len(values)} set)" if odd else "Settings"
    with rows.section("settings", (told, "title"), shut=True) as seen:
        if not seen:
            return
        for key in (*sorted(odd), *(key for key in values if key not in odd)):
            thing = Thing("setting", detail.namespace, link_of(key), key)
            rows.put(replace(truth.setting_row(thing, values[key]), more=()))
