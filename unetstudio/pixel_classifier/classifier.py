"""A pixel classifier: a feature bank, and readouts fitted to strokes, which answer within a second of a stroke."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.errors import CheckpointError
from unetstudio.pixel_classifier.bank_choice import BANKS
from unetstudio.pixel_classifier.cached_bank import CachedBank
from unetstudio.pixel_classifier.readout import Readout, fit_readout
from unetstudio.pixel_classifier.ridge import Ridge, fit_ridge

Floats = NDArray[np.float32]

UNKNOWN = -8.0
"""Log probability of a class without strokes."""

ALIKE = 2
"""Number of classes up to which both readouts count alike: a regression tells many classes apart less well than trees."""

LINEAR = "linear."
"""Prefix of the names of the ridge regression's tensors."""

BAD = "The pixel classifier in this checkpoint is of another version of this program, or damaged; train again."


@dataclass(frozen=True, eq=False)
class PixelClassifier:
    """Class probabilities of single voxels from their features: a mean of both readouts' log probabilities.

    `values` are the class values in the readouts' order.
    """

    bank: CachedBank
    readout: Readout
    ridge: Ridge | None
    values: tuple[int, ...]

    @torch.inference_mode()
    def log_probabilities(self, scan: Scan, region: Region, values: tuple[int, ...] = ()) -> Floats:
        """Compute (K, Z, Y, X) float32 of a region inside the scan, for these class `values`: UNKNOWN for those without strokes."""
        features = torch.from_numpy(self.bank.features(scan, region))
        logs = self.readout.log_probabilities(features[: self.readout.count])
        linear = self.bank.bank.linear
        if self.ridge is not None and linear is not None:
            weight = min(1.0, ALIKE / len(self.values))
            pooled = logs + weight * self.ridge.log_probabilities(features[slice(*linear)])
            logs = torch.log_softmax(pooled / (1 + weight), 0)
        known: Floats = logs.numpy()
        if not values or values == self.values:
            return known
        out = np.full((len(values), *region.shape), UNKNOWN, np.float32)
        for channel, value in enumerate(values):
            if value in self.values:
                out[channel] = known[self.values.index(value)]
        return out

    def to_json(self) -> dict[str, Any]:
        """Return plain values for a checkpoint's card."""
        name = next(name for name, kind in BANKS.items() if isinstance(self.bank.bank, kind))
        return {"bank": name, "options": self.bank.bank.to_json(), "values": list(self.values)}

    def tensors(self) -> dict[str, Tensor]:
        """Return the readouts' weights for a checkpoint's file."""
        linear = {} if self.ridge is None else self.ridge.tensors()
        return self.readout.tensors() | {LINEAR + name: value for name, value in linear.items()}

    @classmethod
    def load(cls, card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> PixelClassifier:
        """Read what `to_json` and `tensors` returned; raise CheckpointError for damaged ones."""
        try:
            bank = BANKS[str(card["bank"])].from_json(dict(card["options"]))
            values = tuple(int(value) for value in card["values"])
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(BAD) from error
        named = {name.removeprefix(LINEAR): value for name, value in tensors.items() if name.startswith(LINEAR)}
        readout = Readout.from_tensors({name: value for name, value in tensors.items() if not name.startswith(LINEAR)})
        ridge = None if bank.linear is None else Ridge.from_tensors(named, bank.linear[1] - bank.linear[0], len(values))
        if readout.count != bank.views[-1][1] or readout.channels != len(values):
            raise CheckpointError(BAD)
        return cls(CachedBank(bank), readout, ridge, values)


def fit_classifier(bank: CachedBank, x: Floats, y: NDArray[np.uint8], unlabelled: Floats, background: int, seed: int) -> PixelClassifier:
    """Fit to the features (N, F) of painted voxels, their class values (N,) and the features (M, F) of others.

    `background` is the class value that most of the unlabelled voxels of a volume have.
    """
    values, channel = np.unique(y, return_inverse=True)
    trees, linear = bank.bank.views[-1][1], bank.bank.linear
    if linear is None:  # a volume, most of which is background
        rest = int(np.flatnonzero(values == background)[0]) if background in values else None
        readout = fit_readout(x[:, :trees], channel, len(values), unlabelled[:, :trees], seed, bank.bank.views, 0.0, rest)
        return PixelClassifier(bank, readout, None, tuple(values.tolist()))
    readout = fit_readout(x[:, :trees], channel, len(values), unlabelled[:, :trees], seed, bank.bank.views)
    ridge = fit_ridge(x[:, slice(*linear)], channel, len(values), unlabelled[:, slice(*linear)])
    return PixelClassifier(bank, readout, ridge, tuple(values.tolist()))
