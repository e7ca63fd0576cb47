"""Pairs of a header (.hdr) and the voxels beside it (.img), packed or not, named by either of the two."""

from __future__ import annotations

from pathlib import Path

from unetstudio.errors import FormatError

_HEADERS, _VOXELS = (".hdr", ".hdr.gz", ".HDR"), (".img", ".img.gz", ".IMG")


def header_beside(path: Path) -> Path:
    """Return the header of voxels that lie in a file of their own; `path` itself for any other file."""
    base = _base(path, _VOXELS)
    if base is None:
        return path
    return next((beside for ending in _HEADERS if (beside := path.with_name(base + ending)).is_file()), path)


def voxels_beside(header: Path) -> Path:
    """Return the file that holds the voxels of a header; raise FormatError when it is not there."""
    base = _base(header, _HEADERS)
    if base is None:
        base = header.name
    beside_it = next((beside for ending in _VOXELS if (beside := header.with_name(base + ending)).is_file()), None)
    if beside_it is None:
        raise FormatError(header, f"its voxels are in {base}.img, which is not beside it; copy both files.")
    return beside_it


def files_of_pair(path: Path) -> list[Path]:
    """Return the header and the voxels of a pair, the header first; the file alone when there is no other."""
    header = header_beside(path)
    if _base(header, _HEADERS) is None:
        return [path]
    try:
        return [header, voxels_beside(header)]
    except FormatError:
        return [path]


def _base(path: Path, endings: tuple[str, ...]) -> str | None:
    """Return the name without one of these endings; None when it has none of them."""
    ending = next((ending for ending in endings if path.name.lower().endswith(ending.lower())), None)
    return None if ending is None else path.name[: -len(ending)]
