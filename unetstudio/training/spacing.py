"""The voxel size of a training: the images' own, or one for all, chosen from the labelled cases with the reason in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from unetstudio.data.case import Case
from unetstudio.data.geometry import Spacing
from unetstudio.data.region import Index
from unetstudio.data.study import Study
from unetstudio.errors import UserError
from unetstudio.inference.resampled import FURTHEST, can_be, in_mm, ratio_of, shape_at
from unetstudio.networks.checkpoint import Checkpoint

DIFFERENT = 1.1
"""Ratio of voxel sizes above which pictures are resampled to one."""

COARSE = 3.0
"""Ratio to the other axes' voxel sizes above which an axis is coarse."""

COARSE_PERCENTILE = 10.0
"""Percentile of the voxel sizes, instead of the median, used for a coarse axis: close slices hold more detail (nnU-Net)."""


def choose_spacing(cases: Sequence[Case], dims: int, requested: str) -> tuple[Spacing | None, str]:
    """Return the mm (z, y, x) to which images are resampled, None where each is taken as it is, and the reason.

    `requested` is auto, on, off, or the size itself; raise UserError for anything else. In 2D the distance of slices stays as it is.
    """
    given = _given(requested)
    sizes = np.array([case.geometry.spacing for case in cases if case.geometry.spacing is not None])
    if requested == "off":
        return None, "as each image has it, as you chose"
    if not len(sizes):
        return given, "not known of any image: they are taken as they are"
    resampled_axes = sizes[:, 3 - dims :]
    apart = float((resampled_axes.max(axis=0) / resampled_axes.min(axis=0)).max())
    if requested == "auto" and apart > FURTHEST:
        return None, f"as each image has it: sizes that differ by a factor of {apart:.0f} cannot all be true"
    if requested == "auto" and apart <= DIFFERENT and not all(case.is_volume for case in cases):
        return None, "as each image has it: they hardly differ"  # a picture's size may be just a print resolution
    target = given or _middle(sizes)
    for case in cases:
        if not can_be(ratio_of(case.geometry, target, dims)):
            raise UserError(
                f"{case.name}: its voxels of {in_mm(case.geometry.spacing_or_one)} (z, y, x) are over {FURTHEST:g} times off the"
                f" {in_mm(target)} of the others. Correct the voxel size, leave the image out, or choose resample=off."
            )
    target_words = f"{in_mm(target)} (z, y, x)" if dims == 3 else f"{in_mm(target)} (z, y, x) within the slices"
    resampled = sum(ratio_of(case.geometry, target, dims) != (1.0, 1.0, 1.0) for case in cases)
    how = "as all of these images have it; others will be resampled to it"
    if resampled:
        how = f"{resampled} of {len(cases)} images {'is' if resampled == 1 else 'are'} resampled to it, none copied"
    unknown = len(cases) - len(sizes)
    return target, f"{target_words}, {how}" + (f"; {unknown} of unknown size are taken as they are" if unknown else "")


def kept_spacing(checkpoint: Checkpoint) -> tuple[Spacing | None, str]:
    """Return the voxel size of a checkpoint from which training continues, and its description."""
    return checkpoint.target, f"{in_mm(checkpoint.target)} (z, y, x), as before" if checkpoint.target else "as each image has it, as before"


def learnt_spacing(study: Study) -> Spacing | None:
    """Return the mm (z, y, x) of the first labelled case, None where it is not known."""
    return next((study.cases[id].case.geometry.spacing for id in study.labelled()), None)


def extent_at(cases: Sequence[Case], target: Spacing | None, dims: int) -> Index:
    """Return the median shape (Z, Y, X) of the cases in the network's voxels."""
    z, y, x = np.median([shape_at(case.shape, ratio_of(case.geometry, target, dims)) for case in cases], axis=0).astype(int)
    return (int(z), int(y), int(x))


def _middle(sizes: np.ndarray) -> Spacing:
    """Return the median voxel size of each axis; for an axis that is much coarser than the others, a finer one."""
    median = np.median(sizes, axis=0)
    for axis in range(3):
        if median[axis] > COARSE * max(np.delete(median, axis)):
            median[axis] = max(np.percentile(sizes[:, axis], COARSE_PERCENTILE), *np.delete(median, axis))
    return (float(median[0]), float(median[1]), float(median[2]))


def _given(requested: str) -> Spacing | None:
    """Parse a size such as "1" or "3x0.5x0.5"; None for auto, on and off."""
    if requested in ("auto", "on", "off"):
        return None
    try:
        given = [float(part) for part in requested.replace(",", "x").split("x")]
    except ValueError:
        given = []
    if len(given) not in (1, 3) or not all(0 < size < math.inf for size in given):
        raise UserError(f"resample cannot be {requested!r}: choose auto, on, off, or voxel sizes in mm such as 1 or 3x0.5x0.5 (z, y, x).")
    return (given[0], given[-2 if len(given) > 1 else 0], given[-1])
