"""The steps of a project in order: defaults, stored form, and changes by the command line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from unetstudio.errors import UserError
from unetstudio.postprocess.fill_holes import FillHoles
from unetstudio.postprocess.small_components import SmallComponents
from unetstudio.postprocess.smooth import Smooth
from unetstudio.postprocess.split import Split
from unetstudio.postprocess.step import STEPS, Step
from unetstudio.postprocess.threshold import Threshold

DEFAULT_STEPS: tuple[Step, ...] = (Threshold(), SmallComponents(), FillHoles(), Smooth(), Split())
"""The default steps: the threshold on, at 0.5, the others off."""


def name_of(step: Step) -> str:
    """Return the registered name of a step."""
    return next(name for name, kind in STEPS.items() if kind is type(step))


def to_json(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Return the steps as plain values for project.json."""
    return [{"step": name_of(step), **asdict(step)} for step in steps]


def from_json(values: Iterable[dict[str, Any]]) -> tuple[Step, ...]:
    """Read what `to_json` returned; default steps that were not stored follow at the end.

    Raise UserError for an unknown step, because dropping it would silently alter segmentations; an unknown option is dropped.
    """
    steps: list[Step] = []
    for stored in values:
        kind = STEPS[str(stored.get("step"))]
        plain = kind()
        names = {field.name for field in fields(kind)}
        options = {name: value for name, value in stored.items() if name in names}
        if odd := next((name for name, value in options.items() if not _alike(value, getattr(plain, name))), ""):
            raise UserError(f"The project's step {kind.title!r} has a value for {odd!r} that it cannot have; the project was altered.")
        steps.append(kind(**options))
    present = {type(step) for step in steps}
    return (*steps, *(step for step in DEFAULT_STEPS if type(step) not in present))


def _alike(value: Any, default: Any) -> bool:
    """Whether a stored value has the type of an option's default."""
    numbers = (int, float)
    if isinstance(default, bool) or not isinstance(default, numbers):
        return type(value) is type(default)
    return isinstance(value, numbers) and not isinstance(value, bool)


def with_options(steps: Sequence[Step], pairs: Iterable[str]) -> tuple[Step, ...]:
    """Change the steps by texts such as "threshold=0.4", "small_components=0.3mm2", "smooth.radius=2" or "fill_holes=off".

    A step that is given a value is switched on; one that is not in the list yet is appended.
    """
    changed = list(steps)
    for pair in pairs:
        name, equals, text = (part.strip() for part in pair.partition("="))
        name, _, option = name.replace("-", "_").partition(".")
        if not equals or not text or name not in STEPS:
            raise UserError(f"--post {pair!r} is not understood: write NAME=VALUE with a NAME of {', '.join(STEPS)}.")
        kind = STEPS[name]
        place = next((i for i, step in enumerate(changed) if type(step) is kind), len(changed))
        if place == len(changed):
            changed.append(kind())
        changed[place] = _changed(changed[place], name, option, text.lower())
    return tuple(changed)


def _changed(step: Step, name: str, option: str, text: str) -> Step:
    """Change one option of a step."""
    if not option and text in SWITCH:
        return replace(step, enabled=SWITCH[text])
    option = option or step.main
    kinds = {f.name: f for f in fields(step)}
    if option not in kinds:
        raise UserError(f"--post {name}.{option}: the step has no such option. It has {', '.join(kinds)}.")
    if option == "enabled":
        if text not in SWITCH:
            raise UserError(f"--post {name}.enabled: {text!r} is neither on nor off.")
        return replace(step, enabled=SWITCH[text])
    choices = kinds[option].metadata.get("choices")
    if choices is not None:
        if text not in choices:
            raise UserError(f"--post {name}.{option}: {text!r} is not one of {', '.join(choices)}.")
        return replace(step, **{option: text, "enabled": True})
    number, unit = _number(name, option, text, "unit" in kinds)
    low = float(kinds[option].metadata["minimum"]) if option == "probability" else 0.0
    high = float(kinds[option].metadata["maximum"]) if option == "probability" else float("inf")
    if not low <= number <= high:
        raise UserError(f"--post {name}: {text} is outside {low:g} to {high:g}.")
    return replace(step, **{option: number, "enabled": True, **unit})


def _number(name: str, option: str, text: str, with_unit: bool) -> tuple[float, dict[str, str]]:
    """Parse a number and, where the step has units, the unit after it."""
    match = re.fullmatch(r"([0-9]*\.?[0-9]+(?:e[-+]?[0-9]+)?)\s*(px|mm[23²³]?)?", text)
    if match is None or (match[2] and not with_unit):
        raise UserError(f"--post {name}.{option}: {text!r} is not a number{' such as 30, 30px or 0.5mm' if with_unit else ''}.")
    return float(match[1]), {"unit": match[2][:2]} if match[2] else {}


SWITCH = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}
