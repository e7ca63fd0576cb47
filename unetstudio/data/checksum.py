"""A checksum among the values of a JSON text, so that a flipped bit in it does not pass for what was written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

KEY = "seal"


def sealed(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with the SHA-256 of them all."""
    return {**values, KEY: _digest(values)}


def broken(values: Mapping[str, Any]) -> bool:
    """Whether values read back are not those that were sealed; older ones without a seal are believed."""
    return KEY in values and values[KEY] != _digest({key: value for key, value in values.items() if key != KEY})


def _digest(values: Mapping[str, Any]) -> str:
    """Of the values as JSON gives them back: tuples are lists by then, and keys are texts."""
    return hashlib.sha256(json.dumps(json.loads(json.dumps(values)), sort_keys=True).encode()).hexdigest()
