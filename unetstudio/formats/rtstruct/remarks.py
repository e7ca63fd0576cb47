"""Sentences for the user on what of a structure set was left out or decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from unetstudio.formats.rtstruct.contours import Structure
from unetstudio.formats.rtstruct.drawing import Drawing


def remarks(structures: Sequence[Structure], drawings: Mapping[int, Drawing], overlap: int, *, elsewhere: bool) -> tuple[str, ...]:
    """Return one sentence per matter; `overlap` counts voxels of several structures, `elsewhere` says that another series is named."""
    notes = []
    empty = [one.name for one in structures if not one.contours]
    if empty:
        notes.append(f"Without closed contours, and left out: {', '.join(empty)}.")
    for one in structures:
        skipped = [f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in one.skipped.items()]
        if skipped:
            notes.append(f"{one.name}: {' and '.join(skipped)} left out, which enclose no area.")
        drawing = drawings.get(one.number)
        if drawing is not None:
            notes += [f"{one.name}: {note}" for note in _about(drawing)]
    if overlap:
        notes.append(f"Structures overlap in {overlap:,} voxels, where the smaller structure was kept.")
    if elsewhere:
        notes.append("It says that it was drawn on another series; check that it belongs to this image.")
    return tuple(notes)


def _about(drawing: Drawing) -> list[str]:
    notes = []
    if drawing.outside:
        notes.append(f"{_contours(drawing.outside)} beyond the image, where nothing was drawn.")
    if drawing.oblique:
        notes.append(f"{_contours(drawing.oblique)} left out, oblique to the axes of the image.")
    if drawing.between:
        notes.append(f"{_contours(drawing.between)} left out, since others lie nearer to the slice.")
    if drawing.apart:
        notes.append("no two neighbouring slices have contours; the slices between were left empty.")
    return notes


def _contours(count: int) -> str:
    return "1 contour" if count == 1 else f"{count:,} contours"
