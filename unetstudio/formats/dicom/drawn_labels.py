"""Labels on the slices of the DICOM scan that they were drawn on, ready to be written as a DICOM mask."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.classes import LabelClass
from unetstudio.data.labels import UNLABELLED
from unetstudio.errors import FormatError
from unetstudio.formats.dicom.slice_pairing import pair
from unetstudio.formats.dicom.source_planes import SourcePlane, SourceSlices, is_dicom, source_slices
from unetstudio.formats.masks.document import MaskDocument

_GREY = (128, 128, 128)


@dataclass(frozen=True, eq=False)
class DrawnLabels:
    """Labels (N, Y, X) on slices; `planes` are the slices of the source at each place, `classes` what is written of the labels.

    `partly_annotated` says that some voxels have no label, and that the last class is therefore the background.
    """

    labels: NDArray[np.integer[Any]]
    planes: tuple[tuple[SourcePlane, ...], ...]
    source: SourceSlices
    classes: tuple[LabelClass, ...]
    path: Path
    partly_annotated: bool

    @property
    def has_identifiers(self) -> bool:
        """Whether series and slices have identifiers that a mask can refer to."""
        return bool(self.source.header.get("SeriesInstanceUID")) and all(plane.instance for group in self.planes for plane in group)


def drawn_labels(document: MaskDocument, title: str) -> DrawnLabels:
    """Pair a document's labels with the slices of its scan; raise FormatError when that is not DICOM or does not fit."""
    source = document.source
    if source is not None and not source.path.exists():
        raise FormatError(source.path, f"the image is not there, and {title} refers to its slices; find it again first.")
    if source is None or not is_dicom(source):
        path = Path(document.name or "mask") if source is None else source.path
        raise FormatError(path, f"{title} can be written only for a DICOM image; choose another format for this one.")
    slices = source_slices(source)
    classes, partly = _written_classes(document)
    if not classes:
        raise FormatError(source.path, "there is no class but the background, so nothing can be written; add a class first.")
    if len(slices.planes) == 1 and document.labels.shape == (1, *slices.image_shape):
        return DrawnLabels(document.labels, ((slices.planes[0],),), slices, classes, source.path, partly)
    pairing = pair(slices, document.geometry, document.labels.shape)
    if pairing is None:
        problem = "the slices of the image have no known place or uneven steps, or are not those that the labels were drawn on"
        raise FormatError(source.path, f"{problem}, so {title} cannot be written; choose NIfTI or TIFF.")
    labels = pairing.to_slices(document.labels) if pairing.straightened else document.labels
    return DrawnLabels(labels, pairing.planes, slices, classes, source.path, partly)


def _written_classes(document: MaskDocument) -> tuple[tuple[LabelClass, ...], bool]:
    """Return all classes but the first, the background, or one for each number of an object; and whether some voxels have no label."""
    empty = (0, UNLABELLED) if document.labels.dtype.itemsize == 1 else (0,)
    values = np.unique(document.labels).tolist()
    numbers = [value for value in values if value not in empty]
    if not len(document.classes) or not set(document.classes.values).issuperset(set(numbers) - {UNLABELLED}):
        return tuple(LabelClass(value, str(value), _GREY) for value in numbers), False
    background, *others = document.classes.classes
    partly = UNLABELLED in values and bool(others)
    return (*others, *([background] if partly else [])), partly
