"""The grouping of DICOM files into the volumes that a folder, or the folders below it, hold."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats.dicom.frame_parts import parts_of_file, unique_labels
from unetstudio.formats.dicom.slices import Headers, Slice, common, read_headers
from unetstudio.formats.dicom.volumes import Volume, volumes_among
from unetstudio.formats.finding.folder import files_in, subfolders_in
from unetstudio.formats.finding.recognition import format_name, stem

DEEPEST = 8
"""Largest depth of nested folders that is searched."""

_SUFFIXES = (".dcm", ".dicom")

_NAMED = 3
"""Number of left-out files that are named."""


@dataclass(frozen=True)
class Series:
    """The files of one volume below `folder`; `part` is a short hash, so that no identifier leaves the files, or empty for a whole file.

    `notes` say what was left out beside it.
    """

    part: str
    files: tuple[Path, ...]
    name: str = ""
    folder: Path = Path()
    notes: tuple[str, ...] = ()

    @property
    def source(self) -> Source:
        """Where the volume is read from."""
        return Source(self.folder if len(self.files) > 1 else self.files[0], self.part)


def find_series(folder: Path, part: str) -> Series:
    """Return the series that `part` names, or the only one when `part` is empty; raise FormatError when there is none."""
    candidates = [one for one in series_below(folder) if one.folder == folder and (len(one.files) > 1 or part == "")]
    matches = [one for one in candidates if one.part == part or (part == "" and len(candidates) == 1)]
    if not matches:
        problem = "holds no DICOM series" if not candidates else f"holds {len(candidates)} DICOM series, but not the one meant"
        raise FormatError(folder, f"the folder {problem}; open it again to choose.")
    return matches[0]


def dicom_files_below(folder: Path, depth: int = DEEPEST) -> Iterator[Path]:
    """Yield the DICOM files of a folder and the folders below it."""
    yield from (path for path in files_in(folder) if is_dicom(path, format_name(path)))
    if depth > 0:
        for child in subfolders_in(folder):
            yield from dicom_files_below(child, depth - 1)


def is_dicom(path: Path, name: str | None) -> bool:
    """Whether a file with this name of its format is DICOM; one without a format may be a damaged one, by its ending."""
    return name == "dicom" or (name is None and path.name.lower().endswith(_SUFFIXES))


def series_below(folder: Path) -> list[Series]:
    """Group the DICOM files of a folder and the folders below it into volumes."""
    return series_among(dicom_files_below(folder))


def series_among(files: Iterable[Path]) -> list[Series]:
    """Group files into volumes, in order of series number; the images of a multi-frame file make one each."""
    return grouped(read_headers(files))


def grouped(headers: Headers) -> list[Series]:
    """Group slices into volumes, and name each by its folder and what tells it apart."""
    volumes = volumes_among(headers.slices)
    series: list[Series] = []
    taken: set[tuple[Path, str]] = set()
    for volume, name, named in zip(volumes, _names(volumes), _parts(volumes), strict=True):
        files = tuple(one.path for one in volume.slices)
        if len(files) == 1:
            series += _of_file(volume.slices[0])
            continue
        part = named
        while (volume.folder, part) in taken:
            part = _digest(part)
        taken.add((volume.folder, part))
        series.append(Series(part, files, name, volume.folder, _left_out(headers.damaged, volume)))
    return series


def _of_file(one: Slice) -> list[Series]:
    """Return the images of a file that stands alone."""
    folder, name = one.path.parent, stem(one.path)
    parts = parts_of_file(one.path) if one.frames > 1 else []
    if parts:
        return [Series(part.part, (one.path,), f"{name}, {part.label}", folder) for part in parts]
    return [Series("", (one.path,), folder.name, folder)]


def _names(volumes: list[Volume]) -> list[str]:
    """Name volumes by their folder, numbered where it holds several series, and by what tells the volumes of a series apart."""
    several = [one for one in volumes if len(one.slices) > 1]
    names = []
    for one in volumes:
        uids = list(dict.fromkeys(other.slices[0].series for other in several if other.folder == one.folder))
        series = one.slices[0].series
        base = f"{one.folder.name} {uids.index(series) + 1}" if len(uids) > 1 and series in uids else one.folder.name
        names.append(", ".join(word for word in (base, one.direction, one.label) if word))
    homes = [str(one.folder if len(one.slices) > 1 else one.slices[0].path) for one in volumes]
    placed = [f"{home}\n{name}" for home, name in zip(homes, names, strict=True)]
    return [label.partition("\n")[2] for label in unique_labels(placed)]


def _left_out(damaged: list[Path], volume: Volume) -> tuple[str, ...]:
    """Say which damaged files lie beside the slices of a volume."""
    folders = {one.path.parent for one in volume.slices}
    return left_out([path for path in damaged if path.parent in folders])


def left_out(files: list[Path]) -> tuple[str, ...]:
    """Return a sentence about files that could not be read; none when there are none."""
    if not files:
        return ()
    named = ", ".join(path.name for path in files[:_NAMED]) + (" ..." if len(files) > _NAMED else "")
    if len(files) == 1:
        return (f"One file could not be read and was left out: {named}.",)
    return (f"{len(files)} files could not be read and were left out: {named}.",)


def _parts(volumes: list[Volume]) -> list[str]:
    """Return the start of a SHA-256 over each volume's series, size, direction and tags, and its label where another shares them."""
    tags = [_tags(volume) for volume in volumes]
    places = [(volume.group, volume.folder, repr(own)) for volume, own in zip(volumes, tags, strict=True)]
    shared = Counter(place for place, volume in zip(places, volumes, strict=True) if len(volume.slices) > 1)
    named = zip(volumes, tags, places, strict=True)
    return [_digest(own if shared[place] < 2 else (*own, volume.label)) for volume, own, place in named]


def _digest(of: object) -> str:
    return hashlib.sha256(repr(of).encode()).hexdigest()[:12]


def _tags(volume: Volume) -> tuple[object, ...]:
    first = volume.slices[0]
    directions = [round(n, 2) + 0.0 for n in first.plane.orientation or ()]
    uids = sorted({one.series for one in volume.slices})
    return (uids[0] if len(uids) == 1 else uids, first.shape, directions, common([one.stated for one in volume.slices]))
