"""The names of exported files, and the record of written files: an export replaces only those of earlier ones."""

from __future__ import annotations

import hashlib
import json
import re
import time
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from unetstudio import RESEARCH_USE, __version__
from unetstudio.atomic_file import replace_file
from unetstudio.data.case import Case, Source
from unetstudio.errors import FormatError, UserError
from unetstudio.formats import stem
from unetstudio.formats.finding.folder import RECORD
from unetstudio.formats.part import places_in

LONGEST = 120
"""Largest number of bytes of a stem, which leaves room for suffixes within the 143 bytes of encrypted Linux home folders."""
RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{device}{n}" for device in ("com", "lpt") for n in range(1, 10)),
    "legend",
    "measurements",
    "export",
    "doubt",
}


def stems(cases: Sequence[Case]) -> list[str]:
    """Return a file stem for each case, see `output_stem`; equal ones are numbered."""
    return free_names(output_stem(case.source, case.name) for case in cases)


def output_stem(source: Source, name: str = "") -> str:
    """Return the stem of files made from an image: "cell"; for one of several in a file also its place, "cell_t3".

    For a series in a folder it is `name`, that of its case.
    """
    plain = stem(source.path)
    if not source.part:
        return plain
    place = "".join(f"_{axis}{place}" for axis, place in places_in(source.part).items())
    if not place:
        return name or f"{plain}_{source.part}"
    return _shortened(plain, LONGEST - len(place.encode())) + place


def free_names(candidates: Iterable[str]) -> list[str]:
    """Return unique file stems that are valid on every system: equal and reserved ones are numbered."""
    taken: set[str] = set()
    names = []
    for name in candidates:
        free = plain = _safe(name)
        number = 2
        while _compared(free) in taken or _compared(free) in RESERVED:
            free = f"{plain}-{number}"
            number += 1
        taken.add(_compared(free))
        names.append(free)
    return names


def _compared(name: str) -> str:
    """Return a name as file systems compare it that know neither case nor the two ways to write é."""
    return unicodedata.normalize("NFC", name).casefold()


class Record:
    """A hidden file with the SHA-256 of the files that this program wrote into a folder, so that only those are replaced later."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.path = folder / RECORD
        self._kind = kind
        self._files: dict[str, str | None] = _stored(self.path)

    def claim(self, names: Iterable[str], images: Iterable[Path]) -> None:
        """Register files before any is written; raise UserError when one would replace a file that is not ours."""
        folder = self.path.parent
        names = list(names)
        originals = {image.resolve() for image in images}
        for name in names:
            path = folder / name
            if path.resolve() in originals:
                raise UserError(f"{path.name} in {folder.name} is one of the images; choose another folder for the masks.")
            if path.exists() and not self._is_ours(name, path):
                raise UserError(f"{path.name} is in {folder.name} already and is not as this program wrote it; choose an empty folder.")
        self._files.update(dict.fromkeys(names))
        self.save()

    def finish(self) -> None:
        """Record the digests of the written files."""
        folder = self.path.parent
        for name in self._files:
            path = folder / name
            if self._files[name] is None and path.is_file():
                self._files[name] = _digest(path)
        self._files = {name: digest for name, digest in self._files.items() if digest is not None}
        self.save()

    def unchanged(self, name: str) -> bool:
        """Whether a file exists as this program wrote it."""
        return self._files.get(name) is not None and self._is_ours(name, self.path.parent / name)

    def save(self) -> None:
        """Write the record; raise FormatError when the folder refuses."""
        text: dict[str, Any] = {
            "note": RESEARCH_USE,
            "program": f"U-Net Studio {__version__}",
            "written": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "what": self._kind,
            "files": self._files,
        }
        replace_file(self.path, (json.dumps(text, indent=1, ensure_ascii=False) + "\n").encode())

    def _is_ours(self, name: str, path: Path) -> bool:
        """Whether an export wrote the file and it is unchanged since; a digest of None means an export that was interrupted."""
        if name not in self._files or not path.is_file():
            return False
        return self._files[name] is None or self._files[name] == _digest(path)


def _safe(name: str) -> str:
    """Replace characters that some file systems refuse, and those that are no text; cut a name that is too long."""
    text = name.encode("utf-8", "replace").decode()
    cleaned = re.sub(r'[<>:"/\\|?*\x00-\x1f]+', "_", text).strip(" .")
    return _shortened(cleaned, LONGEST) or "image"


def _shortened(name: str, most: int) -> str:
    """Cut a name to a number of bytes, between two characters."""
    return name.encode(errors="surrogateescape")[: max(1, most)].decode(errors="ignore")


def _stored(path: Path) -> dict[str, str | None]:
    """Read the files of earlier exports; none when there is no readable record, so that nothing is taken for ours by mistake.

    A record may be forged: names that lead out of the folder, and what is no digest, are left out.
    """
    try:
        files = json.loads(path.read_bytes())["files"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return {name: digest for name, digest in files.items() if _is_entry(name, digest)} if isinstance(files, dict) else {}


def _is_entry(name: str, digest: object) -> bool:
    inside = bool(name) and not re.search(r"[\\:\x00]", name) and not name.startswith("/") and ".." not in name.split("/")
    return inside and (digest is None or (isinstance(digest, str) and re.fullmatch("[0-9a-f]{64}", digest) is not None))


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FormatError(path, f"it cannot be read ({error.strerror}); choose an empty folder.") from error
