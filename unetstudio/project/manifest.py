"""The contents of project.json as a frozen value: classes, cases, settings, steps and view; and its text with a checksum."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from unetstudio.data.case import Case
from unetstudio.data.classes import ClassTable
from unetstudio.errors import ProjectError, UserError
from unetstudio.project.file_reading import read_bytes
from unetstudio.project.manifest_validation import find_problem
from unetstudio.project.migrations import STEPS, VERSION, Step, upgrade
from unetstudio.project.os_errors import DamagedError
from unetstudio.settings import TrainingSettings

MOST_BYTES = 256 * 2**20
"""Largest size of a manifest that is read; a case takes 350 bytes."""
BEGINNING = b'{\n"version": '
_CHECKSUM = b',\n"sha256": "'
_TAIL = b'"\n}\n'
_FOREIGN = "is not a project of this program."
_NEWER = "was made by a newer version of U-Net Studio; install that version to open it."


@dataclass(frozen=True)
class Manifest:
    """The contents of project.json. It holds no patient's name: of the images only the paths that the user gave."""

    uuid: str
    created: float  # seconds since 1970, UTC
    classes: ClassTable = field(default_factory=ClassTable)
    cases: tuple[Case, ...] = ()
    training: TrainingSettings = field(default_factory=TrainingSettings)
    steps: tuple[dict[str, Any], ...] = ()  # post-processing, as `postprocess` writes them
    view: dict[str, Any] = field(default_factory=dict)  # open case, slice, zoom, as the window writes them
    version: int = VERSION  # of the file it was read from


Lines = dict[str, tuple[Case, str]]


def encode(manifest: Manifest, folder: Path, lines: Lines | None = None) -> bytes:
    """Encode a manifest as text, one line per case; the last line is the SHA-256 of all before it.

    `lines` caches each case's line from one save to the next, since usually at most one of many cases has changed.
    """
    cache = {} if lines is None else lines
    values = {
        "version": VERSION,
        "uuid": manifest.uuid,
        "created": manifest.created,
        "classes": manifest.classes.to_json(),
        "training": manifest.training.to_json(),
        "steps": list(manifest.steps),
        "view": manifest.view,
    }
    head = [f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    for case in manifest.cases:
        if case.id not in cache or cache[case.id][0] is not case:
            cache[case.id] = (case, json.dumps(case.to_json(folder), ensure_ascii=False))
    cases = ",\n".join(cache[case.id][1] for case in manifest.cases)
    body = ("{\n" + ",\n".join(head) + ',\n"cases": [\n' + cases + "\n]").encode("utf-8", "surrogatepass")
    return body + _CHECKSUM + hashlib.sha256(body).hexdigest().encode() + _TAIL


def decode(data: bytes, path: Path, steps: Mapping[int, Step] = STEPS) -> Manifest:
    """Parse the project.json at `path`; raise DamagedError when it was altered, ProjectError when it is something else.

    An older version is upgraded by `steps`; a newer one is read as far as this program understands it.
    """
    values = _values(data, path)
    version = values["version"]
    try:
        values = upgrade(values, steps) if version < VERSION else values
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ProjectError(path, _FOREIGN) from error
    if problem := find_problem(values):
        reason = f"holds {problem} that this program never writes, and was not opened; ask for the project once more."
        raise ProjectError(path, _NEWER if version > VERSION else reason)
    try:
        return Manifest(
            uuid=values["uuid"],
            created=float(values["created"]),
            classes=ClassTable.from_json(values["classes"]),
            cases=tuple(Case.from_json(case, path.parent) for case in values["cases"]),
            training=TrainingSettings.from_json(values["training"]),
            steps=tuple(dict(step) for step in values["steps"]),
            view=dict(values["view"]),
            version=version,
        )
    except (KeyError, TypeError, ValueError, AttributeError, UserError) as error:
        raise ProjectError(path, _NEWER if version > VERSION else _FOREIGN) from error


def is_other_project(path: Path, uuid: str) -> bool:
    """Whether a project.json belongs to a project with another uuid; False for one that cannot be read."""
    try:
        return decode(read_bytes(path, MOST_BYTES), path).uuid != uuid
    except ProjectError:
        return False


def _values(data: bytes, path: Path) -> dict[str, Any]:
    """Verify the checksum and parse the JSON object."""
    body, checksum, rest = data.rpartition(_CHECKSUM)
    if not checksum or rest != hashlib.sha256(body).hexdigest().encode() + _TAIL:
        raise DamagedError(path, "is damaged.")
    try:
        values = json.loads(body.decode("utf-8", "surrogatepass") + "}", parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError) as error:
        raise DamagedError(path, "is damaged.") from error
    if not isinstance(values, dict) or type(values.get("version")) is not int or values["version"] < 0:
        raise ProjectError(path, _FOREIGN)
    return values


def _finite(text: str) -> float:
    """Parse a number; raise ValueError for one that is not finite."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number
