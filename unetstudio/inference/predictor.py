"""The interface of predictors, networks and other classifiers of voxels, to view, folder and export. No torch here."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol

from unetstudio.data.scan import Scan
from unetstudio.inference.events import AttentionMapped, EngineChosen, PredictionEvent
from unetstudio.inference.request import PredictionRequest


class Predictor(Protocol):
    """A source of class probabilities for scans."""

    @property
    def values(self) -> tuple[int, ...]:
        """Class values in the order of the probabilities, the background first."""

    @property
    def checkpoint(self) -> str:
        """The id under which predictions are stored; another id means other predictions."""

    @property
    def mirrored(self) -> bool:
        """Whether the predictor has learnt from mirrored images, so that averaging over them improves masks."""

    def check(self, scan: Scan, name: str) -> None:
        """Raise CheckpointError with the `name` of the image when it cannot be predicted, such as for its number of channels."""

    def remark(self, scan: Scan) -> str:
        """Describe how a scan is prepared for prediction, and its `differences`; "" where there is nothing to say.

        Raise CheckpointError when it cannot be prepared.
        """

    def differences(self, scan: Scan) -> str:
        """Describe how a scan differs from what was learnt, such as in bit depth or voxel size, and what is done about it; "" for none."""

    def prepare(self, scan: Scan, images: int, engine: str, *, tta: bool) -> EngineChosen:
        """Choose the engine for `images` scans of this size; `engine` is "auto" or a name. Raise UserError if it is not available."""

    def tile_edge(self, scan: Scan, *, tta: bool) -> int:
        """Return the default edge of the tile cores in a final prediction of a scan."""

    def can_resume(self, scan: Scan) -> bool:
        """Whether `PredictionRequest.done` saves work; otherwise the whole scan is predicted again."""

    def predict(self, scan: Scan, request: PredictionRequest) -> Generator[PredictionEvent, None, None]:
        """Yield a TilePredicted for each tile and a CasePredicted at the end; can be closed between any two.

        A tile may be yielded again, in part, where later ones change it. Raise OutOfMemory when the smallest tile does not fit.
        """

    def attend(self, scan: Scan, request: PredictionRequest) -> Generator[AttentionMapped | None, None, None]:
        """Yield None after each tile and finally the region's attention map; nothing if the predictor has none."""
