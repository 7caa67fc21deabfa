"""The command palette over the table of actions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.command import (
    CommandList,
    CommandPalette,
    DiscoveryHit,
    Hit,
    Hits,
    Provider,
)

from tuilab.tui.actions import ACTIONS, Action


class ActionProvider(Provider):
    """Entries read ``Group: about``; what can't be done now says why."""

    def _entries(self) -> Iterator[tuple[str, str, Action]]:
        from tuilab.tui.screens.main import MainScreen

        screen = self.screen
        assert isinstance(screen, MainScreen)
        context = screen.context()
        for action in ACTIONS.values():
            if action.id == "palette":
                continue
            keys = context.keymap.shown(action.id)
            help_text = f"key {keys}" if keys else f":{action.id}"
            if reason := action.refuse(context):
                help_text = f"not now: {reason}"
            yield f"{action.group}: {action.about}", help_text, action

    def _run(self, action: Action) -> None:
        from tuilab.tui.screens.main import MainScreen

        screen = self.screen
        assert isinstance(screen, MainScreen)
        screen.call_later(screen.start, action.id)

    async def discover(self) -> Hits:
        """Everything, when nothing has been typed."""
        for name, help_text, action in self._entries():
            yield DiscoveryHit(name, partial(self._run, action), help=help_text)

    async def search(self, query: str) -> Hits:
        """What fits the words or the id of an action."""
        matcher = self.matcher(query)
        for name, help_text, action in self._entries():
            score = max(matcher.match(name), matcher.match(action.id))
            if score > 0:
                yield Hit(
                    score,
                    matcher.highlight(name),
                    partial(self._run, action),
                    help=help_text,
                )


class Palette(CommandPalette):
    """The palette; keys that come before it has a size move nothing."""

    def _action_command_list(self, action: str) -> None:
        # Textual looks for the line of an entry that it has not laid out yet.
        if self.query_one(CommandList).size:
            super()._action_command_list(action)
