"""Prediction of images into a folder: one mask each, masks of earlier runs reused, and a list by mean uncertainty.

A run that was interrupted, or is repeated with more images, continues where it ended: a mask is reused as long as image, strokes,
checkpoint, steps and options are the same.
"""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from unetstudio.atomic_file import make_folder
from unetstudio.data.case import Case, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.scan import Scan
from unetstudio.errors import CheckpointError, FormatError, OutOfMemory, ProjectError, UserError
from unetstudio.formats import FORMATS, files_of, read_by_region, write_legend
from unetstudio.formats.finding.discovery import find_images
from unetstudio.formats.finding.found_image import FoundImage
from unetstudio.formats.masks.large import ending
from unetstudio.formats.masks.legend import LEGEND
from unetstudio.formats.masks.output_record import Record, output_stem
from unetstudio.formats.masks.usual import usual_mask
from unetstudio.inference.events import EngineChosen, ImageProgress, MaskWritten, Notice, PredictionEvent, Refused
from unetstudio.inference.mask_files import numbered_objects, save_probabilities, voxel_size, voxels_by_class, write_mask
from unetstudio.inference.out_of_core import predict_out_of_core
from unetstudio.inference.output_manifest import LIST, RECORD, MaskEntry, OutputManifest
from unetstudio.inference.prediction_options import USUAL_OPTIONS, PredictionOptions
from unetstudio.inference.predictor import Predictor
from unetstudio.inference.provenance import Provenance
from unetstudio.inference.request import PredictionRequest
from unetstudio.inference.segment_case import segment_case, strokes
from unetstudio.postprocess.segment import Painted
from unetstudio.postprocess.step import Step
from unetstudio.postprocess.uncertainty import mean_uncertainty
from unetstudio.project.store import read_labels

LOCK = "unetstudio-masks-{}.lock"
"""Lock file in the system's temporary folder, held while masks are written into a folder."""

FolderEvent = PredictionEvent | EngineChosen | MaskWritten | Refused | ImageProgress | Notice
FolderEvents = Generator[FolderEvent, None, None]


@dataclass(frozen=True)
class PredictionTarget:
    """An image to predict into a folder; `painted` reads the strokes that override the prediction."""

    source: Source
    stem: str
    painted: Callable[[], Painted | None] = lambda: None


def target_images(images: Sequence[Path], project: Path, cases: Sequence[Case], values: Sequence[int]) -> Iterator[PredictionTarget]:
    """Yield all images in files and folders; cases of the project come with their strokes of the classes `values`."""
    yield from target_found(find_images(images).images, project, cases, values)


def target_found(
    images: Sequence[FoundImage], project: Path, cases: Sequence[Case], values: Sequence[int], *, accept_damage: bool = False
) -> Iterator[PredictionTarget]:
    """Yield images that were found; cases of the project come with their strokes of the classes `values`."""
    by_place = {(case.source.path.resolve(), case.source.part): case for case in cases}
    for image in images:
        source = image.source
        case = by_place.get((source.path.resolve(), source.part))
        yield (
            PredictionTarget(source, output_stem(source, image.title))
            if case is None
            else target_case(case, project, values, accept_damage=accept_damage)
        )


def target_case(case: Case, project: Path, values: Sequence[int], *, accept_damage: bool = False) -> PredictionTarget:
    """Return the target for a case of the project in the folder `project`, with its strokes of the classes `values`.

    One that has lost strokes by damage is refused when its turn comes, unless that is accepted.
    """

    def painted() -> Painted | None:
        labels, sequence = read_labels(project, case, accept_damage=accept_damage)
        return strokes(labels, values) if sequence else None

    return PredictionTarget(case.source, output_stem(case.source, case.name), painted)


def predict_to_folder(
    predictor: Predictor,
    targets: Sequence[PredictionTarget],
    out: Path,
    steps: Sequence[Step],
    classes: ClassTable,
    options: PredictionOptions = USUAL_OPTIONS,
) -> FolderEvents:
    """Write masks named by the image's stem (PNG for pictures, NIfTI with the same geometry for volumes and for slices that lie in a
    patient), a legend, and the list of images by mean uncertainty.

    An image that exceeds the limits is predicted on disk: a picture then becomes a tiled TIFF, and its probabilities and objects cannot be
    written. The engine is chosen on the first image.

    An image that cannot be predicted is yielded as `Refused`, and the others continue. Raise UserError when the folder cannot be written,
    or a file there is not this program's own: the images themselves are never overwritten.
    """
    with _lock(out):
        yield from _FolderRun(predictor, targets, out, steps, classes, options).run()


class _FolderRun:
    """A run into a folder, image by image."""

    def __init__(
        self,
        predictor: Predictor,
        targets: Sequence[PredictionTarget],
        out: Path,
        steps: Sequence[Step],
        classes: ClassTable,
        options: PredictionOptions,
    ) -> None:
        self._predictor, self._targets, self._out = predictor, targets, out
        self._steps, self._classes, self._options = steps, classes, options
        self._record, self._manifest = Record(out, "prediction"), OutputManifest(out)
        self._prepared = False

    def run(self) -> FolderEvents:
        """Predict every image; report and skip those that are at fault themselves."""
        names = self._manifest.names([target.source for target in self._targets], (target.stem for target in self._targets))
        for done, (target, name) in enumerate(zip(self._targets, names, strict=True), start=1):
            try:
                yield from self._image(target, name, done)
            except (CheckpointError, ProjectError, OutOfMemory) as error:
                yield Refused(target.source.path, str(error), target.source.part)
            except FormatError as error:
                if target.source.path not in (error.path, *error.path.parents) and not _is_of(target.source, error.path):
                    raise  # the folder of the masks is at fault
                yield Refused(target.source.path, str(error), target.source.part)

    def _image(self, target: PredictionTarget, name: str, done: int) -> FolderEvents:
        """Write the mask of one image, or reuse that of an earlier run."""
        predictor, options, image = self._predictor, self._options, target.source.path
        painted, total = target.painted(), len(self._targets)
        provenance = Provenance.of(target.source, painted, predictor.checkpoint, self._steps, options)
        probabilities = self._out / f"{name}_probabilities.npz"
        before = None if options.again else self._manifest.find(name, provenance)
        if before is not None and self._record.unchanged(before.mask) and (not options.probabilities or probabilities.is_file()):
            yield MaskWritten(str(image), str(self._out / before.mask), done, total, before.mean_uncertainty, True, target.source.part)
            return
        scan = read_by_region(target.source, options.limits.large)
        predictor.check(scan, image.name)
        large, remark = self._is_large(scan, image), predictor.remark(scan)
        path = self._out / f"{name}{_ending(scan, large=large)}"
        self._claim([path.name, *([probabilities.name] if options.probabilities else [])])
        tta = options.uses_tta(scan, mirrored=predictor.mirrored)
        if not self._prepared:
            self._prepared = True
            yield predictor.prepare(scan, total - done + 1, options.engine, tta=tta)
        for note in (*scan.notes, *([remark] if remark else [])):
            yield Notice(f"{image.name}: {note}")
        voxels: dict[str, int] = {}  # not counted in large images
        if large:
            mean = yield from predict_out_of_core(
                predictor, scan, target.source, path, self._out / f"{name}.unfinished", provenance, options.limits, tta=tta
            )
        else:
            request = PredictionRequest.final(target.stem, tta=tta, tile_edge=options.limits.tile_edge)
            segmented = yield from segment_case(predictor, scan, request, self._steps, painted)
            prediction, labels = segmented.prediction, segmented.labels
            mean, voxels = mean_uncertainty(prediction.probabilities), voxels_by_class(labels, self._classes)
            values = numbered_objects(labels, prediction.values, image) if options.objects else labels
            write_mask(path, values, scan, target.source, self._classes)
            if options.probabilities:
                save_probabilities(probabilities, prediction)
        self._manifest.add(name, MaskEntry.of(target.source, path.name, provenance, mean, voxels, voxel_size(scan)))
        self._record.finish()
        yield MaskWritten(str(image), str(path), done, total, mean, part=target.source.part)

    def _is_large(self, scan: Scan, image: Path) -> bool:
        """Decide whether to predict on disk; raise FormatError when such an image needs more than its mask."""
        large = self._options.limits.exceeded(scan, len(self._predictor.values))
        if large and self._options.probabilities:
            raise FormatError(image, "the probabilities of an image of this size are not written; predict it without them.")
        if large and self._options.objects:
            raise FormatError(image, "the objects of an image of this size are not numbered; predict it with classes instead.")
        return large

    def _claim(self, files: Sequence[str]) -> None:
        """Make sure that these files, and those that every run writes, may be written; raise UserError for one that is not ours."""
        make_folder(self._out)
        self._record.claim([*files, LEGEND, LIST, RECORD], (target.source.path for target in self._targets))
        write_legend(self._out / LEGEND, self._classes)


def _ending(scan: Scan, *, large: bool) -> str:
    """Return the suffix of the mask of a scan, which is predicted on disk where it is `large`."""
    if large:
        return ending(scan.shape, scan.geometry, scan.kind)
    return FORMATS[usual_mask(scan.shape, scan.geometry, scan.kind)].suffixes[0]


def _is_of(source: Source, path: Path) -> bool:
    """Whether a file is one of those that hold the scan."""
    try:
        return path in files_of(source)
    except FormatError:  # it cannot be opened at all
        return True


@contextlib.contextmanager
def _lock(out: Path) -> Iterator[None]:
    """Raise UserError while another run writes into the folder: each would take the other's list for a stranger's."""
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
