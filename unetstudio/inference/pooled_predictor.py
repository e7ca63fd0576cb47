"""The prediction shown while strokes are few: a pixel classifier's quick guess, pooled with a network's as that learns."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.region import Index, Region
from unetstudio.data.scan import Scan
from unetstudio.errors import CheckpointError
from unetstudio.inference.events import AttentionMapped, CasePredicted, EngineChosen, PredictionEvent, TilePredicted
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.inference.predictor import Predictor
from unetstudio.inference.recent_tiles import RecentTiles
from unetstudio.inference.request import PredictionRequest
from unetstudio.networks.checkpoint import load_parts
from unetstudio.networks.device import Precision
from unetstudio.pixel_classifier.cached_bank import blocks
from unetstudio.pixel_classifier.classifier import PixelClassifier

LEAST = 0.5 / 255
"""Probability that a network's byte of 0 stands for."""

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]


def load_predictor(path: Path, device: str = "auto", precision: Precision | None = None) -> Predictor:
    """Load a checkpoint's network, and its pixel classifier where it has one.

    Raise the UserErrors of `networks.checkpoint.load` and `networks.device.choose_device`.
    """
    network = NetworkPredictor.load(path, device, precision)
    card, _, tensors = load_parts(path)
    if not card.classifier:
        return network
    classifier = PixelClassifier.load(card.classifier, tensors)
    shares = card.classifier.get("shares")
    if not isinstance(shares, list) or len(shares) != len(network.values) or not all(_is_share(share) for share in shares):
        raise CheckpointError(f"{path.name} does not say how its two parts are pooled; it was altered or is damaged.")
    return PooledPredictor(classifier, network, tuple(map(float, shares)))


def _is_share(value: object) -> bool:
    return isinstance(value, (int, float)) and 0 <= value <= 1


@dataclass(frozen=True, eq=False)
class ClassifierPredictor:
    """A `Predictor` of the pixel classifier alone, before a network has learnt anything."""

    classifier: PixelClassifier
    values: tuple[int, ...]
    checkpoint: str

    mirrored = False

    def check(self, scan: Scan, name: str) -> None:
        """Accept every scan: the bank converts channels."""

    def remark(self, scan: Scan) -> str:
        """Describe how a scan differs from what was learnt."""
        return self.differences(scan)

    def differences(self, scan: Scan) -> str:
        """Describe how a scan differs from what was learnt, and what is done about it; "" where it does not."""
        return self.classifier.bank.bank.adaptation(scan).words

    def prepare(self, scan: Scan, images: int, engine: str, *, tta: bool) -> EngineChosen:
        """Choose the only engine there is."""
        return EngineChosen("torch", "PyTorch: a quick guess needs no other")

    def tile_edge(self, scan: Scan, *, tta: bool) -> int:
        """Return the edge of a block of features."""
        return self.classifier.bank.bank.block[1]

    def can_resume(self, scan: Scan) -> bool:
        """Return False: predicting again is quick."""
        return False

    def predict(self, scan: Scan, request: PredictionRequest) -> Generator[PredictionEvent, None, None]:
        """Predict block by block, from the focus outward or row by row."""
        start = time.perf_counter()
        whole = Region.whole(scan.shape)
        target = whole if request.region is None else request.region & whole
        parts = [] if target.empty else [block & target for block in blocks(target, scan.shape, self.classifier.bank.bank.block)]
        if not request.row_order:
            focus = request.focus or tuple((a + b) // 2 for a, b in zip(target.start, target.stop, strict=True))
            parts.sort(key=lambda part: _distance(part, focus))
        for done, part in enumerate(parts, start=1):
            probabilities = _as_bytes(np.exp(self.classifier.log_probabilities(scan, part, self.values)))
            yield TilePredicted(request.case, part, probabilities, self.values, self.checkpoint, done, len(parts))
        yield CasePredicted(request.case, self.checkpoint, time.perf_counter() - start, target == whole)

    def attend(self, scan: Scan, request: PredictionRequest) -> Generator[AttentionMapped | None, None, None]:
        """Yield nothing: there is no attention."""
        yield from ()


@dataclass(frozen=True, eq=False)
class PooledPredictor:
    """A `Predictor` that pools a pixel classifier and a network of the same classes by their log probabilities.

    `shares` (K) are the network's weights per class, 0 for the classifier's word alone and 1 for the network's. `id` is that of the pool,
    by default the network's; `recent` are tiles of the same network.
    """

    classifier: PixelClassifier
    network: NetworkPredictor
    shares: tuple[float, ...]
    id: str = ""
    recent: RecentTiles | None = None

    @property
    def values(self) -> tuple[int, ...]:
        """Class values in the order of the probabilities."""
        return self.network.values

    @property
    def checkpoint(self) -> str:
        """The network's id, where the classifier is the one that is stored with it."""
        return self.id or self.network.checkpoint

    @property
    def mirrored(self) -> bool:
        """Whether the network has learnt from mirrored images."""
        return self.network.mirrored

    def check(self, scan: Scan, name: str) -> None:
        """Check the scan as the network does."""
        self.network.check(scan, name)

    def remark(self, scan: Scan) -> str:
        """Describe how the network takes the scan."""
        return self.network.remark(scan)

    def differences(self, scan: Scan) -> str:
        """Describe how a scan differs from what the network learnt; the classifier adapts it likewise."""
        return self.network.differences(scan)

    def prepare(self, scan: Scan, images: int, engine: str, *, tta: bool) -> EngineChosen:
        """Choose the network's engine."""
        return self.network.prepare(scan, images, engine, tta=tta)

    def tile_edge(self, scan: Scan, *, tta: bool) -> int:
        """Return the network's edge of tile cores."""
        return self.network.tile_edge(scan, tta=tta)

    def can_resume(self, scan: Scan) -> bool:
        """Whether the network can resume; the classifier always can."""
        return self.network.can_resume(scan)

    def predict(self, scan: Scan, request: PredictionRequest) -> Generator[PredictionEvent, None, None]:
        """Predict as the network does, and pool each tile."""
        for event in (self.recent or self.network).predict(scan, request):
            pooled = replace(event, probabilities=self._pooled(scan, event)) if isinstance(event, TilePredicted) else event
            yield replace(pooled, checkpoint=self.checkpoint)

    def attend(self, scan: Scan, request: PredictionRequest) -> Generator[AttentionMapped | None, None, None]:
        """Yield the network's attention map."""
        return self.network.attend(scan, request)

    def _pooled(self, scan: Scan, tile: TilePredicted) -> Bytes:
        if min(self.shares) >= 1:
            return tile.probabilities
        guess = self.classifier.log_probabilities(scan, tile.region, self.values)
        return _as_bytes(pool(guess, np.log(np.maximum(tile.probabilities * np.float32(1 / 255), np.float32(LEAST))), self.shares))


def pool(classifier: Floats, network: Floats, shares: tuple[float, ...]) -> Floats:
    """Pool log probabilities (K, ...) to probabilities (K, ...): the weighted mean of each class, normalised over the classes.

    A logarithmic opinion pool (Genest & Zidek 1986).
    """
    share = np.array(shares, np.float32).reshape(-1, *(1,) * (classifier.ndim - 1))
    mixed = classifier + share * (network - classifier)
    mixed -= mixed.max(axis=0)
    np.exp(mixed, out=mixed)
    mixed /= mixed.sum(axis=0)
    return mixed


def _as_bytes(probabilities: Floats) -> Bytes:
    """Convert 0..1 to 0..255, rounded."""
    return (probabilities * 255 + 0.5).astype(np.uint8)


def _distance(part: Region, focus: Index | tuple[int, ...]) -> float:
    """Return the squared distance from the focus to the middle of a region, slices first."""
    z, y, x = ((a + b - 1) / 2 - f for a, b, f in zip(part.start, part.stop, focus, strict=True))
    return z * z * 1e6 + y * y + x * x
