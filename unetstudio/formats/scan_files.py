"""Reading of scans in any registered format, with the libraries' errors translated into clear sentences."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from unetstudio.data.case import Source
from unetstudio.data.scan import Scan
from unetstudio.formats.finding.part_names import image_name
from unetstudio.formats.finding.recognition import format_name, format_of
from unetstudio.formats.format import FORMATS
from unetstudio.formats.voxel_files.library_errors import translate_errors
from unetstudio.formats.voxel_files.memory_check import SMALL, require_memory

PROCESSES, LABEL_BYTES = 2, 2
"""Number of processes (window and worker) that hold a painted image, and the bytes of labels that each holds per voxel."""


def read(source: Source | Path) -> Scan:
    """Read all voxels of a scan at full depth, with geometry and name; raise FormatError if missing, unknown, damaged or too large."""
    source = source if isinstance(source, Source) else Source(source)
    variant = format_of(source.path)
    scan = translate_errors(source.path, variant.title, lambda: variant.read(source))
    return replace(scan, name=scan.name or image_name(source))


def files_of(source: Source) -> list[Path]:
    """Return the files that hold a scan, such as those of a DICOM series; raise FormatError when a series is not there."""
    if source.path.is_dir():
        return format_of(source.path).files(source)
    name = format_name(source.path)
    return [source.path] if name is None else FORMATS[name].files(source)


def read_by_region(source: Source | Path, large: int = SMALL) -> Scan:
    """Read a scan, leaving voxels of more than `large` bytes in the file, if its format allows, to be read when indexed."""
    source = source if isinstance(source, Source) else Source(source)
    path = source.path
    variant = format_of(path)
    scan = translate_errors(path, variant.title, lambda: variant.read_by_region(source, large))
    return read(source) if scan is None else replace(scan, name=scan.name or image_name(source))


def read_to_paint(source: Source | Path) -> Scan:
    """Read a scan for painting and training; raise FormatError if it does not fit into memory."""
    scan = read_by_region(source)
    if not isinstance(scan.voxels, np.ndarray):
        path = source.path if isinstance(source, Source) else source
        needed = PROCESSES * (scan.voxels.nbytes + LABEL_BYTES * math.prod(scan.shape))
        require_memory(path, needed, needed, by_region=True)
        return read(source)
    return scan
