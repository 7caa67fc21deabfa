"""Looking for settings that were changed and that nobody tells of, a few at a time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection

from tuilab.kernel.space import Space


def settings_changed(
    spaces: Collection[Space],
    visit: Callable[[Space], None],
    seconds: float | None,
    *,
    all_named: bool = False,
) -> list[str]:
    """The namespaces with settings that are otherwise than when they were dumped.

    All settings of a namespace are read in a third of a millisecond: in turn, so that
    of a thousand namespaces each is looked at every now and then.

    Args:
        spaces: Those that are open.
        visit: Brings the calling thread there.
        seconds: How long this thread may take, about; None for no end.
        all_named: Look in the others, too, at what is named or was found before.
    """
    mine = [space for space in spaces if space.raw is not None]
    turn = max((space.searched for space in mine), default=0) + 1
    end = math.inf if seconds is None else time.thread_time() + seconds
    found: list[str] = []
    searched = 0
    for space in sorted(mine, key=lambda it: it.searched):
        search = space.made and (not searched or time.thread_time() < end)
        searched += search
        if search:
            space.searched = turn
        elif not (all_named and space.settings | space.strange):
            continue
        visit(space)
        if space.settings_changed(search=search):
            found.append(space.name)
    return found
