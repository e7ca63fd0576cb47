"""The metadata of Zarr groups and arrays, of version 2 and 3, read as plain JSON before any library opens them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from unetstudio.errors import FormatError

_CODECS = {
    "blosc", "zstd", "zlib", "gzip", "lz4", "lzma", "bz2", "delta", "shuffle", "fixedscaleoffset", "astype", "packbits", "quantize",
    "bitround", "crc32", "crc32c", "adler32", "fletcher32", "bytes", "transpose", "sharding_indexed", "jpeg2k", "imagecodecs_jpeg2k",
}  # fmt: skip
"""Codecs of plain numbers; others, such as pickle, could run code of the file."""

_KINDS = {"bool", *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)), "float16", "float32", "float64"}


class ZarrFolder:
    """The files of a Zarr folder or zip file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def json(self, name: str) -> dict[str, Any]:
        """Return the content of a JSON file; {} when there is none. Raise FormatError when it is damaged."""
        try:
            if self.path.is_dir():
                file = self.path / name
                text = file.read_text(encoding="utf-8") if file.is_file() else "{}"
            else:
                with zipfile.ZipFile(self.path) as archive:
                    text = archive.read(name).decode("utf-8") if name in archive.namelist() else "{}"
            values = json.loads(text)
        except (ValueError, zipfile.BadZipFile) as error:
            raise FormatError(self.path, f"its description {name} is damaged; copy it again from its origin.") from error
        return values if isinstance(values, dict) else {}

    def attributes(self, group: str = "") -> dict[str, Any]:
        """Return the attributes of a group or array, of either version; those of OME-Zarr 0.5 are one level deeper."""
        prefix = f"{group}/" if group else ""
        attributes = {**self.json(f"{prefix}.zattrs"), **dict(self.json(f"{prefix}zarr.json").get("attributes") or {})}
        return {**attributes, **dict(attributes.get("ome") or {})}

    def is_array(self, name: str = "") -> bool:
        """Whether there is an array of this name."""
        prefix = f"{name}/" if name else ""
        return bool(self.json(f"{prefix}.zarray")) or self.json(f"{prefix}zarr.json").get("node_type") == "array"

    def require_plain_array(self, name: str) -> None:
        """Raise FormatError for an array that is missing, lies outside, or has codecs that could run code."""
        if name.startswith("/") or ".." in name.split("/") or not self.is_array(name):
            raise FormatError(self.path, f'its image "{name}" is missing; copy the whole folder again from its origin.')
        prefix = f"{name}/" if name else ""
        old, new = self.json(f"{prefix}.zarray"), self.json(f"{prefix}zarr.json")
        kind = str(old.get("dtype", "")).lstrip("<>|=") if old else str(new.get("data_type", ""))
        plain = (kind[:1] in "iufb" and kind[1:].isdigit()) if old else kind in _KINDS
        if not plain:
            raise FormatError(self.path, "its pixels are not plain numbers; save their magnitude as real numbers first.")
        codecs = [one for one in (old.get("compressor"), *(old.get("filters") or ())) if one] or _nested(new.get("codecs") or ())
        names = {str(one.get("id") or one.get("name")).removeprefix("numcodecs.") for one in codecs}
        if not names <= _CODECS:
            raise FormatError(
                self.path, f"it is packed in a way that is not read here ({', '.join(sorted(names - _CODECS))}); save it again."
            )

    def files(self) -> list[Path]:
        """Return all files."""
        return sorted(file for file in self.path.rglob("*") if file.is_file()) if self.path.is_dir() else [self.path]


def _nested(codecs: Any) -> list[dict[str, Any]]:
    """Return codecs, with those inside shards."""
    flat: list[dict[str, Any]] = []
    for one in codecs:
        inside = dict(one.get("configuration") or {})
        flat += [one, *_nested(inside.get("codecs") or ()), *_nested(inside.get("index_codecs") or ())]
    return flat
