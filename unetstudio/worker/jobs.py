"""Work that takes time, as generators of events: predicting what is on screen, a whole case, or images into a folder."""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unetstudio.data.case import Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.prediction import Prediction
from unetstudio.data.quantity import count_text
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.errors import CheckpointError, FormatError
from unetstudio.formats import FORMATS, read_by_region, write_legend
from unetstudio.formats.large_mask import ending
from unetstudio.formats.replacing import make_folder, replace_file
from unetstudio.inference.attention import attend
from unetstudio.inference.events import AttentionMapped, EngineChosen, PredictionEvent, TilePredicted
from unetstudio.inference.predict import FINAL_SECONDS, predict
from unetstudio.inference.predictor import Predictor
from unetstudio.networks.computer import examine
from unetstudio.postprocess.segment import Painted, segment
from unetstudio.postprocess.step import Step
from unetstudio.project import durable, prediction_file
from unetstudio.training.events import Notice
from unetstudio.worker.export import LEGEND
from unetstudio.worker.export_names import Record, free_names
from unetstudio.worker.huge import USUAL, Doing, Limits, predict_huge
from unetstudio.worker.messages import DeviceReport, ShowView

Predicting = Generator[PredictionEvent | AttentionMapped | None, None, None]


@dataclass(frozen=True)
class MaskWritten:
    """One image of a folder is done."""

    image: str
    path: str
    done: int
    total: int


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


def predict_case(predictor: Predictor, load: Callable[[], Scan], case: str, folder: Path) -> Predicting:
    """A whole case in the background: kept in its folder, no tile is reported; None is yielded to let others have a turn."""
    scan = load()
    check_channels(predictor, scan, case)
    kept = Prediction(scan.shape, predictor.values)
    for event in predict(predictor, scan, case):
        if isinstance(event, TilePredicted):
            kept.put(event.region, event.probabilities, event.checkpoint)
            yield None
        else:
            prediction_file.save(folder, kept)
            yield event


@dataclass(frozen=True)
class Refused:
    """One image could not be predicted, and why, in one sentence."""

    image: Path
    why: str


@dataclass(frozen=True)
class Wanted:
    """One image to be predicted into a folder: `painted` holds labels that win over the prediction."""

    source: Source
    stem: str
    painted: Callable[[], Painted | None] = lambda: None


def predict_to_folder(
    predictor: Predictor,
    wanted: Sequence[Wanted],
    out: Path,
    steps: Sequence[Step],
    classes: ClassTable,
    *,
    flips: bool = True,
    probabilities: bool = False,
    engine: str = "auto",
    limits: Limits = USUAL,
) -> Generator[PredictionEvent | EngineChosen | MaskWritten | Refused | Doing | Notice, None, None]:
    """Class-index masks named by the image's stem: PNG for pictures, NIfTI with the same geometry for volumes; and one legend. What
    exceeds the `limits` is predicted on the disk, a picture then becomes a tiled TIFF, and its probabilities are not written.

    The first image decides which `engine` computes.

    An image that cannot be predicted is yielded as `Refused`, and the others go on. UserError when the folder cannot be written, or
    a file there is not this program's own: the images themselves are never written over.
    """
    record, originals = Record(out, "prediction"), [item.source.path for item in wanted]
    names, chosen = free_names(item.stem for item in wanted), False
    for done, (item, name) in enumerate(zip(wanted, names, strict=True), start=1):
        try:
            scan = read_by_region(item.source, limits.large)
            check_channels(predictor, scan, item.source.path.name)
            huge = limits.exceeded(scan, len(predictor.values))
            if huge and probabilities:
                raise FormatError(item.source.path, "the probabilities of an image of this size are not written; predict it without them.")
        except (FormatError, CheckpointError) as error:
            yield Refused(item.source.path, str(error))
            continue
        path = out / f"{name}{ending(scan.shape) if huge else '.nii.gz' if scan.is_volume else '.png'}"
        shares = out / f"{name}_probabilities.npz"
        make_folder(out)
        record.claim([path.name, LEGEND, *([shares.name] if probabilities else [])], originals)
        write_legend(out / LEGEND, classes)
        if not chosen:
            chosen = True
            work = scan.shape[0] * scan.shape[1] * scan.shape[2] * len(wanted) * (2**predictor.dims if flips else 1)
            choice = predictor.quicken(scan, work, engine)
            yield EngineChosen(choice.name, choice.words)
        if huge:
            yield from predict_huge(predictor, scan, item.source, path, name, steps, item.painted(), limits, flips=flips)
        else:
            kept = Prediction(scan.shape, predictor.values)
            for event in predict(predictor, scan, item.stem, tile=limits.tile, flips=flips, rows=True, patience=FINAL_SECONDS):
                if isinstance(event, TilePredicted):
                    kept.put(event.region, event.probabilities, event.checkpoint)
                yield event
            found = segment(kept.probabilities, kept.values, steps, scan.geometry.spacing, painted=item.painted())
            FORMATS["nifti" if scan.is_volume else "png"].write(path, found.labels, scan.geometry, classes)
            if probabilities:
                save_probabilities(shares, kept)
        record.finish()
        yield MaskWritten(str(item.source.path), str(path), done, len(wanted))


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


def save_probabilities(path: Path, prediction: Prediction) -> None:
    """NumPy archive: `probabilities` (K, Z, Y, X) uint8, 0..255, and the class `values` of its channels; FormatError when it cannot be
    written."""
    archive = io.BytesIO()
    np.savez_compressed(archive, probabilities=prediction.probabilities, values=np.array(prediction.values, np.uint8))
    replace_file(path, archive.getvalue())


def check_channels(predictor: Predictor, scan: Scan, name: str) -> None:
    """CheckpointError when a scan has another number of channels than the network was trained on."""
    trained = getattr(predictor.intensity, "channels", scan.channels)
    if scan.channels != trained:
        raise CheckpointError(
            f"{name}: the image has {count_text(scan.channels, 'channel')}, the checkpoint was trained on {trained}; convert the image."
        )


def write_durably(path: Path, content: bytes) -> None:
    """How the worker writes checkpoints, into a folder of a project; MissingError where the project is gone."""
    durable.make_folder(path.parent, within=path.parent.parent)
    durable.sweep(path.parent)
    durable.write_bytes(path, content, replace=True)
