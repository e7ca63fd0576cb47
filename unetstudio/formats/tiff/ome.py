"""The OME-XML of a TIFF: the other files that its image is spread over, and the size of its voxels."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from unetstudio.errors import FormatError
from unetstudio.formats.voxel_files.length_units import in_millimetres

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

Lengths = tuple[float | None, float | None, float | None]


@dataclass(frozen=True)
class OmeSet:
    """How the image of an OME-TIFF is spread over files.

    `main` is the TIFF to open, `xml` replaces its own description where that is not valid for it, and `files` are all files of the image.
    """

    main: Path
    xml: str | None
    files: tuple[Path, ...]


def ome_set(path: Path, xml: str) -> OmeSet:
    """Return the files of the image to which a TIFF with this OME-XML belongs; raise FormatError naming one that is missing."""
    root = _parsed(xml)
    if root is None:
        return OmeSet(path, None, (path,))
    binary = next(iter(_all(root, "BinaryOnly")), None)
    if binary is not None:
        return _set_of_master(path, _beside(path, binary.get("MetadataFile", "")))
    return _set_of(path, path, root, xml)


def _set_of_master(path: Path, master: Path) -> OmeSet:
    """Return the set of files whose description is in another file: a TIFF of the set, or a companion file."""
    if master.suffix.lower() in (".tif", ".tiff", ".tf2", ".tf8", ".btf"):
        import tifffile

        with tifffile.TiffFile(master) as tif:
            xml = tif.ome_metadata or ""
        root = _parsed(xml)
        if root is None or next(iter(_all(root, "BinaryOnly")), None) is not None:
            raise FormatError(path, f"its description should be in {master.name}, which has none; export the image again.")
        return _set_of(master, master, root, xml)
    xml = master.read_text(encoding="utf-8", errors="replace")
    root = _parsed(xml)
    if root is None:
        raise FormatError(path, f"its description in {master.name} is damaged; copy it again from its origin.")
    whole = _set_of(path, master, root, xml)
    return OmeSet(path, xml, (master, *whole.files))


def _set_of(path: Path, described: Path, root: Element, xml: str) -> OmeSet:
    """Find every file that the description refers to; a single file that was renamed refers to itself by its old name."""
    references = {(uuid.text or "", uuid.get("FileName", "")) for uuid in _all(root, "UUID")}
    own = root.get("UUID")
    others = {name for text, name in references if name and text != own and name != path.name}
    alone = path == described and (not others or (own is None and len(references) == 1))
    if alone:
        stale = any(name != path.name for _, name in references)
        return OmeSet(path, re.sub(r"(?s)<(\w+:)?UUID\b.*?(/>|</(\w+:)?UUID>)", "", xml) if stale else None, (path,))
    files = {path, *(_beside(path, name) for name in others)}
    return OmeSet(path, None, tuple(sorted(files)))


def _beside(path: Path, name: str) -> Path:
    if not name or "/" in name or "\\" in name:
        raise FormatError(path, f'its image is spread over files, one of which is named "{name}"; keep all of them in one folder.')
    file = path.with_name(name)
    if not file.is_file():
        raise FormatError(path, f"its image is spread over several files, and {name} is missing; put it back into the same folder.")
    return file


def ome_lengths(xml: str, image: int, images: int) -> Lengths:
    """Return the voxel size (z, y, x) in mm of one of several images; None for each that is not stated."""
    root = _parsed(xml)
    pixels = [] if root is None else list(_all(root, "Pixels"))
    sizes = [(_length(one, "Z"), _length(one, "Y"), _length(one, "X")) for one in pixels]
    if len(sizes) == images:
        return sizes[image]
    return sizes[0] if len(set(sizes)) == 1 else (None, None, None)


def _length(pixels: Element, axis: str) -> float | None:
    size, unit = pixels.get(f"PhysicalSize{axis}"), pixels.get(f"PhysicalSize{axis}Unit", "µm")
    factor = in_millimetres(unit)
    try:
        return None if size is None or factor is None else float(size) * factor
    except ValueError:
        return None


def _parsed(xml: str) -> Element | None:
    try:
        return ElementTree.fromstring(xml)  # noqa: S314 - expat itself bounds the expansion of entities
    except (ElementTree.ParseError, ValueError):
        return None


def _all(root: Element, name: str) -> list[Element]:
    return [element for element in root.iter() if isinstance(element.tag, str) and element.tag.rpartition("}")[2] == name]
