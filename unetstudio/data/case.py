"""A case: a scan and its review state, as listed in a project."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from unetstudio.data.geometry import Geometry
from unetstudio.data.region import Index


class ReviewState(StrEnum):
    """The clinician's verdict on the case's segmentation."""

    UNREVIEWED = "unreviewed"
    ACCEPTED = "accepted"
    CORRECTED = "corrected"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Source:
    """The location of a scan: a file or folder; `part` names one of several images in it (a short key or hash, never an identifier)."""

    path: Path
    part: str = ""


@dataclass(frozen=True)
class Case:
    """A case. `shape` is (Z, Y, X); `sha256` is that of the source's bytes, by which a moved file is recognised."""

    id: str
    name: str
    source: Source
    sha256: str
    shape: Index
    channels: int
    kind: str = ""
    geometry: Geometry = field(default_factory=Geometry)
    review: ReviewState = ReviewState.UNREVIEWED

    @property
    def is_volume(self) -> bool:
        """Whether the scan has more than one slice."""
        return self.shape[0] > 1

    def to_json(self, relative_to: Path) -> dict[str, Any]:
        """Return plain values for project.json; the source path relative to the project where possible."""
        path = Path(os.path.relpath(self.source.path, relative_to)) if _same_drive(self.source.path, relative_to) else self.source.path
        return {
            "id": self.id,
            "name": self.name,
            "source": {"path": path.as_posix(), "part": self.source.part},
            "sha256": self.sha256,
            "shape": self.shape,
            "channels": self.channels,
            "kind": self.kind,
            "geometry": self.geometry.to_json(),
            "review": self.review.value,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any], relative_to: Path) -> Case:
        """Read what `to_json` returned."""
        z, y, x = values["shape"]
        path = Path(os.path.normpath(relative_to / values["source"]["path"]))
        return cls(
            id=values["id"],
            name=values["name"],
            source=Source(path, values["source"].get("part", "")),
            sha256=values["sha256"],
            shape=(z, y, x),
            channels=values["channels"],
            kind=values.get("kind", ""),
            geometry=Geometry.from_json(values["geometry"]),
            review=ReviewState(values["review"]),
        )


def _same_drive(path: Path, folder: Path) -> bool:
    """Whether a relative path from the folder to the file exists."""
    return path.absolute().drive == folder.absolute().drive
