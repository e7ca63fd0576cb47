"""Predicting images into a folder: one mask each, what was done before left as it is, and a list of them by doubt.

A run that was interrupted, or is repeated with more images, goes on where it ended: a mask is kept as long as it was made from the same
image and strokes, by the same checkpoint, in the same way.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from unetstudio.atomic_file import make_folder, replace_file
from unetstudio.data.case import Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.prediction import Prediction
from unetstudio.data.scan import Scan
from unetstudio.errors import CheckpointError, FormatError, OutOfMemory, ProjectError, UserError
from unetstudio.formats import FORMATS, read_by_region, write_legend
from unetstudio.formats.large_mask import ending
from unetstudio.formats.legend import LEGEND
from unetstudio.formats.output_record import Record
from unetstudio.inference.engine import ENGINES
from unetstudio.inference.events import EngineChosen, PredictionEvent, TilePredicted
from unetstudio.inference.predict import FINAL_SECONDS, predict
from unetstudio.inference.predictor import Predictor
from unetstudio.postprocess.numbered import numbered
from unetstudio.postprocess.segment import Painted, segment
from unetstudio.postprocess.step import Step
from unetstudio.postprocess.uncertainty import mean_uncertainty
from unetstudio.training.events import Notice
from unetstudio.worker.file_messages import MaskWritten, Refused
from unetstudio.worker.jobs import check_channels
from unetstudio.worker.out_of_core import USUAL, Doing, MemoryLimits, predict_out_of_core
from unetstudio.worker.output_manifest import LIST, RECORD, OutputManifest

FLIPPED_VOXELS = 4_000_000
"""Images up to this size are averaged over mirrored views without being told to; it takes four times as long, eight times in 3D, or in 2D
with views turned by a quarter."""

LOCK = "unetstudio-masks-{}.lock"
"""In the system's folder for passing files: held while masks are written into a folder."""

FLIPS = ("auto", "on", "off")

MOST_OBJECTS = 2**16 - 1
"""In a PNG of 16 bits."""


@dataclass(frozen=True)
class PredictionTarget:
    """One image to be predicted into a folder: `painted` holds labels that win over the prediction."""

    source: Source
    stem: str
    painted: Callable[[], Painted | None] = lambda: None


@dataclass(frozen=True)
class PredictionOptions:
    """How masks are made: `tta` on, off or auto; `probabilities` written beside them; numbers of `objects` instead of class values;
    by which `engine`; all of them `again`, also those that are there."""

    tta: str = "auto"
    probabilities: bool = False
    objects: bool = False
    engine: str = "auto"
    again: bool = False
    limits: MemoryLimits = USUAL

    def __post_init__(self) -> None:
        if self.tta not in FLIPS:
            raise UserError(f"flips={self.tta!r} is not understood: choose {', '.join(FLIPS)}.")
        if self.engine not in ENGINES:
            raise UserError(f"There is no engine {self.engine!r}: choose {', '.join(ENGINES)}.")

    def flipped(self, scan: Scan, mirrored: bool) -> bool:
        """Whether a scan is averaged over mirrored views: when asked for, or when that is quick and the network has learnt such views."""
        z, y, x = scan.shape
        return self.tta == "on" or (self.tta == "auto" and mirrored and z * y * x <= FLIPPED_VOXELS)


USUAL_OPTIONS = PredictionOptions()

Folder = Generator[PredictionEvent | EngineChosen | MaskWritten | Refused | Doing | Notice, None, None]


def predict_to_folder(
    predictor: Predictor,
    wanted: Sequence[PredictionTarget],
    out: Path,
    steps: Sequence[Step],
    classes: ClassTable,
    manner: PredictionOptions = USUAL_OPTIONS,
) -> Folder:
    """Masks named by the image's stem: PNG for pictures, NIfTI with the same geometry for volumes; a legend; and the images by doubt.

    What exceeds the limits is predicted on the disk, a picture then becomes a tiled TIFF, and its probabilities and objects are not
    written. The first image decides which engine computes.

    An image that cannot be predicted is yielded as `Refused`, and the others go on. UserError when the folder cannot be written, or
    a file there is not this program's own: the images themselves are never written over.
    """
    with _alone(out):
        yield from _Run(predictor, wanted, out, steps, classes, manner).steps()


class _Run:
    """One run into a folder, image after image."""

    def __init__(
        self,
        predictor: Predictor,
        wanted: Sequence[PredictionTarget],
        out: Path,
        steps: Sequence[Step],
        classes: ClassTable,
        manner: PredictionOptions,
    ) -> None:
        self._predictor, self._wanted, self._out = predictor, wanted, out
        self._steps, self._classes, self._manner = steps, classes, manner
        self._record, self._chosen = Record(out, "prediction"), False
        self._before = OutputManifest(out, (predictor.checkpoint, steps, manner.tta, manner.probabilities, manner.objects))

    def steps(self) -> Folder:
        """Every image; those that are at fault themselves are told of and left out."""
        names = self._before.names([item.source for item in self._wanted], (item.stem for item in self._wanted))
        for done, (item, name) in enumerate(zip(self._wanted, names, strict=True), start=1):
            try:
                yield from self._image(item, name, done)
            except (CheckpointError, ProjectError, OutOfMemory) as error:
                yield Refused(item.source.path, str(error))
            except FormatError as error:
                if item.source.path not in (error.path, *error.path.parents) and error.path not in item.source.files:
                    raise  # the folder of the masks is at fault
                yield Refused(item.source.path, str(error))

    def _image(self, item: PredictionTarget, name: str, done: int) -> Folder:
        predictor, manner, out, total = self._predictor, self._manner, self._out, len(self._wanted)
        shares = out / f"{name}_probabilities.npz"
        painted = item.painted()
        known = None if manner.again else self._before.find(name, item.source, painted)
        if known is not None and self._record.unchanged(known.mask) and (not manner.probabilities or shares.is_file()):
            yield MaskWritten(str(item.source.path), str(out / known.mask), done, total, known.doubt, before=True)
            return
        scan = read_by_region(item.source, manner.limits.large)
        check_channels(predictor, scan, item.source.path.name)
        huge, view = _is_huge(predictor, scan, item.source.path, manner), predictor.view(scan)
        path = out / f"{name}{ending(scan.shape) if huge else '.nii.gz' if scan.is_volume else '.png'}"
        make_folder(out)
        files = [path.name, LEGEND, LIST, RECORD, *([shares.name] if manner.probabilities else [])]
        self._record.claim(files, (other.source.path for other in self._wanted))
        write_legend(out / LEGEND, self._classes)
        tta = manner.flipped(scan, predictor.mirrored)
        if not self._chosen:
            self._chosen = True
            work = scan.shape[0] * scan.shape[1] * scan.shape[2] * (total - done + 1) * (predictor.views if tta else 1)
            choice = predictor.select_engine(scan, work, manner.engine)
            yield EngineChosen(choice.name, choice.words)
        if view is not None:
            yield Notice(f"{item.source.path.name}: {view.words}")
        if huge:
            voxels = {}
            found = yield from predict_out_of_core(predictor, scan, item.source, path, name, self._steps, painted, manner.limits, tta=tta)
        else:
            kept = Prediction(scan.shape, predictor.values)
            tile = manner.limits.tile
            for event in predict(predictor, scan, item.stem, tile=tile, tta=tta, rows=True, tile_seconds=FINAL_SECONDS):
                if isinstance(event, TilePredicted):
                    kept.put(event.region, event.probabilities, event.checkpoint)
                yield event
            found = mean_uncertainty(kept.probabilities)
            labels = segment(kept.probabilities, kept.values, self._steps, scan.geometry.spacing, painted=painted).labels
            voxels = _voxels(labels, self._classes)
            values = _objects(labels, kept.values, item.source.path) if manner.objects else labels
            FORMATS["nifti" if scan.is_volume else "png"].write(path, values, scan.geometry, self._classes)
            if manner.probabilities:
                save_probabilities(shares, kept)
        self._before.add(name, item.source, painted, path.name, found, voxels, _voxel(scan))
        self._record.finish()
        yield MaskWritten(str(item.source.path), str(path), done, total, found)


@contextlib.contextmanager
def _alone(out: Path) -> Iterator[None]:
    """UserError while another run writes into the folder: each would take the other's list for a stranger's."""
    lock = FileLock(Path(tempfile.gettempdir()) / LOCK.format(hashlib.sha256(str(out.resolve()).encode()).hexdigest()[:16]))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise UserError(f"Another run is writing masks into {out.name}; wait till it has ended, or choose another folder.") from error
    except OSError:  # no locks there
        yield
        return
    try:
        yield
    finally:
        lock.release()


def _voxels(labels: np.ndarray, classes: ClassTable) -> dict[str, int]:
    """How many each structure has, by its name; the first class is the background."""
    counts = np.zeros(256, np.int64)
    for plane in labels:  # one by one: it takes eight bytes a voxel
        counts += np.bincount(plane.reshape(-1), minlength=256)
    return {entry.name: int(counts[entry.value]) for entry in list(classes)[1:]}


def _voxel(scan: Scan) -> float | None:
    """mm² of a pixel, mm³ of a voxel in a volume; None where the spacing is unknown."""
    if scan.geometry.spacing is None:
        return None
    z, y, x = scan.geometry.spacing
    return z * y * x if scan.is_volume else y * x


def _is_huge(predictor: Predictor, scan: Scan, path: Path, manner: PredictionOptions) -> bool:
    """Whether it is predicted on the disk; FormatError when more is wanted of such an image than its mask."""
    huge = manner.limits.exceeded(scan, len(predictor.values))
    if huge and manner.probabilities:
        raise FormatError(path, "the probabilities of an image of this size are not written; predict it without them.")
    if huge and manner.objects:
        raise FormatError(path, "the objects of an image of this size are not numbered; predict it with classes instead.")
    return huge


def _objects(labels: np.ndarray, values: tuple[int, ...], path: Path) -> np.ndarray:
    """Numbers of objects as files hold them; FormatError for more than fit into a picture."""
    ids = numbered(labels, values[1:])
    if ids.shape[0] > 1:
        return ids
    if ids.max(initial=0) > MOST_OBJECTS:
        raise FormatError(path, f"it would hold more than {MOST_OBJECTS:,} objects; clean up small islands first.")
    return ids.astype(np.uint16)


def save_probabilities(path: Path, prediction: Prediction) -> None:
    """NumPy archive: `probabilities` (K, Z, Y, X) uint8, 0..255, and the class `values` of its channels; FormatError when it cannot be
    written."""
    archive = io.BytesIO()
    np.savez_compressed(archive, probabilities=prediction.probabilities, values=np.array(prediction.values, np.uint8))
    replace_file(path, archive.getvalue())
