"""What project.json may say: the kind and the range of everything in it, looked at before any of it is used.

A project may come from anybody. A checksum tells damage, not malice: whoever forges the text can forge the sum.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import MAX_CLASSES
from unetstudio.settings import TrainingSettings

CASE_ID = re.compile(r"[0-9a-f]{8,32}")
SHA256 = re.compile(r"[0-9a-f]{64}")
LONGEST_PATH = 32_768
LONGEST_AXIS, MOST_VOXELS = 2**31, 2**42
LATEST = 1e11
"""Seconds since 1970: the year 5138."""
REMOVED = "removed"
"""In the view: ids of removed cases by the SHA-256 of their images, under which the window takes them in again."""


def fault(values: dict[str, Any]) -> str:
    """What in these values this program could not have written, or ""."""
    try:
        check(values)
    except ValueError as error:
        return str(error)
    except (KeyError, TypeError, AttributeError):
        return "something missing, or of another kind,"
    return ""


def check(values: dict[str, Any]) -> None:
    """ValueError, KeyError, TypeError or AttributeError for the first such thing; what the view says too much is taken out."""
    _need(_matches(CASE_ID, values["uuid"]), "uuid")
    _need(_number(values["created"]) and abs(values["created"]) < LATEST, "created")
    ClassTable.from_json(values["classes"])
    _need(isinstance(values["cases"], list), "cases")
    for case in values["cases"]:
        check_case(case)
    ids = [case["id"] for case in values["cases"]]
    _need(len(set(ids)) == len(ids), "a case that is there twice")
    _training(values["training"])
    _need(isinstance(values["steps"], list) and all(isinstance(step, dict) for step in values["steps"]), "steps")
    _need(isinstance(values["view"], dict), "view")
    values["view"] = _view(values["view"])


def check_case(case: dict[str, Any]) -> None:
    """The same for one case: also before it is taken into a project, which must open again."""
    _need(_matches(CASE_ID, case["id"]) and _matches(SHA256, case["sha256"]), "a case's id or hash")
    _need(isinstance(case["name"], str) and isinstance(case.get("kind", ""), str), "a case's name or kind")
    path = case["source"]["path"]
    _need(isinstance(path, str) and 0 < len(path) <= LONGEST_PATH and "\0" not in path, "a source")
    _need(isinstance(case["source"].get("part", ""), str), "a source's part")
    shape = case["shape"]
    _need(isinstance(shape, (list, tuple)) and len(shape) == 3 and all(_whole(edge, 1, LONGEST_AXIS) for edge in shape), "a shape")
    _need(math.prod(shape) <= MOST_VOXELS and _whole(case["channels"], 1, LONGEST_AXIS), "a size")
    spacing, affine = case["geometry"].get("spacing"), case["geometry"].get("affine")
    _need(spacing is None or (len(spacing) == 3 and all(_number(step) and step > 0 for step in spacing)), "a spacing")
    _need(affine is None or (len(affine) == 4 and all(len(row) == 4 and all(map(_number, row)) for row in affine)), "an orientation")


def _training(settings: dict[str, Any]) -> None:
    kinds: dict[type, Callable[[Any], bool]] = {
        bool: lambda value: isinstance(value, bool),
        int: lambda value: type(value) is int,
        float: _number,
        str: lambda value: isinstance(value, str),
    }
    for field in fields(TrainingSettings):
        if field.name in settings:
            _need(kinds[type(field.default)](settings[field.name]), field.name)


def _view(view: dict[str, Any]) -> dict[str, Any]:
    """What was on screen, without what no window would have written: it is not worth refusing a project for."""

    def table(name: str, key: Callable[[Any], bool], value: Callable[[Any], bool]) -> None:
        found = view.get(name, {})
        kept = {k: v for k, v in found.items() if key(k) and value(v)} if isinstance(found, dict) else {}
        if name in view:
            view[name] = kept

    def case_id(value: Any) -> bool:
        return _matches(CASE_ID, value)

    view = dict(view)
    table(REMOVED, lambda key: _matches(SHA256, key), case_id)
    table("annotated", case_id, lambda share: _number(share) and 0 <= share <= 1)
    table("views", case_id, lambda state: isinstance(state, dict))
    if not case_id(view.get("case", "")):
        view.pop("case", None)
    if not _whole(view.get("active_class", 0), 0, MAX_CLASSES):
        view.pop("active_class", None)
    return view


def _need(right: bool, what: str) -> None:
    if not right:
        raise ValueError(what)


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _whole(value: Any, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300
