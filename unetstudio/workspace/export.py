"""Export of many cases: masks, legend, pictures and measurements, written into a folder one file after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
from unetstudio.formats.legend import LEGEND
from unetstudio.formats.output_record import Record, stems
from unetstudio.inference.segment_case import label_map, strokes
from unetstudio.measure.class_measurements import measure_classes, row, table
from unetstudio.postprocess.stack import from_json
from unetstudio.project import prediction_file
from unetstudio.project.prediction_file import averaged_folder
from unetstudio.project.project import Project
from unetstudio.project.store import read_labels
from unetstudio.workspace.overlay_picture import overlay_picture

What = Literal["labels", "segmentation"]
MEASUREMENTS, PICTURES = "measurements.csv", "overlays"


@dataclass(frozen=True)
class Exported:
    """A written file; or, where `problem` is a sentence, a case or picture that was left out of the export."""

    case: str  # id; "" for the legend and the table
    path: Path | None
    done: int
    total: int
    problem: str = ""


@dataclass(frozen=True)
class ExportChoice:
    """The kinds of files to write. Without `formats` a picture becomes PNG and a volume NIfTI, as does a case that none of the formats can
    hold."""

    what: What = "labels"
    formats: tuple[str, ...] = ()
    pictures: bool = True
    table: bool = True


@dataclass(frozen=True)
class ExportSource:
    """The source of labels, segmentations and images: the window's memory, or the project on disk."""

    labels_of: Callable[[Case], LabelMap]
    segmentation_of: Callable[[Case], NDArray[np.uint8]]  # (Z, Y, X), strokes on top; UserError when there is no prediction
    read_scan: Callable[[Source], Scan] = read


def stored(project: Project, *, averaged: bool = False) -> ExportSource:
    """Return a source that reads saved labels and predictions, those on screen or the `averaged` ones, with the project's
    post-processing."""
    steps, class_values = from_json(project.manifest.steps), project.classes.values  # as they are now, whatever is changed meanwhile

    def labels_of(case: Case) -> LabelMap:
        return read_labels(project.folder, case)[0]

    def segmentation_of(case: Case) -> NDArray[np.uint8]:
        folder = averaged_folder(project.folder, case.id) if averaged else project.folder_of(case)
        prediction = prediction_file.load(folder, case.shape)
        if prediction is None:
            raise UserError(f"{case.name} has not been predicted yet; train, or export your labels instead.")
        painted = strokes(labels_of(case), class_values)
        return label_map(prediction, steps, case.geometry.spacing, painted)

    return ExportSource(labels_of, segmentation_of)


def export(source: ExportSource, cases: Sequence[Case], classes: ClassTable, folder: Path, choice: ExportChoice) -> Iterator[Exported]:
    """Write `<stem>.<format>` per case, overlays/<stem>.png, legend.json and measurements.csv; a job: one event a file.

    A case without labels or prediction is left out with a sentence. UserError when nothing can be exported, when the folder refuses, or
    when a file there is not this program's own; every file is whole or not there.
    """
    for name in choice.formats:
        if not FORMATS[name].writes:
            raise UserError(f"Masks cannot be saved as {FORMATS[name].title}; choose PNG, TIFF, NIfTI or HDF5.")
    if not cases:
        raise UserError("There is no case to export; add images or choose other cases.")
    names = stems(cases)
    masks = [[(mask, FORMATS[mask]) for mask in _formats(case, choice.formats)] for case in cases]
    total = sum(map(len, masks)) + (len(cases) if choice.pictures else 0) + 1 + choice.table
    make_folder(folder)
    if choice.pictures:
        make_folder(folder / PICTURES)
    record = Record(folder, choice.what)
    record.claim(_all_names(names, masks, choice), (case.source.path for case in cases))
    write_legend(folder / LEGEND, classes)
    done, rows, problems = 1, [], []
    yield Exported("", folder / LEGEND, done, total)
    for case, name, kinds in zip(cases, names, masks, strict=True):
        planned = len(kinds) + choice.pictures
        try:
            values, origin = _values(source, case, classes, choice.what)
        except UserError as error:
            problems.append(str(error))
            done += planned
            yield Exported(case.id, None, done, total, str(error))
            continue
        for _, kind in kinds:
            path = folder / f"{name}{kind.suffixes[0]}"
            kind.write(path, MaskDocument(values, case.geometry, classes, case.source, case.name))
            done += 1
            yield Exported(case.id, path, done, total)
        if choice.pictures:
            done += 1
            yield _picture(source, case, values, classes, folder / PICTURES / f"{name}.png", done, total)
        if choice.table:
            rows += [row(name, measured, case.review.value) for measured in measure_classes(values, classes, case.geometry, origin)]
    if len(problems) == len(cases):
        record.finish()
        raise UserError(problems[0] if len(cases) == 1 else f"Nothing could be exported. {problems[0]}")
    if choice.table:
        replace_file(folder / MEASUREMENTS, table(rows, RESEARCH_USE).encode())
    record.finish()
    if choice.table:
        yield Exported("", folder / MEASUREMENTS, total, total)


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


def _formats(case: Case, formats: tuple[str, ...]) -> list[str]:
    """Return the chosen formats that can hold the case, or else the usual one."""
    fitting = [name for name in dict.fromkeys(formats) if FORMATS[name].volumes or not case.is_volume]
    return fitting or ["nifti" if case.is_volume else "png"]


def _all_names(names: Sequence[str], masks: Sequence[Sequence[tuple[str, object]]], choice: ExportChoice) -> list[str]:
    """Name every file that will be written, relative to the folder."""
    files = [f"{name}{FORMATS[kind].suffixes[0]}" for name, kinds in zip(names, masks, strict=True) for kind, _ in kinds]
    pictures = [f"{PICTURES}/{name}.png" for name in names] if choice.pictures else []
    return [*files, *pictures, LEGEND, *([MEASUREMENTS] if choice.table else [])]
