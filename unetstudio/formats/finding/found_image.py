"""An image that a search came across."""

from __future__ import annotations

from dataclasses import dataclass

from unetstudio.data.case import Source
from unetstudio.formats.finding.recognition import stem


@dataclass(frozen=True)
class FoundImage:
    """An image and what tells it apart from others in the same file or folder, such as "time 3"; "" where it is alone."""

    source: Source
    name: str = ""

    @property
    def title(self) -> str:
        """The name of the image outside its file: "cell, time 3"."""
        plain = stem(self.source.path)
        if not self.name or self.name.startswith((f"{plain} ", f"{plain}, ")):  # a series is named after its folder
            return self.name or plain
        return f"{plain}, {self.name}"
