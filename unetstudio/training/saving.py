"""The checkpoints of a training on disk: the newest and the best; older ones of the same training are removed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from unetstudio.augment.recipe import Recipe
from unetstudio.data.prediction import UNSAVED
from unetstudio.networks.checkpoint import Checkpoint, Write, save
from unetstudio.networks.network import Network
from unetstudio.training.card import markdown, report
from unetstudio.training.events import CheckpointSaved
from unetstudio.training.spacing import learnt_spacing
from unetstudio.training.training_run import TrainingRun

BETWEEN = 5.0
"""Smallest number of seconds between two checkpoints of a running training."""

SHARE = 20.0
"""Smallest time between two checkpoints, relative to the time that writing the last one took."""

TOLERANCE = 0.01
"""Difference below the best score that counts as equal: scores of few strokes are noisy, and later weights have learnt more."""


class Saving:
    """The writer of checkpoints into `folder` through `write`. The first one replaces `resumed`, from which this training continues;
    `people` returns the annotators."""

    def __init__(self, folder: Path, write: Write, people: Callable[[], Sequence[str]], resumed: CheckpointSaved | None = None) -> None:
        self.newest = self.best = resumed
        self._folder, self._write, self._people = folder, write, people
        self._best_score = resumed.score if resumed is not None else None
        self._version = (-1, 0)  # of the newest one written here
        self._last, self._took = 0.0, 0.0

    @property
    def due(self) -> bool:
        """Whether enough time has passed since the last checkpoint."""
        return time.monotonic() - self._last >= max(BETWEEN, SHARE * self._took)

    def improves(self, score: float | None) -> bool:
        """Whether weights with this score would be the best so far; without scores the newest always are."""
        return score is None or self._best_score is None or score >= self._best_score - TOLERANCE

    def id_of(self, run: TrainingRun) -> str:
        """Return the id of the current weights: that of their checkpoint when they are on disk, else one made of their step."""
        step, fits = run.version
        return self.newest.id if self.newest is not None and self._version == run.version else f"{UNSAVED}{step}" + f".{fits}" * (fits > 0)

    def save(self, run: TrainingRun) -> CheckpointSaved | None:
        """Write the averaged weights and the state to resume from, and remove those they replace; None when they are on disk already."""
        if self._version == run.version:
            return None
        network = run.rollback.ema_network(run.state)
        card = _describe(run, network, self._people())
        state = {"learner": run.state.state_dict(), "round": run.round, "budget": run.budget.to_json()}
        state["patches"] = [list(run.patch), run.batch]
        began = time.monotonic()
        best = self.improves(card.score)
        guess = run.instant.classifier.tensors() if card.classifier and run.instant and run.instant.classifier else {}
        id, path = save(self._folder, card, dict(network.state_dict()), state, classifier=guess, write=self._write)
        self._write(path.with_suffix(".md"), markdown(card, id).encode())
        saved = CheckpointSaved(id, str(path), card.step, card.score, best)
        replaced = {old for old in (self.newest, self.best) if old is not None}
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
        self._version = run.version
        return saved


def _describe(run: TrainingRun, network: Network, people: Sequence[str]) -> Checkpoint:
    """Make the card of the averaged `network` in its current state."""
    study, held, spacing = run.study, run.material.index.held, run.plan.spacing
    labelled = study.labelled()
    training = {"Parameters": f"{run.parameters:,}", "Seed": run.settings.seed, "Device": str(run.device)}
    training |= _views(run.recipe) | run.words
    return Checkpoint(
        network=run.plan.network,
        config=network.config.to_json(),
        classes=run.classes,
        intensity=run.intensity.to_json(),
        spacing=spacing or learnt_spacing(study),
        resampled=spacing is not None,
        step=run.step,
        seconds=round(run.seconds, 3),
        score=run.score.mean,
        class_scores=run.score.classes,
        settings=run.settings.to_json(),
        classifier=_classifier(run),
        training_cases=tuple(id for id in labelled if id not in held.cases),
        report=report(study, run.intensity, held, run.score, run.began, people, training),
    )


def _classifier(run: TrainingRun) -> dict[str, Any]:
    """Describe the pixel classifier and the network's shares in what both predict; empty where there is none."""
    if run.instant is None or run.instant.classifier is None:
        return {}
    shares = [run.shares.get(value, 0.0) for value in run.classes.values]
    return {**run.instant.classifier.to_json(), "shares": shares}


def _views(recipe: Recipe) -> dict[str, str]:
    """Record which mirrored and turned views the network has learnt."""
    learnt = {"Mirrored views": recipe.mirrors, "Turned views": recipe.turns}
    return {name: "learnt" if there else "not learnt" for name, there in learnt.items()}


def _remove(weights: Path) -> None:
    """Remove a checkpoint's files, the card first, so that the rest is never taken for a whole one."""
    for suffix in (".json", ".md", ".safetensors", ".optimizer"):
        weights.with_suffix(suffix).unlink(missing_ok=True)
