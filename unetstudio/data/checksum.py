"""A checksum among the values of a JSON text, by which a flipped bit is noticed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

KEY = "seal"
"""As it stands in files."""


def with_checksum(values: Mapping[str, Any]) -> dict[str, Any]:
    """Add the SHA-256 of all values."""
    return {**values, KEY: _digest(values)}


def checksum_differs(values: Mapping[str, Any]) -> bool:
    """Whether values read back are not those that were written; older ones without a checksum are accepted."""
    return KEY in values and values[KEY] != _digest({key: value for key, value in values.items() if key != KEY})


def _digest(values: Mapping[str, Any]) -> str:
    """Hash the values as JSON gives them back: tuples are lists by then, and keys are texts."""
    return hashlib.sha256(json.dumps(json.loads(json.dumps(values)), sort_keys=True).encode()).hexdigest()
