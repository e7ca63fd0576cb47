"""Migrations of projects from older versions to this one: one function per step, in a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

VERSION = 1
"""Version of project.json as this program writes it."""

Values = dict[str, Any]
Step = Callable[[Values], Values]

STEPS: Mapping[int, Step] = {}
"""Steps by the version that they start from."""


def upgrade(values: Values, steps: Mapping[int, Step] = STEPS, to: int = VERSION) -> Values:
    """Upgrade the manifest's values to version `to`; KeyError when a step is missing."""
    while values["version"] < to:
        version = values["version"]
        values = {**steps[version](values), "version": version + 1}
    return values
