"""What a training can begin from: a checkpoint's weights, with or without the state that continues it exactly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unetstudio.data.study import Study
from unetstudio.errors import CheckpointError
from unetstudio.networks.checkpoint import Checkpoint, load, load_optimizer
from unetstudio.networks.network import NETWORKS, Network
from unetstudio.project import checkpoints
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import CheckpointSaved
from unetstudio.training.schedule import Budget


@dataclass(frozen=True, eq=False)
class Start:
    """`state` is what `Trainer.save` kept to go on exactly; None begins anew from the weights."""

    checkpoint: Checkpoint
    network: Network
    state: dict[str, Any] | None
    path: Path

    @property
    def saved(self) -> CheckpointSaved:
        """As the training that made it told of it."""
        return CheckpointSaved(self.checkpoint.id, str(self.path), self.checkpoint.step, self.checkpoint.score, best=True)

    @property
    def patches(self) -> tuple[tuple[int, ...], int] | None:
        """Shape and number of the patches of a step, where the state holds them."""
        try:
            shape, count = self.state["patches"] if self.state is not None else (None, 0)
            return (self.network.input_shape(tuple(int(n) for n in shape)), int(count)) if shape and int(count) > 0 else None
        except (LookupError, TypeError, ValueError):
            return None

    def fits(self, study: Study, settings: TrainingSettings) -> bool:
        """Whether training can go on from here under these settings."""
        card = self.checkpoint
        known = NETWORKS[card.network].options()
        config = self.network.config.to_json()  # with what the card of an older program does not have
        same = all(config.get(name) == wish for name, wish in settings.network_options().items() if name in known)
        dims = not settings.dims or card.config.get("dims") == settings.dims
        channels = {found.case.channels for found in study.cases.values()}
        asked = {"normalisation": settings.normalisation, "resample": settings.resample}
        same = same and all(card.settings.get(name, "auto") == wish for name, wish in asked.items())
        return _is_of(settings, card.network, card.settings) and same and dims and channels <= {int(card.intensity.get("channels", 0))}


def load_start(path: Path, *, resume: bool = True, like: TrainingSettings | None = None) -> Start:
    """From a checkpoint file, or a project folder's newest one, `like` these settings; `resume` False takes the weights only.

    CheckpointError when there is none, or it is damaged. A damaged or missing state beside good weights is no error: it begins anew.
    """
    if path.is_dir():
        path = newest(path / "checkpoints" if (path / "checkpoints").is_dir() else path, like)
    checkpoint, network = load(path)
    state = None
    if resume:
        try:
            state = load_optimizer(path.with_suffix(".safetensors"), checkpoint)
        except CheckpointError:
            state = None
    if state is not None and not _continues(state, network):
        state = None
    return Start(checkpoint, network, state, path.with_suffix(".safetensors"))


def _continues(state: dict[str, Any], network: Network) -> bool:
    """Whether a state, which may come from anybody, is of this network."""
    try:
        Budget(**state["budget"])
        learner, shapes = state["learner"], {name: value.shape for name, value in network.state_dict().items()}
        same = all({name: value.shape for name, value in learner[part].items()} == shapes for part in ("network", "average"))
        whole = all(isinstance(learner[part], dict) for part in ("optimizer", "scaler"))
        return same and whole and type(state["round"]) is type(learner["steps"]) is int and bool(learner["random"].numel())
    except (LookupError, TypeError, AttributeError):
        return False


def newest(folder: Path, like: TrainingSettings | None = None) -> Path:
    """The weights file of the checkpoint made last in a folder, by the network and preset of `like`; CheckpointError when there is none."""
    made: list[tuple[str, int, Path]] = []
    for card in folder.glob("*.json"):
        weights = card.with_suffix(".safetensors")
        try:
            values = json.loads(card.read_text(encoding="utf-8"))
            if weights.is_file() and (like is None or _is_of(like, values["network"], values["settings"])):
                made.append((str(values["created"]), int(values["step"]), weights))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue  # half a card: its weights are found by their own path if wanted
    if not made:
        raise CheckpointError("There is no checkpoint to go on from yet; train first.")
    return max(made)[2]


def to_use(folder: Path) -> Path:
    """The weights file to predict with, see `project.checkpoints.to_use`; CheckpointError when there is none."""
    card = checkpoints.to_use(folder)
    return newest(folder) if card is None else card.path


def _is_of(settings: TrainingSettings, network: str, made_with: Mapping[str, Any]) -> bool:
    """Whether a checkpoint's network, and the preset that it was made with, are those of the settings."""
    return network == settings.network and made_with.get("preset", "") == settings.preset
