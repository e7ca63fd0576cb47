"""The training settings that a user may choose: one frozen value that travels from window or command line to the worker and into
checkpoints."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from unetstudio.errors import UserError


@dataclass(frozen=True)
class TrainingSettings:
    """Options of a training run; `training.plan` chooses those that are 0 or "auto" from the data and the machine."""

    network: str = "unet"
    preset: str = ""  # size variant of the network, such as published or small; "" = chosen for the machine
    dims: int = 0  # 2 or 3; 0 = chosen from the scans
    depth: int = 0  # number of poolings
    base: int = 0  # channels of the first level
    norm: str = "auto"  # normalisation layers: batch, group, instance, none
    deep_supervision: str = "auto"  # on, off; auto = the network's own default
    normalisation: str = "auto"  # scaling of grey values: percentile, zscore, ct
    resample: str = "auto"  # resample images to one voxel size: on, off, or the size in mm, such as 1 or 3x0.5x0.5 (z, y, x)
    patch: int = 0  # edge of the training window in pixels (2D) or voxels (3D)
    batch: int = 0  # patches a step
    learning_rate: float = 2e-3
    seconds: float = 0.0  # stop after this long; 0 = no limit
    steps: int = 0  # stop after this many steps; 0 = no limit
    round_seconds: float = 5.0  # approximate length of a round, after which scores and predictions are refreshed
    crop: str = "auto"  # share of patches cut round a voxel of a random class, from 0 to 1; the others round any labelled voxel
    augment: bool = True
    augmentation: str = "auto"  # preset of augmentations: auto, microscopy, ct, mri, ultrasound, photographs
    vary: str = ""  # changes to the preset, such as "rotation.limit=30,noise=off"
    quick_guess: bool = True  # a pixel classifier answers at once where there are only strokes, and teaches the network
    border_weight: str = "auto"  # weight of voxels between objects that nearly touch: auto, off, or a number, 10 as published
    hold_out: str = "auto"  # labels kept apart for the score: auto, or off to train on all
    device: str = "auto"  # auto, cpu, cuda, cuda:N, mps
    precision: str = "auto"  # number format of convolutions: auto, float32, bf16
    threads: int = 0  # processor threads for training; 0 = all but one
    seed: int = 0

    def with_overrides(self, pairs: Iterable[str]) -> TrainingSettings:
        """Return the settings with `KEY=VALUE` changes; UserError, with the choices, for an unknown key or a value of the wrong kind."""
        changes: dict[str, Any] = {}
        kinds = {f.name: type(getattr(self, f.name)) for f in fields(self)}
        for pair in pairs:
            key, equals, text = pair.partition("=")
            key = key.strip().replace("-", "_")
            if not equals or key not in kinds:
                raise UserError(f"--set {pair!r} is not understood: write KEY=VALUE with a KEY of {', '.join(kinds)}.")
            try:
                changes[key] = text.lower() in ("1", "true", "yes", "on") if kinds[key] is bool else kinds[key](text)
            except ValueError as error:
                kind = "whole number" if kinds[key] is int else "number"
                raise UserError(f"--set {key}: {text!r} is not a {kind}.") from error
            if isinstance(changes[key], (int, float)) and not 0 <= changes[key] < float("inf"):
                raise UserError(f"{key} cannot be {text}; write 0 to leave the choice to the program.")
        return replace(self, **changes)

    def network_options(self) -> dict[str, Any]:
        """Return the network options that the user has set; UserError for a value that is not among the choices."""
        if self.deep_supervision not in ("auto", "on", "off"):
            raise UserError(f"deep_supervision cannot be {self.deep_supervision!r}: choose auto, on or off.")
        options: dict[str, Any] = {name: value for name in ("depth", "base") if (value := getattr(self, name))}
        if self.norm != "auto":
            options["norm"] = self.norm
        if self.deep_supervision != "auto":
            options["deep_supervision"] = self.deep_supervision == "on"
        return options

    def to_json(self) -> dict[str, Any]:
        """Return plain values for project.json and checkpoints."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> TrainingSettings:
        """Read the settings that `to_json` wrote; keys that this version does not have are left out."""
        names = {f.name for f in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in names})
