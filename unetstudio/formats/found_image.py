"""An image that a search came across."""

from __future__ import annotations

from dataclasses import dataclass

from unetstudio.data.case import Source


@dataclass(frozen=True)
class FoundImage:
    """An image and what tells it apart from others in the same file or folder, such as "time 3"; "" where it is alone."""

    source: Source
    name: str = ""
