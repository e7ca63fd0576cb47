"""A checkpoint on disk: weights as safetensors named by their SHA-256, and a JSON card with everything needed to use them.

The weights file contains the card too, covered by the same hash, so that this one file suffices for prediction, even moved or renamed.
Nothing in it can run code. A damaged, foreign or newer checkpoint is refused with a CheckpointError.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psutil
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from unetstudio import __version__
from unetstudio.atomic_file import replace_file
from unetstudio.data.checksum import with_checksum
from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Spacing
from unetstudio.errors import CheckpointError, UserError
from unetstudio.networks.network import Network, rebuild
from unetstudio.networks.serialization import METADATA, metadata, pack, unpack

FORMAT = 2
"""Format version, incremented when older versions of the program can no longer read new checkpoints."""

CLASSIFIER = "pixel_classifier."
"""Prefix of the names of the pixel classifier's tensors."""

Write = Callable[[Path, bytes], None]
"""A function that writes the bytes of a file whole or not at all."""


@dataclass(frozen=True)
class Checkpoint:
    """The card of a checkpoint: how its weights were made and how well they score; `id` is the SHA-256 of their file, "" before saving."""

    network: str
    config: dict[str, Any]  # of the network, as `NetworkConfig.to_json` gives it
    classes: ClassTable  # in the order of the output channels
    intensity: dict[str, Any] = field(default_factory=dict)  # how voxels become input channels
    spacing: Spacing | None = None  # mm (z, y, x) of the training images
    resampled: bool = False  # whether images of another voxel size are resampled to `spacing`
    step: int = 0
    seconds: float = 0.0  # of training
    score: float | None = None  # mean Dice on held-out labels
    class_scores: dict[int, float] = field(default_factory=dict)  # by class value
    settings: dict[str, Any] = field(default_factory=dict)
    classifier: dict[str, Any] = field(default_factory=dict)  # the pixel classifier that the network is pooled with, and their shares
    training_cases: tuple[str, ...] = ()
    report: dict[str, Any] = field(default_factory=dict)  # further facts for the reader, see training/card.py
    created: str = ""  # ISO 8601, UTC
    program: str = __version__
    format: int = FORMAT
    id: str = ""
    optimizer: str = ""  # SHA-256 of the file with the training state, "" without one

    @property
    def dims(self) -> int:
        """The number of dimensions, 2 or 3."""
        return int(self.config.get("dims", 2))

    @property
    def mirrored(self) -> bool:
        """Whether training included views mirrored along every axis, so that test-time augmentation may use them."""
        return bool(self.report.get("training", {}).get("Mirrored views") == "learnt")

    @property
    def turned(self) -> bool:
        """Whether training included views rotated by 90 degrees."""
        return bool(self.report.get("training", {}).get("Turned views") == "learnt")

    @property
    def target(self) -> Spacing | None:
        """The voxel size in mm (z, y, x) to which images are resampled; None if they are not resampled."""
        return self.spacing if self.resampled else None

    @property
    def precision(self) -> str:
        """The precision setting for prediction: float32 if training used that setting, otherwise auto, since computers differ."""
        return "float32" if self.settings.get("precision") == "float32" else "auto"

    def to_json(self) -> dict[str, Any]:
        """Return the card as plain values."""
        return {**asdict(self), "classes": self.classes.to_json(), "dims": self.dims}

    @classmethod
    def from_json(cls, card: Mapping[str, Any]) -> Checkpoint:
        """Read what `to_json` returned; raise CheckpointError for a newer format or missing fields."""
        try:
            if int(card["format"]) > FORMAT:
                raise CheckpointError(f"This checkpoint was made by U-Net Studio {card.get('program', '')}; update the program to use it.")
            spacing = card["spacing"]
            numbers = [card["step"], card["seconds"], card["score"] or 0.0, *card["class_scores"].values(), *(spacing or ())]
            if not all(math.isfinite(number) and number >= 0 for number in numbers) or not all(spacing or (1,)):
                raise ValueError("numbers that are none")
            return cls(
                network=str(card["network"]),
                config=dict(card["config"]),
                classes=ClassTable.from_json(card["classes"]),
                intensity=dict(card["intensity"]),
                spacing=None if spacing is None else (float(spacing[0]), float(spacing[1]), float(spacing[2])),
                resampled=card.get("resampled", False) is True,  # absent from old cards
                step=int(card["step"]),
                seconds=float(card["seconds"]),
                score=None if card["score"] is None else float(card["score"]),
                class_scores={int(k): float(v) for k, v in card["class_scores"].items()},
                settings=dict(card["settings"]),
                classifier=dict(card.get("classifier", {})),  # absent from old cards
                training_cases=tuple(card["training_cases"]),
                report=dict(card.get("report", {})),  # absent from old cards
                created=str(card["created"]),
                program=str(card["program"]),
                format=int(card["format"]),
                id=str(card["id"]),
                optimizer=str(card["optimizer"]),
            )
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
            reason = str(error)[:80]  # the text comes from the file: show at most a line of it
            raise CheckpointError(f"This is not a checkpoint of U-Net Studio: its description lacks or garbles {reason}.") from error


def write_atomically(path: Path, content: bytes) -> None:
    """Write the old file or the whole new one, never half of it; inside a project the durable writer is passed instead."""
    replace_file(path, content, parents=True)


def save(
    folder: Path,
    checkpoint: Checkpoint,
    state: Mapping[str, Tensor],
    optimizer_state: Mapping[str, Any] | None = None,
    *,
    classifier: Mapping[str, Tensor] = MappingProxyType({}),
    write: Write = write_atomically,
) -> tuple[str, Path]:
    """Write `<sha256>.safetensors`, then the card `<sha256>.json`; return the id and the path of the weights.

    `state` is a network's state_dict, `classifier` the tensors of the pixel classifier. `optimizer_state` holds what is needed to resume
    training exactly (see `serialization.pack`) and is written to `<sha256>.optimizer`. Raise CheckpointError for weights that are not
    finite, and write nothing.
    """
    named = {**state, **{CLASSIFIER + name: value for name, value in classifier.items()}}
    tensors = {name: value.detach().cpu().contiguous().clone() for name, value in named.items()}
    _check_finite(tensors)
    resume = None if optimizer_state is None else pack(dict(optimizer_state))
    created = checkpoint.created or datetime.now(UTC).isoformat(timespec="seconds")
    optimizer = "" if resume is None else _sha256(resume)
    checkpoint = replace(checkpoint, created=created, optimizer=optimizer, id="", format=FORMAT)
    weights = save_tensors(tensors, {METADATA: json.dumps(checkpoint.to_json())})
    checkpoint = replace(checkpoint, id=_sha256(weights))
    path = folder / f"{checkpoint.id}.safetensors"
    if resume is not None:
        write(path.with_suffix(".optimizer"), resume)
    write(path, weights)
    write(path.with_suffix(".json"), json.dumps(with_checksum(checkpoint.to_json()), indent=1).encode())
    return checkpoint.id, path


def load(path: Path, device: torch.device | str = "cpu") -> tuple[Checkpoint, Network]:
    """Load and verify a checkpoint: its card, and its network in evaluation mode. `path` is the weights file or the card beside it."""
    checkpoint, network, _ = load_parts(path, device)
    return checkpoint, network


def load_parts(path: Path, device: torch.device | str = "cpu") -> tuple[Checkpoint, Network, dict[str, Tensor]]:
    """Load and verify a checkpoint as `load` does, with the tensors of its pixel classifier, which has its own check of them."""
    path = path.with_suffix(".safetensors") if path.suffix == ".json" else path
    content = _read(path)
    identity = _sha256(content)
    if re.fullmatch(r"[0-9a-f]{64}", path.stem) and path.stem != identity:
        raise CheckpointError(f"The checkpoint {path.name} is damaged: it is not what was written. Use an older one, or train again.")
    try:
        tensors = load_tensors(content)
        card = json.loads(metadata(content)[METADATA])
    except (SafetensorError, KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{path.name} is not a checkpoint of U-Net Studio, or is damaged.") from error
    checkpoint = replace(Checkpoint.from_json(card), id=identity)
    _check_finite(tensors)
    classifier = {name.removeprefix(CLASSIFIER): tensors.pop(name) for name in [*tensors] if name.startswith(CLASSIFIER)}
    network = _build(path, checkpoint)
    expected, actual = ({k: (tuple(v.shape), v.dtype) for k, v in state.items()} for state in (network.state_dict(), tensors))
    if expected != actual:
        raise CheckpointError(f"The weights in {path.name} do not fit the network that it names; it was altered or is damaged.")
    network.load_state_dict(tensors, assign=True)
    if len(checkpoint.classes) != network.config.n_classes:
        raise CheckpointError(f"{path.name} names {len(checkpoint.classes)} classes, but its network has {network.config.n_classes}.")
    return checkpoint, network.requires_grad_().to(device).eval(), classifier


def load_optimizer(path: Path, checkpoint: Checkpoint, device: torch.device | str = "cpu") -> dict[str, Any] | None:
    """Load and verify the `optimizer_state` that `save` wrote; None if the checkpoint at `path` was saved without one."""
    if not checkpoint.optimizer:
        return None
    beside = path.with_suffix(".optimizer")
    content = _read(beside)
    if _sha256(content) != checkpoint.optimizer:
        raise CheckpointError(f"{beside.name} is damaged; training can begin afresh from the weights alone.")
    return dict(unpack(content, device))


def _build(path: Path, checkpoint: Checkpoint) -> Network:
    """Build the network without allocating weights, so that a hostile card cannot claim more memory than its file has."""
    try:
        with torch.device("meta"):
            return rebuild(checkpoint.network, checkpoint.config)
    except (UserError, LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RuntimeError, MemoryError) as error:
        raise CheckpointError(f"The network in {path.name} cannot be built here: {str(error)[:200]}") from error


def _read(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise CheckpointError(f"The checkpoint {path.name} is not a file; choose one that ends in .safetensors.")
        if path.stat().st_size > psutil.virtual_memory().available // 2:
            raise CheckpointError(f"The checkpoint {path.name} is larger than the memory takes; it was not made by this program here.")
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"The checkpoint {path.name} cannot be read: {error.strerror}. Check that the file is there.") from error


def _check_finite(tensors: Mapping[str, Tensor]) -> None:
    for name, value in tensors.items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise CheckpointError(f"Some weights in {name} are not finite numbers; this checkpoint is of no use.")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
