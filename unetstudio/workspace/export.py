"""Export of many cases: masks, legend, pictures and measurements, written into a folder one file after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio import RESEARCH_USE
from unetstudio.atomic_file import make_folder, replace_file
from unetstudio.data.case import Case, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.origin import Origin
from unetstudio.data.scan import Scan
from unetstudio.errors import FormatError, UserError
from unetstudio.formats import FORMATS, MaskDocument, read, write_legend
from unetstudio.formats.masks.collector import Collector
from unetstudio.formats.masks.legend import LEGEND
from unetstudio.formats.masks.output_record import Record
from unetstudio.inference.segment_case import label_map, strokes
from unetstudio.measure.class_measurements import measure_classes, row, table
from unetstudio.postprocess.stack import from_json
from unetstudio.project import prediction_file
from unetstudio.project.prediction_file import averaged_folder
from unetstudio.project.project import Project
from unetstudio.project.store import read_labels
from unetstudio.workspace.export_plan import ExportPlan, PlannedCase, plan
from unetstudio.workspace.mask_makers import describe_makers
from unetstudio.workspace.overlay_picture import overlay_picture

What = Literal["labels", "segmentation"]
IDENTITY_IS_COPIED = "The patient's name and numbers are copied from the images into the DICOM masks."
MEASUREMENTS, PICTURES = "measurements.csv", "overlays"


@dataclass(frozen=True)
class Exported:
    """A written file; or, where `problem` is a sentence, a case or picture that was left out of the export.

    `note` says what was written otherwise than chosen.
    """

    case: str  # id; "" for the legend and the table
    path: Path | None
    done: int
    total: int
    problem: str = ""
    note: str = ""


@dataclass(frozen=True)
class ExportChoice:
    """The kinds of files to write. Without `formats` a picture becomes PNG and a volume NIfTI, as does, with a note, a case that none of
    the formats can hold. `identified` is the user's word that formats of DICOM may name the patient, as the images do."""

    what: What = "labels"
    formats: tuple[str, ...] = ()
    pictures: bool = True
    table: bool = True
    identified: bool = False


@dataclass(frozen=True)
class ExportSource:
    """The source of labels, segmentations and images: the window's memory, or the project on disk."""

    labels_of: Callable[[Case], LabelMap]
    segmentation_of: Callable[[Case], NDArray[np.uint8]]  # (Z, Y, X), strokes on top; UserError when there is no prediction
    read_scan: Callable[[Source], Scan] = read
    checkpoint_of: Callable[[Case], str] = lambda _: ""  # that of a segmentation, after `segmentation_of`


def stored(project: Project, *, averaged: bool = False, accept_damage: bool = False) -> ExportSource:
    """Return a source that reads saved labels and predictions, those on screen or the `averaged` ones, with the project's
    post-processing. A case that has lost strokes by damage is left out unless that is accepted."""
    steps, class_values = from_json(project.manifest.steps), project.classes.values  # as they are now, whatever is changed meanwhile
    checkpoints: dict[str, str] = {}

    def labels_of(case: Case) -> LabelMap:
        return read_labels(project.folder, case, accept_damage=accept_damage)[0]

    def segmentation_of(case: Case) -> NDArray[np.uint8]:
        folder = averaged_folder(project.folder, case.id) if averaged else project.folder_of(case)
        prediction = prediction_file.load(folder, case.shape)
        if prediction is None:
            raise UserError(f"{case.name} has not been predicted yet; train, or export your labels instead.")
        checkpoints[case.id] = prediction.checkpoint
        painted = strokes(labels_of(case), class_values)
        return label_map(prediction, steps, case.geometry.spacing, painted)

    return ExportSource(labels_of, segmentation_of, checkpoint_of=lambda case: checkpoints.get(case.id, ""))


def export(source: ExportSource, cases: Sequence[Case], classes: ClassTable, folder: Path, choice: ExportChoice) -> Iterator[Exported]:
    """Write `<stem>.<format>` per case, what cases share, overlays/<stem>.png, legend.json and measurements.csv; a job: one event a file.

    A case without labels or prediction is left out with a sentence. UserError when nothing can be exported, when the folder refuses, or
    when a file there is not this program's own; every file is whole or not there.
    """
    planned = plan(cases, choice.formats)
    if not cases:
        raise UserError("There is no case to export; add images or choose other cases.")
    total = len(planned.names) + (len(cases) if choice.pictures else 0) + 1 + choice.table
    make_folder(folder)
    if choice.pictures:
        make_folder(folder / PICTURES)
    record = Record(folder, choice.what)
    record.claim(_all_names(planned, choice), (case.source.path for case in cases))
    write_legend(folder / LEGEND, classes)
    done, rows, problems = 1, [], []
    yield Exported("", folder / LEGEND, done, total, note=" ".join(planned.notes))
    collectors = {name: FORMATS[name].collector(folder, planned.collected_by(name)) for name in planned.collecting}
    for one in planned.cases:
        case = one.case
        try:
            values, origin = _values(source, case, classes, choice.what)
        except UserError as error:
            problems.append(str(error))
            done += len(one.files) + choice.pictures
            yield Exported(case.id, None, done, total, str(error))
            continue
        made_by = describe_makers(values, origin, case, source.checkpoint_of(case) if choice.what == "segmentation" else "")
        document = MaskDocument(values, case.geometry, classes, case.source, case.name, choice.identified, made_by)
        refused = []
        for path in _written(one, document, folder, collectors):
            done += 1
            if isinstance(path, FormatError):
                refused.append(str(path))
            yield Exported(case.id, path, done, total) if isinstance(path, Path) else Exported(case.id, None, done, total, str(path))
        if len(refused) == len(one.files) + len(one.collected_by):
            problems.append(refused[0])
        if choice.pictures:
            done += 1
            yield _picture(source, case, values, classes, folder / PICTURES / f"{one.stem}.png", done, total)
        if choice.table:
            rows += [row(one.stem, measured, case.review.value) for measured in measure_classes(values, classes, case.geometry, origin)]
    if len(problems) == len(cases):
        record.finish()
        raise UserError(problems[0] if len(cases) == 1 else f"Nothing could be exported. {problems[0]}")
    for path in (path for collector in collectors.values() for path in collector.finish()):
        done += 1
        yield Exported("", path, done, total)
    if choice.table:
        replace_file(folder / MEASUREMENTS, table(rows, RESEARCH_USE).encode())
    record.finish()
    if choice.table:
        yield Exported("", folder / MEASUREMENTS, total, total)


def _written(
    planned: PlannedCase, document: MaskDocument, folder: Path, collectors: Mapping[str, Collector]
) -> Iterator[Path | FormatError]:
    """Write a case's masks, yielding each file, or why its format cannot hold this case; raise FormatError when the disk refuses."""
    for name, kind in planned.files:
        path = folder / name
        try:
            kind.write(path, document)
        except FormatError as error:
            if isinstance(error.__cause__, OSError):
                raise
            yield error
        else:
            yield path
    for name in planned.collected_by:
        try:
            yield from collectors[name].add(planned.stem, document)
        except FormatError as error:
            if isinstance(error.__cause__, OSError):
                raise
            yield error


def _values(source: ExportSource, case: Case, classes: ClassTable, what: What) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return class values and origins (Z, Y, X); values that no class of the table has become UNLABELLED."""
    labels = source.labels_of(case)
    has_class = classes.channels() != UNLABELLED
    if what == "labels":
        values = np.where(has_class[labels.values], labels.values, np.uint8(UNLABELLED))
        if (values == UNLABELLED).all():
            raise UserError(f"{case.name} has no labels yet; paint it, or export the segmentation instead.")
        return values, labels.origin
    segmentation = source.segmentation_of(case)
    values = np.where(has_class[segmentation], segmentation, np.uint8(UNLABELLED))
    return values, np.where(values == labels.values, labels.origin, np.uint8(Origin.NONE))


def _picture(
    source: ExportSource, case: Case, values: NDArray[np.uint8], classes: ClassTable, path: Path, done: int, total: int
) -> Exported:
    """Write the overlay picture; if the image is missing or changed, only the picture is left out."""
    try:
        scan = source.read_scan(case.source)
    except UserError as error:
        return Exported(case.id, None, done, total, str(error))
    if scan.shape != values.shape:
        return Exported(case.id, None, done, total, f"{case.name} has another size than its labels; its picture was left out.")
    picture = overlay_picture(scan, values, classes)
    whole, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    if not whole:
        raise FormatError(path, "the picture could not be made; export without overlay pictures.")
    replace_file(path, data.tobytes())
    return Exported(case.id, path, done, total)


def _all_names(planned: ExportPlan, choice: ExportChoice) -> list[str]:
    """Name every file that will be written, relative to the folder."""
    pictures = [f"{PICTURES}/{one.stem}.png" for one in planned.cases] if choice.pictures else []
    return [*planned.names, *pictures, LEGEND, *([MEASUREMENTS] if choice.table else [])]
