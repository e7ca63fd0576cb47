"""Of a series full of a patient's data nothing reaches any file that the program writes; only names that the user gave may."""

from __future__ import annotations

import base64
import contextlib
import gzip
import io
import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import h5py
import hdf5plugin
import pytest

pytestmark = pytest.mark.timeout(400)  # the day takes half a minute, and a crowded machine its time
MOST_STREAMS = 5000


def forms(data: bytes) -> Iterator[bytes]:
    """The bytes, and what unpacking any part of them gives."""
    yield data
    if data.startswith(b"\x1f\x8b"):
        yield from forms(gzip.decompress(data))
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for name in packed.namelist():
                yield name.encode()
                yield from forms(packed.read(name))
    if data.startswith(b"\x89HDF"):
        yield from arrays(data)
    at, tries = data.find(b"\x78"), 0
    while at >= 0 and tries < MOST_STREAMS:
        if data[at + 1 : at + 2] in (b"\x01", b"\x5e", b"\x9c", b"\xda"):
            tries += 1
            with contextlib.suppress(zlib.error):
                yield zlib.decompressobj().decompress(data[at:], 10**7)
        at = data.find(b"\x78", at + 1)


def arrays(data: bytes) -> Iterator[bytes]:
    """All arrays and attributes of an HDF5 file."""
    found: list[bytes] = []

    def visit(name: str, item: h5py.Dataset | h5py.Group) -> None:
        found.extend((name.encode(), *(f"{key}={value}".encode() for key, value in item.attrs.items())))
        if isinstance(item, h5py.Dataset) and item.shape is not None:
            found.append(bytes(memoryview(item[()]).cast("B")) if item.dtype.kind in "uif" else str(item[()]).encode())

    with h5py.File(io.BytesIO(data)) as file:
        found.extend(f"{key}={value}".encode() for key, value in file.attrs.items())
        file.visititems(visit)
    yield from found


def written(root: Path) -> list[Path]:
    """Every file that the program left, without the images and the recorder."""
    ours = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    return [path for path in ours if path.relative_to(root).parts[0] not in ("series", "recorder", "record", "trace")]


def told(data: bytes, canaries: dict[str, str]) -> set[str]:
    """The elements of which a file tells."""
    found = set()
    for form in forms(data):
        small = form.lower()
        for text, where in canaries.items():
            plain = text.lower()
            shapes = (plain.encode(), plain.encode("utf-16-le"), base64.b64encode(text.encode())[:-4].lower())
            if any(shape in small for shape in shapes):
                found.add(where)
    return found


def test_that_the_series_tells_more_than_forty_things_of_its_patient(day):
    assert len(day.canaries) > 40
    images = b"".join(path.read_bytes() for path in sorted((day.root / "series").iterdir()))
    assert {text for text in day.canaries if text.encode() in images} == set(day.canaries)


def test_that_the_whole_day_was_lived(day):
    assert day.status == 0, day.spoken
    for step in ("event CheckpointSaved", "event CasePredicted", "exported", "a fault on purpose"):
        assert step in day.spoken, day.spoken
    names = {path.suffix for path in (day.root / "exports").rglob("*") if path.is_file()}
    assert {".gz", ".tiff", ".h5", ".csv", ".json"} <= names | {".tiff" if ".tif" in names else ""}
    kinds = {path.suffix for path in written(day.root)}
    assert {".journal", ".h5", ".safetensors", ".json", ".jsonl", ".png"} <= kinds


@pytest.mark.parametrize(
    "pack",
    [
        lambda text: b"..." + zlib.compress(b"x" * 50 + text) + b"...",
        gzip.compress,
        lambda text: text.decode().encode("utf-16-le"),
        lambda text: base64.b64encode(text * 3),
        lambda text: text.lower(),
    ],
    ids=["zlib", "gzip", "utf-16", "base64", "lower case"],
)
def test_that_the_search_finds_what_is_packed(pack):
    assert told(pack(b"ZQ0001KANARI"), {"ZQ0001KANARI": "PatientName"}) == {"PatientName"}


def test_that_the_search_finds_what_is_in_an_hdf5_file():
    file = io.BytesIO()
    with h5py.File(file, "w") as made:
        made.create_dataset("x", data=bytearray(b"..ZQ0001KANARI.."), dtype="u1", **hdf5plugin.Zstd())
        made.attrs["note"] = "19370211"
    assert told(file.getvalue(), {"ZQ0001KANARI": "PatientName", "19370211": "PatientBirthDate"}) == {"PatientName", "PatientBirthDate"}


def test_that_no_file_tells_anything_of_the_patient(day, figure):
    files = written(day.root)
    leaks = {str(path.relative_to(day.root)): found for path in files if (found := told(path.read_bytes(), day.canaries))}
    asked, note = len(files) * len(day.canaries), f"{len(day.canaries)} texts in {len(files)} files"
    figure("Canary", "a patient's texts in any file written", bar="0", n=asked, good=asked - sum(map(len, leaks.values())), note=note)
    assert leaks == {}


def test_that_nothing_said_and_no_fault_tells_anything_of_the_patient(day):
    assert told(day.spoken.encode(), day.canaries) == set()


def test_that_no_file_s_name_tells_anything_of_the_patient(day):
    assert told("\n".join(str(path) for path in written(day.root)).encode(), day.canaries) == set()


def test_that_everything_was_written_where_the_user_may_look(day):
    allowed = (str(day.root), "/dev/", "/proc/", "/sys/")
    assert [path for path in map(str, day.written) if not path.startswith(allowed)] == []


def test_that_the_images_are_not_written_to(day):
    assert [path for path in day.written if path.is_relative_to(day.root / "series")] == []


@pytest.mark.skipif(os.name != "posix", reason="other systems have other rights")
def test_that_a_project_is_for_its_owner_only(day):
    projects = [path for path in day.root.rglob("*.unetstudio") if path.is_dir()]
    assert projects
    for project in projects:
        for path in (project, *project.rglob("*")):
            assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
