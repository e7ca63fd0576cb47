"""Projects of every version ever released open in today's program, to the last voxel."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unetstudio.data.labels import UNLABELLED
from unetstudio.data.region import Region
from unetstudio.formats import read, sha256_of
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.networks import checkpoint as checkpoints
from unetstudio.project import checkpoints as cards
from unetstudio.project import prediction_file
from unetstudio.project.project import Project
from unetstudio.project.record import Kind
from unetstudio.project.replay import history
from unetstudio.workspace.project_writer import ProjectWriter

ARCHIVES = sorted((Path(__file__).parents[1] / "golden").glob("*.zip"))


@dataclass
class Golden:
    """An unpacked archive and what its maker knew of it."""

    folder: Path
    expected: dict[str, Any]

    def open(self, read_only: bool = False) -> Project:
        return Project.open(self.folder / "study.unetstudio", read_only=read_only)


def digest(array: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


@pytest.fixture(params=ARCHIVES, ids=lambda path: path.stem)
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> Golden:
    with zipfile.ZipFile(request.param) as packed:
        packed.extractall(tmp_path)
    return Golden(tmp_path, json.loads((tmp_path / "expected.json").read_text()))


def test_that_there_is_a_golden_project():
    assert ARCHIVES


@pytest.mark.parametrize("read_only", [False, True])
def test_that_a_golden_project_opens_without_complaint_with_its_classes_and_reviews(golden, read_only):
    with golden.open(read_only) as project:
        assert (project.notices, project.read_only) == ((), read_only)
        assert [[c.value, c.name, list(c.colour), c.locked] for c in project.classes] == golden.expected["classes"]
        assert {c.name: (c.id, c.review.value) for c in project.cases} == {
            name: (case["id"], case["review"]) for name, case in golden.expected["cases"].items()
        }


@pytest.mark.parametrize("read_only", [False, True])
def test_that_the_labels_of_a_golden_project_are_the_same_to_the_last_voxel(golden, read_only):
    with golden.open(read_only) as project:
        for case in project.cases:
            loaded = project.store(case).load(case.shape)
            expected = golden.expected["cases"][case.name]
            assert loaded.recovered is None
            assert (digest(loaded.labels.values), digest(loaded.labels.origin)) == (expected["values"], expected["origin"])


def test_that_undo_in_a_golden_project_leads_back_to_the_empty_image_and_redo_forth_again(golden):
    with golden.open() as project:
        case = next(case for case in project.cases if case.name == "right")
        loaded = project.store(case).load(case.shape)
        labels, steps, taken = loaded.labels, history(loaded.history), 0
        while change := steps.undo():
            labels.apply(change.inverse())
            taken += 1
        assert taken >= 4 and (labels.values == UNLABELLED).all()
        for _ in range(taken):
            labels.apply(steps.redo())
        assert digest(labels.values) == golden.expected["cases"]["right"]["values"]


def test_that_a_golden_project_is_painted_on_and_saved(golden):
    with golden.open() as project:
        for case in project.cases:
            store = project.store(case)
            loaded = store.load(case.shape)
            change = history(loaded.history).undo().inverse()
            loaded.labels.apply(change)
            store.append(Kind.UNDO, change)
            store.checkpoint(loaded.labels)
            again = project.store(case).load(case.shape)
            assert (again.recovered, digest(again.labels.values)) == (None, digest(loaded.labels.values))
        project.update(view={"case": ""})
        project.save()


def test_that_the_images_of_a_golden_project_are_known_again_by_their_hash(golden):
    with golden.open() as project:
        writer = ProjectWriter(project, golden.folder / "documents")
        for case in project.cases:
            assert sha256_of(case.source) == case.sha256
            assert writer.open_case(case).recovered == ""


def test_that_the_checkpoint_of_a_golden_project_predicts_as_it_did(golden):
    with golden.open() as project:
        newest = cards.newest(project.checkpoints_folder)
        assert newest is not None and newest.id == golden.expected["checkpoint"]
        case = next(case for case in project.cases if case.name == "left")
        kept = prediction_file.load(project.folder_of(case), case.shape)
        assert kept is not None and digest(kept.probabilities) == golden.expected["probabilities"]
        predictor, scan = NetworkPredictor.load(newest.path, "cpu"), read(case.source)
        grid = predictor.tiles.grid(scan)
        found = predictor.tiles.predict_core(scan, grid, Region.whole(scan.shape))
        assert np.abs(found.astype(int) - kept.probabilities).max() <= 2


def test_that_training_can_go_on_from_the_checkpoint_of_a_golden_project(golden):
    path = golden.folder / "study.unetstudio" / "checkpoints" / f"{golden.expected['checkpoint']}.safetensors"
    checkpoint, _ = checkpoints.load(path)
    moments = checkpoints.load_optimizer(path, checkpoint)
    assert moments is not None and moments["moments"][1] == {"step": 7}
