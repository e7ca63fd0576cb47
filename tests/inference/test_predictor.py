"""Whatever predicts, network or not: the same folders, the same strokes on top, the same way by the disk."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from inference.predictors import predicted

from unetstudio.data.case import Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.prediction import Prediction
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.errors import CheckpointError
from unetstudio.formats import read, read_mask
from unetstudio.inference.collect import collect
from unetstudio.inference.events import AttentionMapped, CasePredicted, EngineChosen, MaskWritten, PredictionEvent, Refused, TilePredicted
from unetstudio.inference.folder import PredictionTarget, predict_to_folder
from unetstudio.inference.prediction_options import MemoryLimits, PredictionOptions
from unetstudio.inference.request import PredictionRequest
from unetstudio.inference.segment_case import finish, segment_case

CLASSES = ClassTable.named(["background", "cell"], [(0, 0, 0), (9, 9, 9)])


class Brightness:
    """A predictor without a network: what is bright is a cell."""

    values, checkpoint, mirrored = (0, 1), "brightness", False

    def check(self, scan: Scan, name: str) -> None:
        if scan.channels != 1:
            raise CheckpointError(f"{name}: only grey images.")

    def remark(self, scan: Scan) -> str:
        return self.differences(scan)

    def differences(self, scan: Scan) -> str:
        del scan
        return ""

    def prepare(self, scan: Scan, images: int, engine: str, *, tta: bool) -> EngineChosen:
        del scan, images, engine, tta
        return EngineChosen("numpy", "NumPy")

    def tile_edge(self, scan: Scan, *, tta: bool) -> int:
        del scan, tta
        return 64

    def can_resume(self, scan: Scan) -> bool:
        del scan
        return True

    def predict(self, scan: Scan, request: PredictionRequest) -> Generator[PredictionEvent, None, None]:
        start, tiles = time.perf_counter(), list(self._tiles(scan, request.tile_edge or 64))
        for done, region in enumerate(tiles, start=1):
            if region not in request.done:
                cell = np.asarray(scan.voxels[(slice(0, 1), *region.slices)])
                yield TilePredicted(
                    request.case, region, np.concatenate([255 - cell, cell]), self.values, self.checkpoint, done, len(tiles)
                )
        yield CasePredicted(request.case, self.checkpoint, time.perf_counter() - start, whole=True)

    def attend(self, scan: Scan, request: PredictionRequest) -> Generator[AttentionMapped | None, None, None]:
        del scan, request
        yield from ()

    @staticmethod
    def _tiles(scan: Scan, edge: int) -> Iterator[Region]:
        depth, rows, columns = scan.shape
        for z in range(depth):
            for y in range(0, rows, edge):
                for x in range(0, columns, edge):
                    yield Region((z, y, x), (z + 1, min(y + edge, rows), min(x + edge, columns)))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A dark picture with a bright square, 90 x 80."""
    pixels = np.full((80, 90), 30, np.uint8)
    pixels[20:50, 30:70] = 220
    cv2.imwrite(str(tmp_path / "square.png"), pixels)
    return tmp_path / "square.png"


def test_that_the_tiles_of_any_predictor_are_collected(picture: Path) -> None:
    scan = read(picture)
    prediction = predicted(Brightness(), scan, tile_edge=32)
    assert prediction.complete and prediction.checkpoint == "brightness"
    assert (prediction.probabilities[1] == scan.voxels[0]).all()


def test_that_every_event_is_passed_on_after_its_tile_is_collected(picture: Path) -> None:
    scan = read(picture)
    prediction = Prediction(scan.shape, (0, 1))
    kinds = []
    for event in collect(Brightness().predict(scan, PredictionRequest("case", tile_edge=32)), prediction):
        kinds.append(type(event))
        assert not isinstance(event, TilePredicted) or prediction.known[event.region.slices].all()
    assert kinds == [TilePredicted] * 9 + [CasePredicted]


def test_that_strokes_win_over_what_is_predicted(picture: Path) -> None:
    scan = read(picture)
    painted = np.zeros(scan.shape, np.bool_)
    painted[0, 25:30] = True
    segmented = finish(segment_case(Brightness(), scan, PredictionRequest("case"), (), (np.zeros(scan.shape, np.uint8), painted)))
    assert (segmented.labels == ((scan.voxels[0] > 127) & ~painted)).all()
    assert segmented.prediction.complete


@pytest.mark.parametrize("limits", [MemoryLimits(), MemoryLimits(large=0, picture=1000, probabilities=1000, tile_edge=32)])
def test_that_any_predictor_makes_masks_of_a_folder_in_memory_and_on_the_disk(picture: Path, tmp_path: Path, limits: MemoryLimits) -> None:
    colour = tmp_path / "colour.tif"
    tifffile.imwrite(colour, np.zeros((20, 20, 3), np.uint8), photometric="rgb")
    targets = [PredictionTarget(Source(path), path.stem) for path in (picture, colour)]
    events = list(predict_to_folder(Brightness(), targets, tmp_path / "out", (), CLASSES, PredictionOptions(limits=limits)))
    (written,) = (event for event in events if isinstance(event, MaskWritten))
    assert (read_mask(Path(written.path))[0] == (read(picture).voxels[0] > 127)).all()
    assert [event.why for event in events if isinstance(event, Refused)] == ["colour.tif: only grey images."]
    assert EngineChosen("numpy", "NumPy") in events
