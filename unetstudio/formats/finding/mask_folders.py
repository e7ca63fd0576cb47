"""Recognition of folders that hold masks of the images beside them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from unetstudio.formats.finding.folder import RECORD

NAMES = {
    "mask", "masks", "label", "labels", "annotation", "annotations", "segmentation", "segmentations", "seg", "segs",
    "groundtruth", "gt", "truth", "truths", "manual", "outlines", "contours", "rois",
}  # fmt: skip
"""Words that name a folder of masks."""
BESIDE = {
    "train", "training", "test", "testing", "val", "validation", "tr", "ts", "png", "tif", "tiff", "nii", "nifti", "binary", "instance",
    "semantic", "class", "classes", "object", "objects", "ground", "expert", "st", "nd", "rd", "my", "new", "old", "all", "image", "images",
}  # fmt: skip
"""Words that may stand beside those."""


def is_named_like_masks(folder: Path) -> bool:
    """Whether a folder is named like masks: "masks", "labelsTr", "1st_manual", "Ground Truth"."""
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_]+", folder.name)]
    if words[:2] == ["ground", "truth"]:
        return set(words) <= NAMES | BESIDE
    return not NAMES.isdisjoint(words) and set(words) <= NAMES | BESIDE


def is_of_this_program(folder: Path) -> bool:
    """Whether this program wrote masks into the folder."""
    return (folder / RECORD).is_file()


def named_after(images: Collection[str], files: Sequence[str]) -> list[int]:
    """Return the places of files that are named as images are; where most begin as images do, such as "a_mask", of all of these."""
    begun = [place for place, name in enumerate(files) if any(name[:end] in images for end in _ends(name))]
    return begun if 2 * len(begun) > len(files) else [place for place, name in enumerate(files) if name in images]


def _ends(name: str) -> list[int]:
    """Return the lengths of a name's beginnings that end before a sign, such as the underscore of "a_mask", or with the name."""
    return [at for at, sign in enumerate(name) if not sign.isalnum()] + [len(name)]
