"""DICOM: single images, multi-frame files and series of slices, in stored values after rescaling (CT in Hounsfield units).

Nothing that identifies the patient is kept: no name, identifier or description.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.scan import Scan
from unetstudio.errors import FormatError
from unetstudio.formats.dicom.frame_offsets import has_offsets
from unetstudio.formats.dicom.frame_parts import FramePart, part_named, parts_of_file
from unetstudio.formats.dicom.frame_plane import FramePlane, planes_of
from unetstudio.formats.dicom.header import parse, text
from unetstudio.formats.dicom.pixels import frames_of
from unetstudio.formats.dicom.series import Series, find_series, left_out
from unetstudio.formats.dicom.sop_class import MASKS, sop_class
from unetstudio.formats.dicom.stack import stacked
from unetstudio.formats.dicom.tiles import assembled, is_tiled, slide_geometry
from unetstudio.formats.dicom.tilt import straightened
from unetstudio.formats.dicom.value_meaning import inversion_of, unit_of
from unetstudio.formats.finding.recognition import stem
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.part import Part
from unetstudio.formats.voxel_files.memory_check import require_memory
from unetstudio.formats.voxel_files.voxels import tidy

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

    def parts(self, path: Path) -> Sequence[Part]:
        """Return the images in a file of several frames."""
        return [Part(one.part, one.label) for one in parts_of_file(path)] or [Part()]

    def files(self, source: Source) -> list[Path]:
        """Return the file, or the files of the series that `part` names."""
        return list(find_series(source.path, source.part).files) if source.path.is_dir() else [source.path]

    def read(self, source: Source) -> Scan:
        """Read a file or the image in it that `part` names, or the series of a folder that `part` names."""
        if source.path.is_dir():
            return _read_series(source.path, find_series(source.path, source.part))
        return _read_file(source.path, source.part)


def _read_file(path: Path, part: str) -> Scan:
    """Read one file: a slice, or as many as it has frames; without a `part`, the frames of several images in order of the file."""
    dataset = _dataset(path)
    frames = frames_of(dataset, path)  # (Z, C, Y, X)
    if is_tiled(dataset):
        return replace(_scan(dataset, assembled(frames, dataset, path), planes_of(dataset, 1), path), geometry=slide_geometry(dataset))
    planes = planes_of(dataset, len(frames))
    if part:
        chosen = part_named(path, part, dataset)
        volume = _volume(dataset, frames[list(chosen.frames)], [planes[n] for n in chosen.frames], path)
        return replace(volume, name=f"{stem(path)}, {chosen.label}")
    others = parts_of_file(path, dataset) if len(frames) > 1 else []
    volume = _volume(dataset, frames, planes, path)
    return replace(volume, notes=(*volume.notes, *_several(others)))


def _read_series(folder: Path, series: Series) -> Scan:
    """Read many files of one slice each; those that cannot be read are left out, which the notes say."""
    packed = sum(file.stat().st_size for file in series.files)
    first: Dataset | None = None
    slices: list[NDArray[Any]] = []
    planes: list[FramePlane] = []
    failed: list[Path] = []
    for file in series.files:
        try:
            dataset = _dataset(file)
            frame = frames_of(dataset, file)[0]
        except (MemoryError, PermissionError):
            raise
        except Exception:  # decoders raise anything on damaged files
            failed.append(file)
            if len(failed) == len(series.files):
                raise
            continue
        if first is None:
            first = dataset
            require_memory(folder, frame.nbytes * len(series.files), packed)
        slices.append(frame)
        planes += planes_of(dataset, 1)
    if first is None or len({one.shape for one in slices}) != 1:
        raise FormatError(folder, "its slices differ in size, so they are no volume; open them one at a time.")
    scan = _volume(first, slices, planes, folder)
    return replace(scan, name=series.name, notes=(*series.notes, *left_out(failed), *scan.notes))


def _several(parts: list[FramePart]) -> tuple[str, ...]:
    """Say that frames of several images are shown one after the other."""
    if not parts:
        return ()
    labels = ", ".join(part.label for part in parts[:4]) + (" ..." if len(parts) > 4 else "")
    return (f"It holds {len(parts)} images ({labels}), shown here one after the other; open the file again to choose among them.",)


def _dataset(path: Path) -> Dataset:
    """Parse the whole file; raise FormatError when it is no image."""
    dataset = parse(path)
    if not any(keyword in dataset for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        raise FormatError(path, "this DICOM file holds no image (it may be a report, a plan, or cut short).")
    return dataset


def _volume(dataset: Dataset, frames: NDArray[Any] | list[NDArray[Any]], planes: list[FramePlane], path: Path) -> Scan:
    """Make the scan of frames (Z, C, Y, X) as stored: put in order and, where their places demand it, straightened."""
    stack = stacked(planes, frames[0].shape[1:], keep_order=has_offsets(dataset))
    scan = _scan(dataset, np.stack([frames[n] for n in stack.order]), [planes[n] for n in stack.order], path)
    if stack.tilt is not None:
        nbytes = scan.voxels.nbytes * math.prod(stack.tilt.shape) // math.prod(scan.shape)
        require_memory(path, nbytes, nbytes)
        scan = replace(scan, voxels=straightened(scan.array, stack.tilt))
    return replace(scan, geometry=stack.geometry, notes=stack.notes)


def _scan(dataset: Dataset, frames: NDArray[Any], planes: list[FramePlane], path: Path) -> Scan:
    """Make the scan of frames (Z, C, Y, X) in order."""
    modality = text(dataset, "Modality")
    short_name = modality if modality.isalnum() and len(modality) <= 4 else ""
    return Scan(
        tidy(frames.transpose(1, 0, 2, 3), path),
        kind=f"DICOM {short_name}".strip(),
        inverted=text(dataset, "PhotometricInterpretation") == "MONOCHROME1",
        window=planes[len(planes) // 2].window,
        inversion=inversion_of(dataset, planes),
        unit=unit_of(dataset, planes),
    )


FORMATS.register("dicom")(Dicom())
