"""The interface of files that hold the masks of many images, written one image after the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from unetstudio.formats.masks.document import MaskDocument


class Collector:
    """Files that grow by one mask after the other."""

    def add(self, stem: str, document: MaskDocument) -> Sequence[Path]:
        """Take a mask and the file stem of its image; return the files that are whole now."""
        raise NotImplementedError

    def finish(self) -> Sequence[Path]:
        """Write what describes all masks; return these files."""
        raise NotImplementedError
