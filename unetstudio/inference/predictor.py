"""What view, folder and export ask of whatever predicts a scan: a network, or any other classifier of voxels. No torch here."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol

from unetstudio.data.scan import Scan
from unetstudio.inference.events import AttentionMapped, EngineChosen, PredictionEvent
from unetstudio.inference.request import PredictionRequest


class Predictor(Protocol):
    """Gives the class probabilities of scans."""

    @property
    def values(self) -> tuple[int, ...]:
        """Class values in the order of the probabilities, the background first."""

    @property
    def checkpoint(self) -> str:
        """The id under which its predictions are kept: another id gives other predictions."""

    @property
    def mirrored(self) -> bool:
        """Whether it has learnt from mirrored images, so that averaging over them gives better masks."""

    def check(self, scan: Scan, name: str) -> None:
        """Raise a CheckpointError with the `name` of the image when it cannot be predicted, such as one of other channels."""

    def remark(self, scan: Scan) -> str:
        """What is done to a scan before it is predicted, for the reader; "" where it is taken as it is. CheckpointError when that fails."""

    def prepare(self, scan: Scan, images: int, engine: str, *, tta: bool) -> EngineChosen:
        """Choose what computes `images` scans of this size; `engine` is "auto" or a name. UserError for one that cannot be had."""

    def tile_edge(self, scan: Scan, *, tta: bool) -> int:
        """The edge of the tile cores that a final prediction of a scan uses by itself."""

    def can_resume(self, scan: Scan) -> bool:
        """Whether `PredictionRequest.done` spares work; otherwise all of the scan is predicted again."""

    def predict(self, scan: Scan, request: PredictionRequest) -> Generator[PredictionEvent, None, None]:
        """Yield a TilePredicted for each tile and a CasePredicted at the end; can be closed between any two.

        A tile may be yielded again, in part, where later ones change it. OutOfMemory when the smallest tile does not fit.
        """

    def attend(self, scan: Scan, request: PredictionRequest) -> Generator[AttentionMapped | None, None, None]:
        """Yield None after each tile and at last where the predictor looked in the region; nothing if it cannot say."""
