"""Masks of images that are annotated only in part.

DICOM knows no voxels without a label: what is in no segment is background. So where some voxels have no label, the background is written
as a segment too, the last one, and the mask says so in its label. Read back, what is in no segment is without label again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from unetstudio.formats.masks.content import MaskContent

if TYPE_CHECKING:
    from pydicom import Dataset

PROGRAM = "U-Net Studio"
PARTLY_ANNOTATED = "PARTLY_ANNOTATED"
"""The label of such a mask, as long as a label may be."""


def is_ours(dataset: Dataset) -> bool:
    """Whether this program wrote a mask."""
    return bool(dataset.get("ManufacturerModelName") == PROGRAM)


def is_partly_annotated(dataset: Dataset) -> bool:
    """Whether the last segment of a mask is the background, and what is in none has no label."""
    return is_ours(dataset) and PARTLY_ANNOTATED in (dataset.get("ContentLabel"), dataset.get("StructureSetLabel"))


def without_background(content: MaskContent, background: int) -> MaskContent:
    """Return a mask with 0 where the background was a segment, and nothing known where there was none."""
    return replace(
        content,
        values=np.where(content.values == background, 0, content.values).astype(content.values.dtype),
        names={number: name for number, name in content.names.items() if number != background},
        colours={number: colour for number, colour in content.colours.items() if number != background},
        unknown=content.values == 0,
    )
