"""What a person has folded and unfolded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tuilab.tui.canvas.graph import Fold, Item

MOST = 8
"""So many leaves of one node stand free; more are folded into a grid."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What is folded; compared by value.

    Attributes:
        folds: What a person has decided, by the key of the fold.
        most: So many leaves of a node stand free if nobody has decided.
    """

    folds: Mapping[Item, bool] = field(default_factory=dict)
    most: int = MOST

    def toggled(self, fold: Fold) -> Choices:
        """With one thing folded that was not, or the other way round."""
        return replace(self, folds={**self.folds, fold.key: not fold.folded})
