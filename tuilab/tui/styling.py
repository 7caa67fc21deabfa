"""Styles a widget anew only when something has changed that its rules ask for.

Where a class or the focus comes or goes, Textual goes through all rules for each widget
below it, and as often again for each of their component classes: 20 ms for a screen of
thirty panes and bars, of which two or three look otherwise then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from operator import is_
from weakref import WeakKeyDictionary, WeakSet

from textual.css.model import RuleSet, SelectorType
from textual.css.styles import RenderStyles, RulesMap
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode

State = tuple[object, ...]
"""All that rules ask of a node and of those that it is in."""


class _Asked:
    """What some rules ask for."""

    def __init__(self, rules: tuple[RuleSet, ...]) -> None:
        self.rules = rules
        selectors = [
            selector
            for rule in rules
            for chain in rule.selector_set
            for selector in chain.selectors
        ]
        self._classes = frozenset(
            it.name for it in selectors if it.type is SelectorType.CLASS
        )
        self._pseudo = list(
            {it.css: it for it in selectors if it.pseudo_classes}.values()
        )

    def state(self, path: Iterable[DOMNode]) -> State:
        """How it is answered now.

        Args:
            path: The node, behind those that it is in.
        """
        return (
            self,
            *(
                (
                    self._classes & node._classes,
                    *(it.check(node) for it in self._pseudo),
                )
                for node in path
            ),
        )


class Wardrobe(Stylesheet):
    """Textual's style sheet; it remembers for what it has styled each widget.

    `apply`, `update_nodes`, `reparse` and `_process_component_classes` are Textual's
    own names.
    """

    def __init__(self, variables: dict[str, str]) -> None:
        super().__init__(variables=variables)
        self._asked: dict[frozenset[str], _Asked] = {}
        self._before: dict[frozenset[str], _Asked] = {}
        self._asked_in: object = None
        self._styled: WeakKeyDictionary[DOMNode, State] = WeakKeyDictionary()
        self._fresh: WeakSet[DOMNode] = WeakSet()

    def apply(
        self,
        node: DOMNode,
        *,
        animate: bool = False,
        cache: dict[tuple[object, ...], RulesMap] | None = None,
    ) -> None:
        """Style a node, unless that would change nothing."""
        state = self._ask(node._selector_names).state(node.css_path_nodes)
        if self._styled.get(node) != state:
            self._styled[node] = state
            self._fresh.add(node)
            super().apply(node, animate=animate, cache=cache)
            return
        if node._parent in self._fresh:
            # Its colours may shine through.
            self._fresh.add(node)
            node.notify_style_update()
        self._process_component_classes(node)

    def update_nodes(self, nodes: Iterable[DOMNode], animate: bool = False) -> None:
        """Style nodes, those first that others are in."""
        self._fresh.clear()
        super().update_nodes(nodes, animate=animate)
        self._fresh.clear()

    def reparse(self) -> None:
        """Take on other variables; what has been read for them already is kept."""
        self.parse()

    async def vary(self, variables: dict[str, str]) -> None:
        """Take on other variables, with a step of the event loop for each source."""
        self.set_variables(variables)
        for place, source in list(self.source.items()):
            css, is_default, tie_breaker, scope = source
            self._parse_rules(css, place, is_default, tie_breaker, scope)
            await asyncio.sleep(0)
        self.reparse()

    def component(self, node: DOMNode, name: str) -> RenderStyles:
        """The style of a part of a widget."""
        part = DOMNode(classes=name)
        part._attach(node)
        super().apply(part)
        return part.styles

    def _process_component_classes(self, node: DOMNode) -> None:
        """Have the parts of a widget styled when they are first shown."""
        names = node._get_component_classes()
        if not names:
            return
        asked = self._ask({"*", *(f".{it}" for it in names)})
        state = asked.state(node.css_path_nodes)
        parts = node._component_styles
        if isinstance(parts, _Parts) and parts.state == state:
            return
        node._component_styles = _Parts(self, node, names, state)
        node.notify_style_update()
        node.refresh()

    def _ask(self, names: set[str]) -> _Asked:
        """What the rules ask for that can be about a node with such names."""
        if self._asked_in is not self.rules_map:
            self._asked_in = self.rules_map
            self._before |= self._asked
            self._asked = {}
        key = frozenset(names)
        asked = self._asked.get(key)
        if asked is None:
            found = (self.rules_map.get(name, ()) for name in sorted(names))
            rules = tuple({id(it): it for some in found for it in some}.values())
            asked = self._before.get(key)
            if asked is None or not _same(asked.rules, rules):
                asked = _Asked(rules)
            self._asked[key] = asked
        return asked


def _same(some: tuple[RuleSet, ...], others: tuple[RuleSet, ...]) -> bool:
    return len(some) == len(others) and all(map(is_, some, others))


class _Parts(dict[str, RenderStyles]):
    """The styles of the parts of a widget, each made when it is asked for."""

    def __init__(
        self, sheet: Wardrobe, node: DOMNode, names: frozenset[str], state: State
    ) -> None:
        super().__init__()
        self._sheet = sheet
        self._node = node
        self._names = names
        self.state = state

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __missing__(self, name: str) -> RenderStyles:
        self[name] = style = self._sheet.component(self._node, name)
        return style
