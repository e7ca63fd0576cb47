"""Who painted, as model cards tell it."""

from __future__ import annotations

import getpass
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from unetstudio.data.classes import ClassTable
from unetstudio.data.edit import Edit, constant
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.region import Region
from unetstudio.formats import discover
from unetstudio.project.annotators import Annotators
from unetstudio.project.project import Project
from unetstudio.project.record import Kind
from unetstudio.workspace.add_images import CaseRead, read_images


@pytest.fixture
def project(tmp_path: Path) -> Project:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((9, 9), np.uint8))
    made = Project.create(tmp_path / "a.unetstudio", ClassTable.named(["a", "b"], [(0, 0, 0)] * 2))
    made.add_cases(found.case for found in read_images(discover([tmp_path / "a.png"])) if isinstance(found, CaseRead))
    return made


def stroke(project: Project, author: str) -> None:
    """A voxel more, painted by an author."""
    project.author = author
    case = project.cases[0]
    store = project.store(case)
    store.load(case.shape)
    region, one = Region((0, 0, store.sequence), (1, 1, store.sequence + 1)), np.ones((1, 1, 1), np.bool_)
    store.append(
        Kind.EDIT, Edit.of(region, one, constant(UNLABELLED, 1), constant(1, 1), constant(0, 1), constant(0, 1), tool="brush", value=1)
    )


def test_that_nobody_painted_where_there_is_no_journal(tmp_path: Path) -> None:
    assert Annotators(tmp_path / "cases").names() == ()


def test_that_typed_names_are_told_and_accounts_are_only_counted(project: Project) -> None:
    for author in ("Grace", "Ada", "Ada", ""):
        stroke(project, author)
    names = Annotators(project.folder / "cases").names()
    assert names == ("Ada", "Grace", "1 account without a typed name")
    assert getpass.getuser() not in names


def test_that_the_journals_are_not_read_again_for_every_checkpoint(project: Project) -> None:
    stroke(project, "Ada")
    people = Annotators(project.folder / "cases")
    assert people.names() == ("Ada",)
    stroke(project, "Grace")
    assert people.names() == ("Ada",)


def test_that_journals_that_are_put_aside_meanwhile_are_no_error(project: Project) -> None:
    stroke(project, "Ada")
    journal = next(project.folder.rglob("*.journal"))
    aside = journal.with_name("aside.journal")
    ended = threading.Event()

    def move() -> None:
        while not ended.is_set():
            journal.rename(aside)
            aside.rename(journal)

    moving = threading.Thread(target=move)
    moving.start()
    try:
        told = {Annotators(project.folder / "cases").names() for _ in range(200)}
    finally:
        ended.set()
        moving.join()
    assert told <= {("Ada",), ()}
