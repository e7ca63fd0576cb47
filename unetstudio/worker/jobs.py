"""Work that takes time, as generators of events: predicting what is on screen or a whole case, and describing the computer."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

from unetstudio.data.prediction import Prediction
from unetstudio.data.quantity import count_text
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.errors import CheckpointError
from unetstudio.inference.attention import attend
from unetstudio.inference.events import AttentionMapped, PredictionEvent, TilePredicted
from unetstudio.inference.predict import TILE_SECONDS, predict
from unetstudio.inference.predictor import Predictor
from unetstudio.networks.computer import examine
from unetstudio.project import durable, folders, prediction_file
from unetstudio.worker.messages import DeviceReport, ShowView

Predicting = Generator[PredictionEvent | AttentionMapped | None, None, None]


def predict_view(predictor: Predictor, load: Callable[[], Scan], view: ShowView, folder: Path) -> Predicting:
    """Tiles of what is on screen, from its focus outward; kept in the case's folder when that was the whole scan."""
    scan, case, region, focus = load(), view.case, view.region, view.focus
    check_channels(predictor, scan, case)
    kept = Prediction(scan.shape, predictor.values) if region.clipped(scan.shape) == Region.whole(scan.shape) else None
    for event in predict(predictor, scan, case, region=region, focus=focus):
        if kept is not None and isinstance(event, TilePredicted):
            kept.put(event.region, event.probabilities, event.checkpoint)
        yield event
    if kept is not None:
        prediction_file.save(folder, kept)
    if view.attention:
        yield from attend(predictor, scan, case, region, focus)


def predict_case(
    predictor: Predictor, load: Callable[[], Scan], case: str, folder: Path, *, tta: bool = False, tile_seconds: float = TILE_SECONDS
) -> Predicting:
    """A whole case in the background: kept in a folder, no tile is reported; None is yielded to let others have a turn."""
    scan = load()
    check_channels(predictor, scan, case)
    kept = Prediction(scan.shape, predictor.values)
    for event in predict(predictor, scan, case, tta=tta, tile_seconds=tile_seconds):
        if isinstance(event, TilePredicted):
            kept.put(event.region, event.probabilities, event.checkpoint)
            yield None
        else:
            prediction_file.save(folder, kept)
            yield event


def describe_device(measure: bool) -> Generator[DeviceReport | None, None, None]:
    """This computer; the speed test takes about five seconds."""
    steps = examine(measure)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            yield DeviceReport(end.value.rows, end.value.remedy)
            return
        yield None


def check_channels(predictor: Predictor, scan: Scan, name: str) -> None:
    """CheckpointError when a scan has another number of channels than the network was trained on."""
    trained = getattr(predictor.intensity, "channels", scan.channels)
    if scan.channels != trained:
        raise CheckpointError(
            f"{name}: the image has {count_text(scan.channels, 'channel')}, the checkpoint was trained on {trained}; convert the image."
        )


def write_durably(path: Path, content: bytes) -> None:
    """How the worker writes checkpoints, into a folder of a project; MissingError where the project is gone."""
    folders.make_folder(path.parent, within=path.parent.parent)
    folders.remove_temporary_files(path.parent)
    durable.write_bytes(path, content, replace=True)
