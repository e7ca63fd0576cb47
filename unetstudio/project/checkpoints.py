"""The checkpoints of a project by their JSON cards: all of them, the newest, and the one to use. No weights are read."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unetstudio.data.checksum import checksum_differs
from unetstudio.data.classes import ClassTable
from unetstudio.errors import UserError
from unetstudio.project import file_listing
from unetstudio.project.file_reading import read_bytes

WEIGHTS, CARD = ".safetensors", ".json"
_NAME = re.compile(r"[0-9a-f]{64}")

MARGIN = 0.02
"""Of mean Dice, by which an earlier checkpoint must be better than the last one to be preferred: scores of few windows are noisy, and the
last weights of a budget have learnt at the lowest rate."""


@dataclass(frozen=True)
class CheckpointCard:
    """`id` is the SHA-256 of the weights, `created` ISO 8601 in UTC, `score` a mean Dice or None when nothing was held out."""

    id: str
    path: Path  # of the weights
    network: str
    step: int
    seconds: float
    score: float | None
    created: str
    classes: ClassTable
    preset: str = ""  # of the network, "" where the program chose
    trial: str = ""  # which training within a budget, on which labels: scores of the same can be compared; "" for an open end


def cards(folder: Path) -> list[CheckpointCard]:
    """Newest first; a card that is damaged or has lost its weights is left out."""
    found = [card for path in file_listing.list_folder(folder) if path.suffix == CARD and (card := _card(path))]
    return sorted(found, key=lambda card: (card.created, card.step, card.id), reverse=True)


def newest(folder: Path) -> CheckpointCard | None:
    """The last one saved."""
    return next(iter(cards(folder)), None)


def to_use(folder: Path) -> CheckpointCard | None:
    """The one to predict with: the newest, unless an earlier one of the same training within a budget scored clearly better on the same
    held-out labels. Without a budget the newest knows strokes that the earlier ones do not."""
    found = cards(folder)
    if not found or not found[0].trial or found[0].score is None:
        return next(iter(found), None)
    rivals = [card for card in found if card.trial == found[0].trial and card.score is not None]
    best = max(rivals, key=lambda card: card.score or 0.0)
    return best if (best.score or 0.0) > found[0].score + MARGIN else found[0]


def _trial(values: dict[str, Any]) -> str:
    """Empty also for cards of before, which do not tell."""
    settings, report = values.get("settings", {}), values.get("report", {})
    if not (settings.get("seconds") or settings.get("steps")) or not report.get("began"):
        return ""
    return json.dumps([report.get(name) for name in ("began", "cases", "painted", "held_out", "held_out_voxels")])


def _card(path: Path) -> CheckpointCard | None:
    """From its file, or None when it cannot be trusted."""
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
