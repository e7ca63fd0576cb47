"""A checksum among the values of a JSON object, to detect damage."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

KEY = "seal"
"""The checksum's key in files."""


def with_checksum(values: Mapping[str, Any]) -> dict[str, Any]:
    """Add the SHA-256 of all values."""
    return {**values, KEY: _digest(values)}


def checksum_differs(values: Mapping[str, Any]) -> bool:
    """Whether values were altered since they were written; older ones without a checksum are accepted."""
    return KEY in values and values[KEY] != _digest({key: value for key, value in values.items() if key != KEY})


def _digest(values: Mapping[str, Any]) -> str:
    """Hash the values as read back from JSON, where tuples are lists and keys are strings."""
    return hashlib.sha256(json.dumps(json.loads(json.dumps(values)), sort_keys=True).encode()).hexdigest()
