"""Augmentation presets by kind of image, selected by name or from the images, and changes of single options in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from unetstudio.augment.augmentation import AUGMENTATIONS
from unetstudio.augment.blur import Blur
from unetstudio.augment.brightness import Brightness
from unetstudio.augment.contrast import Contrast
from unetstudio.augment.elastic import Elastic
from unetstudio.augment.flip import ALL, SIDES, Flip
from unetstudio.augment.gamma import Gamma
from unetstudio.augment.noise import Noise
from unetstudio.augment.recipe import Recipe
from unetstudio.augment.rotation import Rotation
from unetstudio.augment.tint import Tint
from unetstudio.augment.zoom import Zoom
from unetstudio.data.case import Case
from unetstudio.data.geometry import Spacing
from unetstudio.errors import UserError

AUTO = "auto"

ISOTROPIC = 1.5
"""Ratio of the largest to the smallest voxel size up to which volumes are tilted; beyond it a tilt would distort them."""


@dataclass(frozen=True)
class Preset:
    """A recipe with a title and its reasons; `why` completes "varied as ..."."""

    title: str
    why: str
    recipe: Recipe


_PATIENT = Recipe.standard(oriented=True)

PRESETS = {
    "microscopy": Preset("Microscopy", "microscopy: any way up, light and focus vary", Recipe.standard()),
    "ct": Preset(
        "CT",
        "CT: small turns, no mirroring, and grey values nearly kept, for they mean tissue",
        _PATIENT.changed(
            Rotation(0.5, 15.0, 10.0), Zoom(0.5, 1.2), Brightness(0.3, 0.05), Contrast(0.3, 1.1), Gamma(0.0), Noise(0.3, 0.08)
        ),
    ),
    "mri": Preset("MRI", "MRI: small turns, no mirroring, brightness and contrast vary from scanner to scanner", _PATIENT),
    "ultrasound": Preset(
        "Ultrasound",
        "ultrasound: mirrored from side to side only, since depth is down; gain, speckle and blur vary",
        Recipe.standard().changed(
            Flip(0.5, SIDES),
            Rotation(0.5, 15.0),
            Elastic(0.3, 0.02),
            Brightness(0.5, 0.2),
            Gamma(0.5, 1.5),
            Blur(0.25, 1.5),
            Noise(0.4, 0.15),
        ),
    ),
    "photographs": Preset(
        "Colour photographs", "colour photographs: any way up, light and the tint of each colour vary", Recipe.standard().changed(Tint())
    ),
}
"""The presets, in the order of the menu."""


def choose_recipe(cases: Sequence[Case], preset: str, changes: str, spacing: Spacing | None = None) -> tuple[Recipe, str]:
    """Return the recipe of a preset, or with "auto" of that for these cases, with `changes` as in `with_changes`; and the reasons in words.

    `spacing` is the voxel size (z, y, x) to which images are resampled, if any. Raise UserError for an unknown preset or change.
    """
    if preset != AUTO and preset not in PRESETS:
        raise UserError(f"There is no augmentation {preset!r}: choose {AUTO}, {', '.join(PRESETS)}.")
    selected = PRESETS[preset_for(cases) if preset == AUTO else preset]
    recipe = selected.recipe
    if any(_anisotropic(case, spacing) for case in cases):
        recipe = recipe.changed(*(replace(a, tilt=0.0) for a in recipe.geometric if isinstance(a, Rotation)))
    orientations = sorted(
        {"".join(case.geometry.letters(axis)[1] for axis in range(3)) for case in cases if case.geometry.affine is not None}
    )
    mirrored = ""
    if preset == AUTO and len(orientations) > 1 and not recipe.mirrors:
        recipe = with_changes(recipe, f"flip=on,flip.axes={ALL}")
        mirrored = f"; but mirrored all the same, since the axes (z, y, x) of these images run to {', '.join(orientations)}"
    recipe = with_changes(recipe, changes)
    return recipe, f"varied as {selected.why}{mirrored}{', with your changes' if changes else ''}"


def preset_for(cases: Sequence[Case]) -> str:
    """Return the name of the preset that suits the cases."""
    kinds = [case.kind.upper().split() for case in cases]
    if kinds and all("CT" in kind for kind in kinds):
        return "ct"
    if kinds and all("US" in kind for kind in kinds):
        return "ultrasound"
    if cases and all(case.geometry.affine is not None for case in cases):
        return "mri"
    return "photographs" if cases and all(case.channels == 3 for case in cases) else "microscopy"


def with_changes(recipe: Recipe, changes: str) -> Recipe:
    """Apply `changes` such as "rotation.limit=30, noise=off", which set a number of an augmentation or switch it on or off."""
    for part in filter(None, (part.strip() for part in changes.split(","))):
        left, equals, text = (piece.strip() for piece in part.partition("="))
        name, _, option = left.partition(".")
        if not equals or name not in AUGMENTATIONS:
            names = ", ".join(AUGMENTATIONS)
            raise UserError(f"The change {part!r} is not understood: write NAME=on, NAME=off or NAME.NUMBER=VALUE with a NAME of {names}.")
        kind: Any = AUGMENTATIONS[name]
        current = next((a for a in (*recipe.geometric, *recipe.photometric) if type(a) is kind), None)
        recipe = recipe.changed(_changed(kind() if current is None else current, kind(), name, option, text))
    return recipe


def changes_between(before: Recipe, after: Recipe) -> str:
    """Return the changes with which `with_changes` turns `before` into `after`."""
    earlier = {type(a): a for a in (*before.geometric, *before.photometric)}
    parts = []
    for name in AUGMENTATIONS:
        kind: Any = AUGMENTATIONS[name]
        new = next((a for a in (*after.geometric, *after.photometric) if type(a) is kind), None)
        if new is not None:
            old = earlier.get(kind, kind())
            parts += [f"{name}.{f.name}={getattr(new, f.name)}" for f in fields(kind) if getattr(old, f.name) != getattr(new, f.name)]
    return ",".join(parts)


def _changed(current: Any, default: Any, name: str, option: str, text: str) -> Any:
    """Return the `current` augmentation with one option set to the value of `text`, or switched on or off if `option` is empty."""
    if not option:
        if text not in ("on", "off"):
            raise UserError(f"{name} can be on or off, not {text!r}; its numbers are {', '.join(f.name for f in fields(current))}.")
        return replace(current, probability=0.0 if text == "off" else current.probability or default.probability or 0.5)
    options = {f.name: f for f in fields(current)}
    if option not in options:
        raise UserError(f"{name} has no {option!r}: choose {', '.join(options)}.")
    if choices := options[option].metadata.get("choices"):
        if text not in choices:
            raise UserError(f"{name}.{option} can be {', '.join(choices)}, not {text!r}.")
        return replace(current, **{option: text})
    low, high = options[option].metadata.get("minimum", 0.0), options[option].metadata.get("maximum", float("inf"))
    try:
        number = type(getattr(default, option))(text)
    except ValueError as error:
        raise UserError(f"{name}.{option}: {text!r} is not a number.") from error
    if not low <= number <= high:
        raise UserError(f"{name}.{option} is from {low:g} to {high:g}, not {text}.")
    return replace(current, **{option: number})


def _anisotropic(case: Case, target: Spacing | None) -> bool:
    """Whether the voxels that the network sees are anisotropic; `target` is the spacing after resampling."""
    spacing = case.geometry.spacing if target is None else target
    return case.is_volume and spacing is not None and max(spacing) > ISOTROPIC * min(spacing)
