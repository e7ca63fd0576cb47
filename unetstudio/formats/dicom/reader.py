"""DICOM: single images, multi-frame files and series of slices, in stored values after rescaling (CT in Hounsfield units).

Nothing that identifies the patient is kept: no name, identifier or description.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.scan import Scan
from unetstudio.errors import FormatError
from unetstudio.formats.dicom.frame_plane import FramePlane, planes_of
from unetstudio.formats.dicom.pixels import frames_of
from unetstudio.formats.dicom.series import find_series
from unetstudio.formats.dicom.sop_class import MASKS, sop_class
from unetstudio.formats.dicom.stack import stacked
from unetstudio.formats.dicom.tiles import assembled, is_tiled, slide_geometry
from unetstudio.formats.dicom.value_meaning import inversion_of, unit_of
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.memory_check import require_memory
from unetstudio.formats.voxels import tidy

if TYPE_CHECKING:
    from pydicom import Dataset

_EXPLICIT = (
    b"AE",
    b"AS",
    b"AT",
    b"CS",
    b"DA",
    b"DS",
    b"DT",
    b"IS",
    b"LO",
    b"LT",
    b"OB",
    b"OW",
    b"PN",
    b"SH",
    b"SQ",
    b"TM",
    b"UI",
    b"UL",
    b"US",
)


class Dicom(Format):
    """DICOM files and series; slices are sorted by their position along the slice normal, never by file name."""

    title = "DICOM"
    suffixes = (".dcm", ".dicom", ".ima")
    volumes = True
    folders = True

    def recognises(self, head: bytes) -> bool:
        """Look for DICM after the preamble, or a first element of group 0002 or 0008 in files without one."""
        if head[128:132] == b"DICM":
            return True
        group, length = head[:2], int.from_bytes(head[4:8], "little")
        if group in (b"\x08\0", b"\x02\0"):
            return head[4:6] in _EXPLICIT or (head[3:4] == b"\0" and 0 < length <= 64)
        return group in (b"\0\x08", b"\0\x02") and head[4:6] in _EXPLICIT  # big endian

    def recognises_file(self, path: Path, head: bytes) -> bool:
        """Leave segmentations and structure sets to their own formats: they are masks and no images."""
        return self.recognises(head) and sop_class(head) not in MASKS

    def files(self, source: Source) -> list[Path]:
        """Return the file, or the files of the series that `part` names."""
        return list(find_series(source.path, source.part).files) if source.path.is_dir() else [source.path]

    def read(self, source: Source) -> Scan:
        """Read a file, or the series of a folder that `part` names."""
        if source.path.is_dir():
            series = find_series(source.path, source.part)
            return _read_series(source.path, list(series.files), name=series.name)
        return _read_file(source.path)


def _read_file(path: Path) -> Scan:
    """Read one file: a slice, or as many as it has frames."""
    dataset = _dataset(path)
    frames = frames_of(dataset, path)  # (Z, C, Y, X)
    if is_tiled(dataset):
        return replace(_scan(dataset, assembled(frames, dataset, path), planes_of(dataset, 1), path), geometry=slide_geometry(dataset))
    planes = planes_of(dataset, len(frames))
    order, geometry = stacked(planes, path)
    return replace(_scan(dataset, frames[order], planes, path), geometry=geometry)


def _read_series(folder: Path, files: list[Path], *, name: str) -> Scan:
    """Read many files of one slice each."""
    first = _dataset(files[0])
    pixels = int(first.Rows) * int(first.Columns) * int(first.get("SamplesPerPixel", 1))
    require_memory(folder, pixels * 4 * len(files), sum(file.stat().st_size for file in files))
    slices: list[NDArray[Any]] = []
    planes: list[FramePlane] = []
    for file in files:
        dataset = _dataset(file)
        slices.append(frames_of(dataset, file)[0])
        planes += planes_of(dataset, 1)
    if len({one.shape for one in slices}) != 1:
        raise FormatError(folder, "its slices differ in size, so they are no volume; open them one at a time.")
    order, geometry = stacked(planes, folder)
    voxels = np.stack([slices[index] for index in order])
    return replace(_scan(first, voxels, [planes[index] for index in order], folder), geometry=geometry, name=name)


def _dataset(path: Path) -> Dataset:
    """Parse the whole file; raise FormatError when it is no image."""
    import pydicom

    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    dataset = pydicom.dcmread(path, force=True)
    if not any(keyword in dataset for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        raise FormatError(path, "this DICOM file holds no image (it may be a report, a plan, or cut short).")
    return dataset


def _scan(dataset: Dataset, frames: NDArray[Any], planes: list[FramePlane], path: Path) -> Scan:
    """Make the scan of frames (Z, C, Y, X) in order."""
    middle = planes[len(planes) // 2]
    modality = str(dataset.get("Modality", "") or "")
    short_name = modality if modality.isalnum() and len(modality) <= 4 else ""
    return Scan(
        tidy(frames.transpose(1, 0, 2, 3), path),
        kind=f"DICOM {short_name}".strip(),
        inverted=dataset.get("PhotometricInterpretation") == "MONOCHROME1",
        window=middle.window,
        inversion=inversion_of(dataset, planes),
        unit=unit_of(dataset, planes),
    )


FORMATS.register("dicom")(Dicom())
