"""The start of a training from a checkpoint: its weights, with or without the state that continues it exactly."""

from __future__ import annotations

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
    """A checkpoint to start from; `state` is that which `Trainer.save` wrote for an exact continuation, None to start from the weights."""

    checkpoint: Checkpoint
    network: Network
    state: dict[str, Any] | None
    path: Path

    @property
    def saved(self) -> CheckpointSaved:
        """The event with which the checkpoint was saved."""
        return CheckpointSaved(self.checkpoint.id, str(self.path), self.checkpoint.step, self.checkpoint.score, best=True)

    @property
    def patches(self) -> tuple[tuple[int, ...], int] | None:
        """Shape and number of the patches of a step; None where the state does not hold them."""
        try:
            shape, count = self.state["patches"] if self.state is not None else (None, 0)
            return (self.network.input_shape(tuple(int(n) for n in shape)), int(count)) if shape and int(count) > 0 else None
        except (LookupError, TypeError, ValueError):
            return None

    def fits(self, study: Study, settings: TrainingSettings) -> bool:
        """Whether training can continue from here under these settings."""
        card = self.checkpoint
        options = NETWORKS[card.network].options()
        config = self.network.config.to_json()  # including options that an older card lacks
        shared = {"normalisation": settings.normalisation, "resample": settings.resample}
        channels = {member.case.channels for member in study.cases.values()}
        return (
            card.network == settings.network
            and card.settings.get("preset", "") == settings.preset
            and all(config.get(name) == value for name, value in settings.network_options().items() if name in options)
            and all(card.settings.get(name, "auto") == value for name, value in shared.items())
            and (not settings.dims or card.config.get("dims") == settings.dims)
            and channels <= {int(card.intensity.get("channels", 0))}
        )


def load_start(path: Path, *, resume: bool = True, like: TrainingSettings | None = None) -> Start:
    """Load a checkpoint file, or a project folder's newest one of the network and preset of `like`; without `resume` only its weights.

    Raise CheckpointError when there is none, or it is damaged. With a damaged or missing state the training starts from the weights.
    """
    if path.is_dir():
        card = checkpoints.newest(path / "checkpoints" if (path / "checkpoints").is_dir() else path, like)
        if card is None:
            raise CheckpointError(checkpoints.NONE)
        path = card.path
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


def _continues(state: Mapping[str, Any], network: Network) -> bool:
    """Whether a state, which is untrusted, belongs to this network."""
    try:
        Budget(**state["budget"])
        learner, shapes = state["learner"], {name: value.shape for name, value in network.state_dict().items()}
        same_shapes = all({name: value.shape for name, value in learner[part].items()} == shapes for part in ("network", "average"))
        dicts = all(isinstance(learner[part], dict) for part in ("optimizer", "scaler"))
        return same_shapes and dicts and type(state["round"]) is type(learner["steps"]) is int and bool(learner["random"].numel())
    except (LookupError, TypeError, AttributeError):
        return False
