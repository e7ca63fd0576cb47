"""Taking images into a project: each file is read once, hashed, measured and given a thumbnail. A generator, one case a step."""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Case, Source
from unetstudio.data.display_window import automatic_window
from unetstudio.data.scan import Scan
from unetstudio.errors import UserError
from unetstudio.formats import read_to_paint, sha256_of
from unetstudio.project.project import new_case

THUMBNAIL = 192
"""Longest edge of a thumbnail in pixels."""


@dataclass(frozen=True, eq=False)
class CaseRead:
    """A new case, its scan (to show it at once) and its thumbnail as PNG bytes."""

    case: Case
    scan: Scan
    thumbnail: bytes
    done: int
    total: int


@dataclass(frozen=True)
class CaseRefused:
    """A file that did not become a case, and why, in one sentence."""

    source: Source
    text: str
    done: int
    total: int
    known: bool = False  # only because it is in the project already


def intake(sources: Sequence[Source], taken: Collection[str] = ()) -> Generator[CaseRead | CaseRefused, None, None]:
    """Reads each source; one whose content (SHA-256) is in `taken` or came before is refused as a duplicate."""
    seen = set(taken)
    for done, source in enumerate(sources, start=1):
        try:
            scan, digest = read_to_paint(source), sha256_of(source)
        except UserError as error:
            yield CaseRefused(source, str(error), done, len(sources))
            continue
        if digest in seen:
            yield CaseRefused(source, f"{source.path.name}: this image is in the project already.", done, len(sources), known=True)
            continue
        seen.add(digest)
        case = new_case(source, scan, digest)
        yield CaseRead(case, scan, thumbnail(scan), done, len(sources))


def thumbnail(scan: Scan) -> bytes:
    """`picture` as PNG bytes."""
    _, data = cv2.imencode(".png", picture(scan)[..., ::-1])
    return data.tobytes()


def picture(scan: Scan) -> NDArray[np.uint8]:
    """(Y, X, 3) RGB uint8: the middle slice, at most 192 pixels wide and high in square pixels, contrast stretched."""
    middle = scan.voxels[:, scan.voxels.shape[1] // 2]  # (C, Y, X)
    _, spacing_y, spacing_x = scan.geometry.spacing_or_one
    height, width = middle.shape[1] * spacing_y, middle.shape[2] * spacing_x
    scale = THUMBNAIL / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    step = max(1, int(min(middle.shape[1] / size[1], middle.shape[2] / size[0]) / 2))
    chosen = middle[:3] if middle.shape[0] >= 3 else middle[:1]
    low, high = automatic_window(scan)
    grey = np.clip((chosen[:, ::step, ::step].astype(np.float32) - low) / max(high - low, 1e-6), 0, 1) * 255
    grey = 255 - grey if scan.inverted else grey
    planes = [cv2.resize(plane.astype(np.uint8), size, interpolation=cv2.INTER_AREA) for plane in grey]
    return np.stack(planes * 3 if len(planes) == 1 else planes, axis=-1)
