"""Recipes for kinds of images, chosen by name or from the images, and changed one number at a time."""

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
"""Volumes whose voxels are longer than this times their width are not tilted: it would not be a turn."""


@dataclass(frozen=True)
class Preset:
    """`why` completes "varied as ...": a recipe with its reasons."""

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
"""In the order of a menu."""


def choose_recipe(cases: Sequence[Case], preset: str, changes: str, spacing: Spacing | None = None) -> tuple[Recipe, str]:
    """The recipe of a preset, or with "auto" of that which suits the cases, with `changes` as of `with_changes`; and why, in words.
    `spacing` is the voxel size (z, y, x) to which images are resampled, if they are.

    UserError for a preset or a change that is not understood.
    """
    if preset != AUTO and preset not in PRESETS:
        raise UserError(f"There is no augmentation {preset!r}: choose {AUTO}, {', '.join(PRESETS)}.")
    found = PRESETS[suited(cases) if preset == AUTO else preset]
    recipe = found.recipe
    if any(_anisotropic(case, spacing) for case in cases):
        recipe = recipe.changed(*(replace(a, tilt=0.0) for a in recipe.geometric if isinstance(a, Rotation)))
    ways = sorted({"".join(case.geometry.letters(axis)[1] for axis in range(3)) for case in cases if case.geometry.affine is not None})
    turned = ""
    if preset == AUTO and len(ways) > 1 and not recipe.mirrors:
        recipe = with_changes(recipe, f"flip=on,flip.axes={ALL}")
        turned = f"; but mirrored all the same, since the axes (z, y, x) of these images run to {', '.join(ways)}"
    recipe = with_changes(recipe, changes)
    return recipe, f"varied as {found.why}{turned}{', with your changes' if changes else ''}"


def suited(cases: Sequence[Case]) -> str:
    """The name of the preset for cases of these kinds."""
    kinds = [case.kind.upper().split() for case in cases]
    if kinds and all("CT" in kind for kind in kinds):
        return "ct"
    if kinds and all("US" in kind for kind in kinds):
        return "ultrasound"
    if cases and all(case.geometry.affine is not None for case in cases):
        return "mri"
    return "photographs" if cases and all(case.channels == 3 for case in cases) else "microscopy"


def with_changes(recipe: Recipe, changes: str) -> Recipe:
    """`changes` such as "rotation.limit=30, noise=off": a number of an augmentation, or the whole of it on or off."""
    for part in filter(None, (part.strip() for part in changes.split(","))):
        left, equals, text = (piece.strip() for piece in part.partition("="))
        name, _, option = left.partition(".")
        if not equals or name not in AUGMENTATIONS:
            names = ", ".join(AUGMENTATIONS)
            raise UserError(f"The change {part!r} is not understood: write NAME=on, NAME=off or NAME.NUMBER=VALUE with a NAME of {names}.")
        kind: Any = AUGMENTATIONS[name]
        now = next((a for a in (*recipe.geometric, *recipe.photometric) if type(a) is kind), None)
        recipe = recipe.changed(_changed(kind() if now is None else now, kind(), name, option, text))
    return recipe


def changes_between(before: Recipe, after: Recipe) -> str:
    """What `with_changes` makes of the first recipe the second with."""
    known = {type(a): a for a in (*before.geometric, *before.photometric)}
    parts = []
    for name in AUGMENTATIONS:
        kind: Any = AUGMENTATIONS[name]
        new = next((a for a in (*after.geometric, *after.photometric) if type(a) is kind), None)
        if new is not None:
            old = known.get(kind, kind())
            parts += [f"{name}.{f.name}={getattr(new, f.name)}" for f in fields(kind) if getattr(old, f.name) != getattr(new, f.name)]
    return ",".join(parts)


def _changed(now: Any, usual: Any, name: str, option: str, text: str) -> Any:
    """One augmentation with one number changed."""
    if not option:
        if text not in ("on", "off"):
            raise UserError(f"{name} can be on or off, not {text!r}; its numbers are {', '.join(f.name for f in fields(now))}.")
        return replace(now, probability=0.0 if text == "off" else now.probability or usual.probability or 0.5)
    known = {f.name: f for f in fields(now)}
    if option not in known:
        raise UserError(f"{name} has no {option!r}: choose {', '.join(known)}.")
    if choices := known[option].metadata.get("choices"):
        if text not in choices:
            raise UserError(f"{name}.{option} can be {', '.join(choices)}, not {text!r}.")
        return replace(now, **{option: text})
    low, high = known[option].metadata.get("minimum", 0.0), known[option].metadata.get("maximum", float("inf"))
    try:
        number = type(getattr(usual, option))(text)
    except ValueError as error:
        raise UserError(f"{name}.{option}: {text!r} is not a number.") from error
    if not low <= number <= high:
        raise UserError(f"{name}.{option} is from {low:g} to {high:g}, not {text}.")
    return replace(now, **{option: number})


def _anisotropic(case: Case, target: Spacing | None) -> bool:
    """In the voxels that the network sees."""
    spacing = case.geometry.spacing if target is None else target
    return case.is_volume and spacing is not None and max(spacing) > ISOTROPIC * min(spacing)
