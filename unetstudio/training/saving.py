"""Which weights of a training are on disk: the newest and the best; older ones of the same training are removed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from torch import Tensor

from unetstudio.networks.checkpoint import Checkpoint, Write, save
from unetstudio.training.card import markdown
from unetstudio.training.events import CheckpointSaved

BETWEEN = 5.0
"""Seconds at least between two checkpoints of an ongoing training ..."""

SHARE = 20.0
"""... and this many times as long as the last one took."""

TOLERANCE = 0.01
"""A score this little below the best one is as good: scores of few strokes are noisy, and later weights have seen more."""


class Saving:
    """Writes checkpoints into `folder` through `write` and keeps two of them."""

    def __init__(self, folder: Path, write: Write, gone_on_from: CheckpointSaved | None = None) -> None:
        self.newest = self.best = gone_on_from  # replaced like one of this training's own
        self._folder, self._write = folder, write
        self._best_score = gone_on_from.score if gone_on_from is not None else None
        self._last, self._took = 0.0, 0.0

    @property
    def due(self) -> bool:
        """Whether enough time has passed since the last one."""
        return time.monotonic() - self._last >= max(BETWEEN, SHARE * self._took)

    def improves(self, score: float | None) -> bool:
        """Whether weights of this score would be the best so far; without scores the newest always are."""
        return score is None or self._best_score is None or score >= self._best_score - TOLERANCE

    def save(self, card: Checkpoint, weights: dict[str, Tensor], state: dict[str, Any]) -> CheckpointSaved:
        """Writes them, then removes what they replace."""
        began = time.monotonic()
        best = self.improves(card.score)
        id, path = save(self._folder, card, weights, state, write=self._write)
        self._write(path.with_suffix(".md"), markdown(card, id).encode())
        saved = CheckpointSaved(id, str(path), card.step, card.score, best)
        replaced = {kept for kept in (self.newest, self.best) if kept is not None}
        self.newest = saved
        if best:
            self.best = saved
            if card.score is not None:
                self._best_score = max(card.score, self._best_score or 0.0)
        for old in replaced - {self.newest, self.best}:
            if old.id not in (self.newest.id, self.best.id if self.best else ""):
                _remove(Path(old.path))
        self._last = time.monotonic()
        self._took = self._last - began
        return saved


def _remove(weights: Path) -> None:
    """A checkpoint's files, the card first, so that what is left is never taken for a whole one."""
    for suffix in (".json", ".md", ".safetensors", ".optimizer"):
        weights.with_suffix(suffix).unlink(missing_ok=True)
