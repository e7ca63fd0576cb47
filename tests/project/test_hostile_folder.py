"""A project from a stranger reads no file, writes no file and takes no memory that is not its own; each refusal is one sentence.

What label files, project.json and checkpoints may hold is tried in tests/project and tests/networks; here lies what a whole folder can do.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import tracemalloc
import zlib
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from unetstudio.data.case import Source
from unetstudio.data.geometry import Geometry
from unetstudio.data.scan import Scan
from unetstudio.errors import FormatError, ProjectError
from unetstudio.formats import read, sha256_of
from unetstudio.project import audit, checkpoints, folders, prediction_file, system_calls
from unetstudio.project.manifest_file import MANIFEST
from unetstudio.project.project import Project, new_case
from unetstudio.project.record import HEADER, MAGIC, PREFIX, Kind, encode
from unetstudio.workspace.project_writer import ProjectWriter


@pytest.fixture
def painted(project, case, paint):
    """The project with three strokes on the disk, closed."""
    store = project.store(case)
    labels = store.load(case.shape).labels
    for number in range(1, 4):
        store.append(Kind.EDIT, paint(labels, number))
    store.checkpoint(labels)
    project.close()
    return project


def record(about: dict | bytes, packed: bytes, kind: int = 1, sequence: int = 1) -> bytes:
    """A journal's record with a right checksum, as a forger can make it."""
    text = about if isinstance(about, bytes) else json.dumps(about).encode()
    payload = PREFIX.pack(bytes(32), kind, len(text)) + text + packed
    checked = HEADER.pack(MAGIC, sequence, len(payload), 0)[:-4]
    return HEADER.pack(MAGIC, sequence, len(payload), zlib.crc32(payload, zlib.crc32(checked))) + payload


def about(**changes) -> dict:
    return {"time": 0.0, "user": "", "tool": "brush", "value": 1, "region": [[0, 0, 0], [1, 4, 4]], "count": 16, "constants": {}, **changes}


BOMB = zlib.compress(bytes(300_000_000), 9)
JOURNALS = {
    "a region of 10 TB": record(about(region=[[0, 0, 0], [10**4, 10**5, 10**4]], count=10**13), BOMB),
    "a region before the beginning": record(about(region=[[0, -5, 0], [1, 4, 4]]), BOMB),
    "a region of nothing": record(about(region=[[0, 0, 0], [0, 0, 0]], count=0), BOMB),
    "a region of text": record(about(region="all of it"), BOMB),
    "a region of two axes": record(about(region=[[0, 0], [4, 4]]), BOMB),
    "more voxels than the region has": record(about(count=10**9), BOMB),
    "fewer than none": record(about(count=-1), BOMB),
    "a block that unpacks to 300 MB": record(about(), BOMB),
    "a mask that says otherwise": record(about(count=3), zlib.compress(bytes(100))),
    "no description": record(b"", b""),
    "a description without end": record(b"[" * 100_000, b""),
    "a description of another kind": record(b'"text"', b""),
    "numbers that are none": record(about(time=float("nan"), value=float("inf")), BOMB),
}


@pytest.mark.parametrize("data", JOURNALS.values(), ids=JOURNALS.keys())
def test_that_a_forged_journal_is_refused_before_it_takes_memory(project, case, data):
    folder = project.folder_of(case)
    folders.make_folder(folder)
    (folder / "strokes-0.journal").write_bytes(data)
    tracemalloc.start()
    with pytest.raises(ProjectError) as refusal:
        project.store(case).load(case.shape)
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken < 8 * len(data) + 2 * system_calls.BLOCK
    assert str(refusal.value).startswith("strokes-0.journal: ") and "\n" not in str(refusal.value)


def test_that_a_stroke_that_is_right_is_read(project, case, paint):
    folder = project.folder_of(case)
    folders.make_folder(folder)
    labels = project.store(case).load(case.shape).labels
    (folder / "strokes-0.journal").write_bytes(encode(Kind.EDIT, paint(labels, 1), 1))
    assert np.array_equal(project.store(case).load(case.shape).labels.values, labels.values)


@pytest.mark.parametrize("name", ["cases", "checkpoints", "runs", "cache"])
def test_that_a_project_with_a_folder_that_leads_elsewhere_is_not_written_through(painted, tmp_path, name):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    place = painted.folder / name
    if place.exists():
        place.rename(tmp_path / "moved")
    place.symlink_to(elsewhere)
    with Project.open(painted.folder) as opened:
        assert opened.read_only and f"{name} in this project is a link" in opened.notices[0]
    assert list(elsewhere.iterdir()) == []


def test_that_a_case_whose_folder_leads_elsewhere_is_neither_read_nor_written(painted, case, tmp_path):
    place = painted.folder_of(case)
    place.rename(tmp_path / "elsewhere")
    before = {path: path.read_bytes() for path in (tmp_path / "elsewhere").iterdir()}
    place.symlink_to(tmp_path / "elsewhere")
    with Project.open(painted.folder) as opened, pytest.raises(ProjectError, match="leads out of the project"):
        opened.store(case).load(case.shape)
    assert {path: path.read_bytes() for path in (tmp_path / "elsewhere").iterdir()} == before


@pytest.mark.parametrize("case_id", ["../../evil", "", ".", "a/b", "0123456789ABCDEF"])
def test_that_no_case_id_leads_out_of_the_project(project, case_id):
    with pytest.raises(ProjectError, match="leads out of the project"):
        project.folder_of(case_id)


def test_that_a_link_in_place_of_a_label_file_shows_nothing_of_what_it_leads_to(painted, case, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"not for you" * 100)
    file = painted.folder_of(case) / "labels-1.h5"
    file.unlink()
    file.symlink_to(secret)
    with Project.open(painted.folder) as opened:
        loaded = opened.store(case).load(case.shape)
    assert loaded.recovered and secret.read_bytes() == b"not for you" * 100


def test_that_a_link_in_place_of_a_journal_is_not_appended_to(project, case, paint, tmp_path):
    store = project.store(case)
    labels = store.load(case.shape).labels
    store.append(Kind.EDIT, paint(labels, 1))
    journal, target = project.folder_of(case) / "strokes-0.journal", tmp_path / "target"
    journal.rename(target)
    journal.symlink_to(target)
    before, edit = target.read_bytes(), paint(labels, 2)
    with pytest.raises(ProjectError, match="a link lies where a file of the project should be"):
        store.append(Kind.EDIT, edit)
    assert target.read_bytes() == before


@pytest.mark.parametrize("name", [MANIFEST, "labels-1.h5", "strokes-1.journal", prediction_file.NAME])
@pytest.mark.timeout(20)
def test_that_a_pipe_in_place_of_a_file_makes_nobody_wait(painted, case, name):
    file = painted.folder / name if name == MANIFEST else painted.folder_of(case) / name
    file.unlink(missing_ok=True)
    os.mkfifo(file)
    if name == prediction_file.NAME:
        assert prediction_file.load(file.parent, case.shape) is None
        return
    with pytest.raises(ProjectError, match="is not a file"), Project.open(painted.folder) as opened:
        opened.store(case).load(case.shape)


@pytest.mark.parametrize("name", [MANIFEST, "labels-1.h5", "strokes-1.journal"])
def test_that_a_file_of_a_terabyte_that_takes_no_room_is_refused(painted, case, name):
    file = painted.folder / name if name == MANIFEST else painted.folder_of(case) / name
    with file.open("ab") as sparse:
        sparse.truncate(10**12)
    with pytest.raises(ProjectError, match=r"is too large to be read \(1,000\.0 GB\)"), Project.open(painted.folder) as opened:
        opened.store(case).load(case.shape)


@pytest.mark.timeout(20)
def test_that_a_device_or_pipe_named_as_an_image_is_refused(tmp_path):
    os.mkfifo(tmp_path / "one.png")
    for path in (tmp_path / "one.png", Path("/dev/zero")):
        with pytest.raises(FormatError, match="is not a file"):
            sha256_of(path)
        with pytest.raises(FormatError, match="is not a file"):
            read(path)


def test_that_a_file_that_is_no_image_is_not_shown_though_a_project_names_it(tmp_path):
    secret = tmp_path / "passwords.txt"
    secret.write_text("root:x:0:0\n" * 50)
    with pytest.raises(FormatError, match="not an image") as refusal:
        read(secret)
    assert "root" not in str(refusal.value)


def test_that_an_image_that_says_impossible_things_of_itself_is_not_taken_in(case):
    scan = replace(Scan(np.zeros((1, 1, 4, 4), np.uint8), name="odd"), geometry=Geometry((0.0, 1.0, 1.0)))
    with pytest.raises(FormatError, match=r"one\.png: it has a spacing that no image can have"):
        new_case(case.source, scan, "0" * 64)


CARD = {"score": None, "network": "unet", "step": 1, "seconds": 1, "created": "", "classes": {"classes": [], "next_value": 0}}
CARDS = {
    "nested without end": b"[" * 200_000,
    "a list": b"[]",
    "a score that is none": json.dumps({**CARD, "score": float("nan")}).encode(),
    "another's id": json.dumps({**CARD, "id": "1"}).encode(),
    "half": b'{"score": nul',
}


@pytest.mark.parametrize("text", CARDS.values(), ids=CARDS.keys())
def test_that_a_forged_card_is_no_checkpoint(tmp_path, text):
    (tmp_path / f"{'0' * 64}.safetensors").write_bytes(struct.pack("<Q", 2) + b"{}")
    (tmp_path / f"{'0' * 64}.json").write_bytes(text)
    assert checkpoints.cards(tmp_path) == []


def test_that_a_project_that_lies_about_an_image_s_size_opens_no_labels_of_that_size(project, tmp_path):
    picture = tmp_path / "images" / "two.png"
    cv2.imwrite(str(picture), np.zeros((20, 30), np.uint8))
    case = new_case(Source(picture), read(picture), sha256_of(picture))
    (lie,) = project.add_cases([replace(case, shape=(1, 4000, 4000))])
    with pytest.raises(ProjectError, match=r"two\.png: the project takes it for an image of another size"):
        ProjectWriter(project, tmp_path).open_case(lie)


@pytest.mark.parametrize("data", JOURNALS.values(), ids=JOURNALS.keys())
def test_that_a_forged_journal_of_the_past_takes_no_memory_when_somebody_asks_who_painted(project, case, data):
    folder = project.folder_of(case) / "past"
    folders.make_folder(folder)
    (folder / "strokes-0.journal").write_bytes(data)
    tracemalloc.start()
    with contextlib.suppress(ProjectError):
        audit.voxel_history(project.folder_of(case), (0, 1, 1))
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken < 8 * len(data) + 2 * system_calls.BLOCK
