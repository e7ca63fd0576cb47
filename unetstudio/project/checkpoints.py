"""The checkpoints of a project as their JSON cards tell: which there are, and the newest. No weights are read."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unetstudio.data.classes import ClassTable
from unetstudio.data.seal import broken
from unetstudio.errors import UserError
from unetstudio.project import durable, looking

WEIGHTS, CARD = ".safetensors", ".json"
_NAME = re.compile(r"[0-9a-f]{64}")


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


def cards(folder: Path) -> list[CheckpointCard]:
    """Newest first; a card that is damaged or has lost its weights is left out."""
    found = [card for path in looking.names(folder) if path.suffix == CARD and (card := _card(path))]
    return sorted(found, key=lambda card: (card.created, card.step, card.id), reverse=True)


def newest(folder: Path) -> CheckpointCard | None:
    """The last one saved."""
    return next(iter(cards(folder)), None)


def _card(path: Path) -> CheckpointCard | None:
    """From its file, or None when it cannot be trusted."""
    weights = path.with_suffix(WEIGHTS)
    try:
        if not _NAME.fullmatch(path.stem) or not looking.is_there(weights):
            return None
        values: Any = json.loads(durable.read_bytes(path))
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
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, UserError):
        return None
    fits = values.get("id", card.id) == card.id and not broken(values)
    return card if fits and (score is None or math.isfinite(score)) else None
