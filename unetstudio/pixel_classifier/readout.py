"""The readout of a pixel classifier: from the features of a voxel to the probabilities of the classes.

Trees learn from a few strokes what no other method learns as quickly, but are slow to ask and large to store. They teach a small
perceptron for each view of the features, on the painted voxels and on others; the perceptrons' mean is what is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import log_softmax

from unetstudio.errors import CheckpointError
from unetstudio.pixel_classifier.background_teacher import teach_with_background
from unetstudio.pixel_classifier.perceptron import IN_PICTURES, IN_VOLUMES, Layers, fit_perceptrons
from unetstudio.pixel_classifier.trees import teach

Floats = NDArray[np.float32]
View = tuple[int, int]

CLAMP = 4.0
"""Standard deviations to which features are clamped, so that what the strokes never showed is not extrapolated."""

BALANCE = -0.25
"""Exponent of a class's number of painted voxels in its weight in volumes: full balance would make small structures too large."""

ABSENT = -12.0
"""Log probability of a class that has no stroke."""

LIMIT = 0.5
"""Default of the largest correction for a class's frequency, which differs between images."""

CHUNK = 2**15
"""Number of voxels that are asked for at once, whose features stay in a processor's cache."""

BAD = "The checkpoint is of another version of this program, or damaged; train again."


@dataclass(frozen=True, eq=False)
class Readout:
    """Perceptrons, one for each view (start, stop) of the features, which are standardised; `present` are the channels they predict."""

    mean: Tensor  # (F,)
    deviation: Tensor  # (F,)
    present: Tensor  # (P,) int64
    channels: int
    views: tuple[View, ...]
    perceptrons: tuple[Layers, ...]

    @property
    def count(self) -> int:
        """Number of features."""
        return len(self.mean)

    def log_probabilities(self, features: Tensor) -> Tensor:
        """Compute (K, ...) float32 of (F, ...)."""
        flat = features.reshape(self.count, -1)
        mean, deviation = self.mean[:, None].to(flat), self.deviation[:, None].to(flat)
        out = torch.full((self.channels, flat.shape[1]), ABSENT, dtype=torch.float32, device=flat.device)
        present = self.present.to(flat.device)
        for start in range(0, flat.shape[1], CHUNK):
            part = flat[:, start : start + CHUNK].sub(mean).div_(deviation).clamp_(-CLAMP, CLAMP)
            logits = torch.stack([log_softmax(_forward(p, part[a:b]), 0) for (a, b), p in zip(self.views, self.perceptrons, strict=True)])
            out[present, start : start + CHUNK] = log_softmax(logits.mean(0), 0)
        return out.reshape(self.channels, *features.shape[1:])

    def tensors(self) -> dict[str, Tensor]:
        """Return everything as named tensors for a checkpoint."""
        named = {"mean": self.mean, "deviation": self.deviation, "present": self.present, "views": torch.tensor(self.views)}
        named["channels"] = torch.tensor(self.channels)
        for v, layers in enumerate(self.perceptrons):
            for n, (weight, bias) in enumerate(layers):
                named |= {f"{v}.{n}.weight": weight, f"{v}.{n}.bias": bias}
        return named

    @classmethod
    def from_tensors(cls, named: Mapping[str, Tensor]) -> Readout:
        """Read what `tensors` returned; raise CheckpointError for tensors of another version, or damaged ones."""
        try:
            mean, deviation, present, channels = named["mean"], named["deviation"], named["present"], int(named["channels"])
            views = tuple((int(a), int(b)) for a, b in named["views"])
            depth = len({name.split(".")[1] for name in named if name.startswith("0.")})
            layers = tuple(tuple((named[f"{v}.{n}.weight"], named[f"{v}.{n}.bias"]) for n in range(depth)) for v in range(len(views)))
            if not (mean.ndim == present.ndim == 1 and mean.shape == deviation.shape and present.dtype == torch.int64 and depth and views):
                raise ValueError("other shapes than these")
            if not 0 < len(present) <= channels <= 255 or bool((present < 0).any()) or bool((present >= channels).any()):
                raise ValueError("other classes than these")
            if len(set(present.tolist())) < len(present) or not bool((deviation > 0).all()):
                raise ValueError("numbers that are none")
            for (start, stop), perceptron in zip(views, layers, strict=True):
                _check(perceptron, start, stop, len(mean), len(present))
            if not all(bool(torch.isfinite(value).all()) for value in named.values()):
                raise ValueError("numbers that are none")
        except (KeyError, TypeError, ValueError, IndexError, RuntimeError, OverflowError) as error:
            raise CheckpointError(BAD) from error
        return cls(mean, deviation, present, channels, views, layers)


def fit_readout(
    x: Floats,
    y: NDArray[np.int64],
    channels: int,
    unlabelled: Floats,
    seed: int,
    views: Sequence[View] | None = None,
    limit: float = LIMIT,
    rest: int | None = None,
) -> Readout:
    """Fit to the features (N, F) of painted voxels with their channels (N,), and those (M, F) of a fair sample of the same images.

    The sample tells how frequent the classes are; about 20,000 voxels are enough, and there may be none. `limit` is by how much, in
    log probability, this moves a class from what the strokes alone say. In volumes, `rest` is the channel of the background, which most
    voxels that are not painted have.

    A readout trusts all `views` (start, stop) of the features alike; the default is one of all. The same input gives the same readout.
    """
    views = tuple(views or ((0, x.shape[1]),))
    present, target = np.unique(y, return_inverse=True)
    rng = np.random.default_rng(seed)
    both = np.concatenate([x, unlabelled])
    mean, deviation = both.mean(axis=0, dtype=np.float64).astype(np.float32), both.std(axis=0, dtype=np.float64).astype(np.float32) + 1e-6
    if rest is None:
        soft, weights = teach(x, target, unlabelled, views, limit, rng)
    else:
        soft = teach_with_background(x, target, unlabelled, int(np.flatnonzero(present == rest)[0]), rng)
        weights = (np.bincount(target) ** BALANCE).astype(np.float32)
    painted, others = ((values - mean).__itruediv__(deviation).clip(-CLAMP, CLAMP) for values in (x, unlabelled))
    perceptrons = fit_perceptrons(painted, target, weights, others, soft, views, seed, IN_PICTURES if rest is None else IN_VOLUMES)
    standard = (torch.from_numpy(mean), torch.from_numpy(deviation))
    return Readout(*standard, torch.from_numpy(present.astype(np.int64)), channels, views, perceptrons)


def _forward(layers: Layers, x: Tensor) -> Tensor:
    """Apply a perceptron to (F, N)."""
    for weight, bias in layers[:-1]:
        x = torch.addmm(bias.to(x)[:, None], weight.to(x), x).relu_()
    weight, bias = layers[-1]
    return torch.addmm(bias.to(x)[:, None], weight.to(x), x)


def _check(layers: Layers, start: int, stop: int, count: int, channels: int) -> None:
    """Raise ValueError unless the layers lead from a view of the features to the channels."""
    if not 0 <= start < stop <= count:
        raise ValueError("features of nothing")
    width = stop - start
    for weight, bias in layers:
        if weight.dtype != torch.float32 or bias.dtype != torch.float32 or weight.shape != (len(bias), width):
            raise ValueError("other layers than these")
        width = len(bias)
    if width != channels:
        raise ValueError("other layers than these")
