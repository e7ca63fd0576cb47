"""The provenance of a mask: its inputs, and the key by which an up-to-date mask is recognised."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from unetstudio import __version__
from unetstudio.data.case import Source
from unetstudio.formats import files_of
from unetstudio.inference.prediction_options import PredictionOptions
from unetstudio.postprocess.segment import Painted
from unetstudio.postprocess.stack import to_json
from unetstudio.postprocess.step import Step


@dataclass(frozen=True, eq=False)
class Provenance:
    """Everything that a mask depends on. Make it before the image is read: then an image that changes meanwhile gets another key next time.

    `files` are those of the image, with path, series, size and modification time; class values are those of the checkpoint.
    """

    checkpoint: str
    steps: tuple[Step, ...]
    options: PredictionOptions
    files: tuple[str, ...]
    painted: Painted | None
    program: str = __version__

    @classmethod
    def of(cls, source: Source, painted: Painted | None, checkpoint: str, steps: Sequence[Step], options: PredictionOptions) -> Provenance:
        """Describe an image as it is on disk now."""
        stats = [(file.resolve(), file.stat()) for file in files_of(source) if file.is_file()]
        files = tuple(f"{path} {source.part} {stat.st_size} {stat.st_mtime_ns}" for path, stat in stats)
        return cls(checkpoint, tuple(steps), options, files, painted)

    @cached_property
    def key(self) -> str:
        """SHA-256 of everything; strokes count by position and value."""
        options = self.options
        way = [self.program, self.checkpoint, to_json(self.steps), options.tta, options.probabilities, options.objects]
        digest = hashlib.sha256(json.dumps(way).encode())
        for file in self.files:
            digest.update(file.encode())
        if self.painted is not None:
            values, mask = self.painted
            digest.update(values[mask].tobytes() + np.packbits(mask).tobytes())
        return digest.hexdigest()
