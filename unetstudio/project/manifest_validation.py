"""Validation of project.json: the type and range of everything in it, before it is used.

Projects are untrusted. A checksum reveals damage, not malice: whoever forges the text can forge the checksum.
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
LONGEST_PATH, LONGEST_PART = 32_768, 4_096
LONGEST_AXIS, MOST_VOXELS = 2**31, 2**42
LATEST = 1e11
"""Latest valid time in seconds since 1970: the year 5138."""
REMOVED = "removed"
"""Key in the view: ids of removed cases by the SHA-256 of their images, which they get back when added again."""


def find_problem(values: dict[str, Any]) -> str:
    """Name a value that this program could not have written, or ""."""
    try:
        check(values)
    except ValueError as error:
        return str(error)
    except (KeyError, TypeError, AttributeError):
        return "something missing, or of another kind,"
    return ""


def check(values: dict[str, Any]) -> None:
    """Raise ValueError, KeyError, TypeError or AttributeError for the first invalid value; drop invalid entries of the view."""
    _require(_matches(CASE_ID, values["uuid"]), "uuid")
    _require(_number(values["created"]) and abs(values["created"]) < LATEST, "created")
    ClassTable.from_json(values["classes"])
    _require(isinstance(values["cases"], list), "cases")
    for case in values["cases"]:
        check_case(case)
    ids = [case["id"] for case in values["cases"]]
    _require(len(set(ids)) == len(ids), "a case that is there twice")
    _training(values["training"])
    _require(isinstance(values["steps"], list) and all(isinstance(step, dict) for step in values["steps"]), "steps")
    _require(isinstance(values["view"], dict), "view")
    values["view"] = _view(values["view"])


def check_case(case: dict[str, Any]) -> None:
    """Check one case, also before it is added to a project, so that the project opens again."""
    _require(_matches(CASE_ID, case["id"]) and _matches(SHA256, case["sha256"]), "a case's id or hash")
    _require(isinstance(case["name"], str) and isinstance(case.get("kind", ""), str), "a case's name or kind")
    path = case["source"]["path"]
    _require(isinstance(path, str) and 0 < len(path) <= LONGEST_PATH and "\0" not in path, "a source")
    _require(_part(case["source"].get("part", "")), "a source's part")
    shape = case["shape"]
    _require(isinstance(shape, (list, tuple)) and len(shape) == 3 and all(_whole(edge, 1, LONGEST_AXIS) for edge in shape), "a shape")
    _require(math.prod(shape) <= MOST_VOXELS and _whole(case["channels"], 1, LONGEST_AXIS), "a size")
    spacing, affine = case["geometry"].get("spacing"), case["geometry"].get("affine")
    _require(spacing is None or (len(spacing) == 3 and all(_number(step) and step > 0 for step in spacing)), "a spacing")
    _require(affine is None or (len(affine) == 4 and all(len(row) == 4 and all(map(_number, row)) for row in affine)), "an orientation")


def _training(settings: dict[str, Any]) -> None:
    kinds: dict[type, Callable[[Any], bool]] = {
        bool: lambda value: isinstance(value, bool),
        int: lambda value: type(value) is int,
        float: _number,
        str: lambda value: isinstance(value, str),
    }
    for field in fields(TrainingSettings):
        if field.name in settings:
            _require(kinds[type(field.default)](settings[field.name]), field.name)


def _view(view: dict[str, Any]) -> dict[str, Any]:
    """Return the view without invalid entries, which are no reason to refuse a project."""

    def table(name: str, key: Callable[[Any], bool], value: Callable[[Any], bool]) -> None:
        entries = view.get(name, {})
        valid = {k: v for k, v in entries.items() if key(k) and value(v)} if isinstance(entries, dict) else {}
        if name in view:
            view[name] = valid

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


def _require(valid: bool, problem: str) -> None:
    if not valid:
        raise ValueError(problem)


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _whole(value: Any, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


def _part(value: Any) -> bool:
    """Whether a value is the key of an image in a file: a short text of one line."""
    return isinstance(value, str) and len(value) <= LONGEST_PART and all(" " <= sign != "\x7f" for sign in value)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300
