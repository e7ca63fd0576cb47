"""What is said where a scan differs from the images that a predictor learnt from. No torch here."""

from __future__ import annotations

from unetstudio.data.geometry import Spacing
from unetstudio.inference.resampled import in_mm

FAR = 1.5
"""Ratio of voxel sizes above which structures look another size to a network than those that it knows."""


def compare_sizes(spacing: Spacing | None, learnt: Spacing | None, dims: int, *, resamples: bool) -> str:
    """Return a sentence where voxels that are not resampled have another size (z, y, x) than those learnt; in 2D slices may be anywhere.

    `resamples` says that scans of a known voxel size would be resampled.
    """
    if spacing is None and resamples and learnt is not None:
        return f"its voxel size is not known, and is taken for the {in_mm(learnt)} (z, y, x) that the network knows."
    if spacing is None or learnt is None:
        return ""
    ratios = [max(a / b, b / a) for a, b in zip(spacing[3 - dims :], learnt[3 - dims :], strict=True)]
    if max(ratios) <= FAR:
        return ""
    return (
        f"its voxels are {in_mm(spacing)} (z, y, x), and the network learnt from {in_mm(learnt)} without resampling: structures look"
        f" {max(ratios):.1f} times another size to it. Train with resample=on, or look at its mask."
    )


def in_sentences(*remarks: str) -> str:
    """Join remarks, each a sentence that may stand alone after a name and a colon."""
    said = [remark for remark in remarks if remark]
    return " ".join([*said[:1], *(remark[:1].upper() + remark[1:] for remark in said[1:])])
