"""ROIs of ImageJ and Fiji: a file each, or all of the ROI Manager in a zip."""

from __future__ import annotations

import io
import json
import logging
import re
import zipfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from unetstudio.data.classes import Colour
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.masks.content import MaskContent, MaskGrid
from unetstudio.formats.masks.document import MaskDocument
from unetstudio.formats.outlines.drawn import Outline, drawn
from unetstudio.formats.outlines.imagej_shapes import rings_of, roi_of
from unetstudio.formats.outlines.regions import OutlineNote, colour_of, names_of, note_from, note_values, regions
from unetstudio.formats.voxel_files.memory_check import require_memory

if TYPE_CHECKING:
    from roifile import ImagejRoi

_ROI, _ZIP, _EMPTY_ZIP = b"Iout", b"PK\3\4", b"PK\5\6"
_CLASS = re.compile(r"^class: (.*)$", re.MULTILINE)
_NUMBERED = re.compile(r"[\s_-]*\d+$")
_NAMED_BY_PLACE = re.compile(r"\d+(-\d+)*")  # the ROI Manager's own names
_NO_COLOUR = b"\0\0\0\0"
logging.getLogger("roifile").addHandler(logging.NullHandler())  # keep its notes on odd files out of the user's terminal


class ImageJRoi(Format):
    """ROIs named by their class; its position is the slice, from 1."""

    title = "ImageJ ROI"
    suffixes = (".zip", ".roi")
    volumes = True
    images = False
    writes = True
    outlines = True
    receivers = "ImageJ and Fiji show each region in the ROI Manager (File > Open), named and coloured by its class, on its slice."

    def recognises(self, head: bytes) -> bool:
        """Look for the four letters of a ROI, or for a zip whose first file is one."""
        if head.startswith(_ROI):
            return True
        name = head[30 : 30 + int.from_bytes(head[26:28], "little")]
        return (head.startswith(_ZIP) and name.lower().endswith(b".roi")) or (head.startswith(_EMPTY_ZIP) and b'"size_zyx"' in head)

    def read_mask(self, path: Path, grid: MaskGrid | None) -> MaskContent:
        """Draw areas, the later over the earlier; the class is the name without its number, or the group."""
        rois, note = _read(path)
        outlines, lines, splines = [], 0, 0
        for name, roi in rois:
            rings = rings_of(roi)
            lines += not rings
            splines += bool(roi.options & 1 and rings)
            if rings:
                outlines.append(_outline(name, roi, rings))
        notes = [f"{lines} of its ROIs are points, lines or texts, which enclose no pixel, and were left out."] if lines else []
        if splines:
            notes.append(f"{splines} of its ROIs are splines; they were drawn straight from point to point.")
        return drawn(outlines, path, grid, note, notes, small_on_top=False)

    def encode(self, document: MaskDocument) -> bytes:
        """Encode a ROI for each region and slice."""
        names, counts, file = names_of(document), Counter[int](), io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for region in regions(document):
                counts[region.value] += 1
                roi = roi_of(region.polygon)
                roi.name = f"{_in_file_name(names[region.value])} {counts[region.value]}"
                roi.position = region.z + 1 if len(document.labels) > 1 else 0
                roi.stroke_color = bytes((255, *colour_of(document, region.value)))
                roi.group = region.value if 0 < region.value < 256 else 0
                roi.props = f"class: {names[region.value]}\n"
                archive.writestr(zipfile.ZipInfo(f"{roi.name}.roi"), roi.tobytes(), zipfile.ZIP_DEFLATED)
            note = note_values(document)
            del note["classes"]  # a comment has at most 64 KiB
            archive.comment = json.dumps(note, ensure_ascii=False).encode()
        return file.getvalue()


def _read(path: Path) -> tuple[list[tuple[str, ImagejRoi]], OutlineNote]:
    """Return the ROIs and their names."""
    from roifile import ImagejRoi

    if not zipfile.is_zipfile(path):
        roi = ImagejRoi.frombytes(path.read_bytes())
        return [(roi.name or path.stem, roi)], OutlineNote()
    with zipfile.ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if entry.filename.lower().endswith(".roi")]
        require_memory(path, sum(entry.file_size for entry in entries), path.stat().st_size)
        rois = [(Path(entry.filename).stem, ImagejRoi.frombytes(archive.read(entry))) for entry in entries]
        try:
            note = note_from(json.loads(archive.comment))
        except ValueError:
            note = OutlineNote()
    return rois, note


def _outline(name: str, roi: ImagejRoi, rings: list[NDArray[Any]]) -> Outline:
    """Return a ROI's outline with its class and slice."""
    stated = _CLASS.search(roi.props)
    if stated:
        name = stated[1]
    elif _NAMED_BY_PLACE.fullmatch(name):
        name = f"group {roi.group}" if roi.group else ""
    else:
        name = _NUMBERED.sub("", name) or name
    slice_number = roi.z_position or roi.position
    value = roi.group if roi.group and name == f"group {roi.group}" else None
    return Outline(name, rings, value=value, colour=_colour(roi), z=slice_number - 1 if slice_number > 0 else None)


def _colour(roi: ImagejRoi) -> Colour | None:
    """Return the stroke or fill colour, which are stored as alpha, red, green, blue."""
    for stored in (roi.stroke_color, roi.fill_color):
        if stored != _NO_COLOUR:
            return (stored[1], stored[2], stored[3])
    return None


def _in_file_name(name: str) -> str:
    """Replace characters that no file name in a zip should have."""
    return re.sub(r'[<>:"/\\|?*\x00-\x1f]+', "_", name)


FORMATS.register("imagej_roi")(ImageJRoi())
