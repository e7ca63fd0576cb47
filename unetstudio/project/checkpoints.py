"""The checkpoints of a project by their JSON cards: all, the newest, and the one to use. No weights are read."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unetstudio.data.checksum import checksum_differs
from unetstudio.data.classes import ClassTable
from unetstudio.errors import CheckpointError, UserError
from unetstudio.project import durable, file_listing, folders
from unetstudio.project.file_reading import read_bytes
from unetstudio.project.identity import ProjectIdentity
from unetstudio.settings import TrainingSettings

NONE = "There is no checkpoint to go on from yet; train first."

WEIGHTS, CARD = ".safetensors", ".json"
_NAME = re.compile(r"[0-9a-f]{64}")

MARGIN = 0.02
"""Mean Dice by which an earlier checkpoint must beat the last one to be preferred: scores of few windows are noisy, and the last weights
of a budget have learnt at the lowest rate."""


@dataclass(frozen=True)
class CheckpointCard:
    """A checkpoint's card: `id` is the SHA-256 of the weights, `created` ISO 8601 in UTC, `score` a mean Dice, None if nothing was held
    out."""

    id: str
    path: Path  # of the weights
    network: str
    step: int
    seconds: float
    score: float | None
    created: str
    classes: ClassTable
    preset: str = ""  # of the network, "" if chosen automatically
    trial: str = ""  # identifies training and labels, within which scores are comparable; "" without a budget


def cards(folder: Path) -> list[CheckpointCard]:
    """Return the cards, newest first; those that are damaged or lack their weights are left out."""
    valid = [card for path in file_listing.list_folder(folder) if path.suffix == CARD and (card := _card(path))]
    return sorted(valid, key=lambda card: (card.created, card.step, card.id), reverse=True)


def newest(folder: Path, like: TrainingSettings | None = None) -> CheckpointCard | None:
    """Return the last checkpoint saved, with the network and preset of `like` if given; None when there is none."""
    return next((card for card in cards(folder) if like is None or (card.network, card.preset) == (like.network, like.preset)), None)


def to_use(folder: Path) -> CheckpointCard | None:
    """Return the checkpoint to predict with: the newest, unless an earlier one of the same training within a budget scored clearly better
    on the same held-out labels. Without a budget the newest has learnt from strokes that earlier ones have not."""
    every = cards(folder)
    if not every or not every[0].trial or every[0].score is None:
        return next(iter(every), None)
    rivals = [card for card in every if card.trial == every[0].trial and card.score is not None]
    best = max(rivals, key=lambda card: card.score or 0.0)
    return best if (best.score or 0.0) > every[0].score + MARGIN else every[0]


def require(folder: Path) -> CheckpointCard:
    """Return the checkpoint to predict with; raise CheckpointError when there is none."""
    card = to_use(folder)
    if card is None:
        raise CheckpointError(NONE)
    return card


def write_durably(path: Path, content: bytes, *, identity: ProjectIdentity | None = None) -> None:
    """Write a file of a checkpoint into a folder of a project; raise MissingError when the project is gone, ProjectError for another."""
    if identity is not None:
        identity.confirm()
    folders.make_folder(path.parent, within=path.parent.parent)
    folders.remove_temporary_files(path.parent)
    durable.write_bytes(path, content, replace=True)


def _trial(values: dict[str, Any]) -> str:
    """Return the key of the training, "" without a budget and for older cards."""
    settings, report = values.get("settings", {}), values.get("report", {})
    if not (settings.get("seconds") or settings.get("steps")) or not report.get("began"):
        return ""
    return json.dumps([report.get(name) for name in ("began", "cases", "painted", "held_out", "held_out_voxels")])


def _card(path: Path) -> CheckpointCard | None:
    """Read a card from its file; None when it is damaged or invalid."""
    weights = path.with_suffix(WEIGHTS)
    try:
        if not _NAME.fullmatch(path.stem) or not file_listing.exists(weights):
            return None
        values: Any = json.loads(read_bytes(path))
        score = None if values["score"] is None else float(values["score"])
        card = CheckpointCard(
            id=path.stem,
            path=weights,
            network=str(values["network"]),
            step=int(values["step"]),
            seconds=float(values["seconds"]),
            score=score,
            created=str(values["created"]),
            classes=ClassTable.from_json(values["classes"]),
            preset=str(values["settings"].get("preset", "")) if "settings" in values else "",
            trial=_trial(values),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, UserError):
        return None
    fits = values.get("id", card.id) == card.id and not checksum_differs(values)
    return card if fits and (score is None or math.isfinite(score)) else None
