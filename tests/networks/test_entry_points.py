"""docs/networks.md says what is true: its counts, its ONNX example, and the package that adds a network."""

from __future__ import annotations

import importlib
import json
import re
import sys
import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from networks.tiny import lively
from pytestqt.qtbot import QtBot
from ui.line import Line, answer

from unetstudio import cli
from unetstudio.data.case import Case, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.intensity import Intensity
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.scan import Scan
from unetstudio.data.study import Study, StudyCase
from unetstudio.errors import CheckpointError
from unetstudio.formats import read
from unetstudio.inference.events import TilePredicted
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.inference.request import PredictionRequest
from unetstudio.networks.checkpoint import Checkpoint, load, save
from unetstudio.networks.network import NETWORKS, create
from unetstudio.networks.onnx_export import export_network
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import CheckpointSaved
from unetstudio.training.fit import fit
from unetstudio.ui.network_catalogue import NetworkCatalogue
from unetstudio.ui.panels.network_choice import NetworkList
from unetstudio.ui.task import Tasks
from unetstudio.worker.messages import DescribeNetworks, WorkerReady
from unetstudio.worker.network_jobs import choices, describe_networks

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "networks.md").read_text(encoding="utf-8")
EXAMPLES = {m[1]: m[2] for m in re.finditer(r"```\w+\n# ([\w.]+)\n(.*?)```", TEXT, re.DOTALL)}
CLASSES = ClassTable.named(["background", "line"], [(0, 0, 0), (230, 159, 0)])


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package of the example lies on the path as pip would put it there; afterwards all is as before."""
    declared = tomllib.loads(EXAMPLES["pyproject.toml"])["project"]
    points = declared["entry-points"]["unetstudio.networks"]
    site = tmp_path / "site"
    folder = site / "dilated_network-1.0.dist-info"
    folder.mkdir(parents=True)
    (site / "dilated_network.py").write_text(EXAMPLES["dilated_network.py"], encoding="utf-8")
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {declared['name']}\nVersion: 1.0\n", encoding="utf-8")
    (folder / "entry_points.txt").write_text(
        "[unetstudio.networks]\n" + "".join(f"{name} = {where}\n" for name, where in points.items()), encoding="utf-8"
    )
    list(NETWORKS)  # ours are loaded before the package can be seen
    monkeypatch.setattr(NETWORKS, "_entries", dict(NETWORKS._entries))
    monkeypatch.syspath_prepend(site)
    importlib.invalidate_caches()
    monkeypatch.setattr(NETWORKS, "_loaded", False)
    monkeypatch.delitem(sys.modules, "dilated_network", raising=False)


@pytest.mark.usefixtures("installed")
def test_that_a_network_of_another_package_is_listed_with_ours(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["networks", "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    named = [event["name"] for event in told if event["event"] == "network"]
    assert named[0] == "unet" and "dilated" in named


@pytest.mark.usefixtures("installed")
def test_that_it_can_be_chosen_in_the_window_with_its_size(qtbot: QtBot) -> None:
    line = Line()
    networks = NetworkCatalogue(line, Tasks())
    line.event_received.emit(WorkerReady(1, "CPU, 2 cores", choices()))
    networks.describe()
    for cost in describe_networks(DescribeNetworks(0, (("dilated", 2),))):
        if cost is not None:
            answer(line, line.sent[-1], cost)
    shown = NetworkList(networks)
    qtbot.addWidget(shown)
    shown.refresh(2, volumes=False, trained=())
    assert shown.cards["dilated"].description.text() == NETWORKS["dilated"].description
    assert "million parameters" in shown.cards["dilated"].figures.text()


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("dims", [2, 3])
def test_that_it_sees_no_further_than_it_says(dims: int) -> None:
    network = create("dilated", 2, 3, dims, depth=2, base=4).eval()
    margin = network.receptive_margin[0]
    x = torch.full((1, 2, *(2 * margin + 5,) * dims), torch.nan)
    x[(..., *(slice(1, 2 * margin + 2),) * dims)] = 1
    middle = (..., *(margin + 1,) * dims)
    assert torch.isfinite(network(x)[middle]).all()
    x[(0, 0, *(0,) * (dims - 1), margin + 1)] = 0
    x[(0, 0, *(margin + 1,) * (dims - 1), 1)] = torch.nan
    assert not torch.isfinite(network(x)[middle]).all()


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("shape", [(1, 32, 32), (10, 24, 24)])
def test_that_it_learns_predicts_and_can_be_exported(shape: tuple[int, int, int], tmp_path: Path) -> None:
    dims = 2 if shape[0] == 1 else 3
    labels = np.full(shape, UNLABELLED, np.uint8)
    labels[:, 4], labels[:, 20] = 0, 1
    scan = Scan(np.random.default_rng(0).integers(0, 255, (1, *shape)).astype(np.uint8))
    study = Study(CLASSES, [StudyCase(Case("c", "c", Source(Path("c.png")), "", shape, 1), lambda: scan, LabelMap(labels))])
    settings = TrainingSettings(network="dilated", dims=dims, steps=2, base=4, depth=2, patch=16, batch=2, device="cpu", threads=1)
    saved = [event for event in fit(study, settings, checkpoints=tmp_path) if isinstance(event, CheckpointSaved)]
    path = Path(saved[-1].path)
    tiles = [e for e in NetworkPredictor.load(path, "cpu").predict(scan, PredictionRequest("c")) if isinstance(e, TilePredicted)]
    assert sum(tile.region.size for tile in tiles) == scan.voxels.size
    assert export_network(path, tmp_path / "dilated.onnx").difference < 1e-4
    assert load(path)[0].network == "dilated"


def test_that_without_the_package_its_checkpoints_name_it(tmp_path: Path) -> None:
    network = create("unet", 1, 2, depth=1, base=4)
    _, path = save(tmp_path, Checkpoint("dilated", network.config.to_json(), CLASSES), network.state_dict())
    with pytest.raises(CheckpointError, match="dilated"):
        load(path)


@pytest.mark.parametrize("shape", [(61, 50), (64, 64), (9, 7)])
def test_that_the_example_reads_an_onnx_file_to_the_mask_that_we_predict(shape: tuple[int, int], tmp_path: Path) -> None:
    image = tmp_path / "cells.png"
    cv2.imwrite(str(image), np.random.default_rng(1).integers(0, 255, shape, np.uint8))
    scan = read(Source(image))
    intensity = Intensity.fit([scan])
    torch.manual_seed(0)
    network = lively(create("unet", intensity.channels_out(1), 2, depth=2, base=4))
    made = Checkpoint("unet", network.config.to_json(), CLASSES, intensity=intensity.to_json())
    exported = export_network(save(tmp_path, made, network.state_dict())[1], tmp_path / "cells.onnx")
    (tile,) = [
        e
        for e in NetworkPredictor(network, intensity, CLASSES.values).predict(scan, PredictionRequest("c"))
        if isinstance(e, TilePredicted)
    ]
    example: dict[str, object] = {}
    exec(compile(EXAMPLES["read.py"], "read.py", "exec"), example)
    mask = example["mask"](exported.path, image)  # type: ignore[operator]
    assert mask.shape == (1, *shape)
    tied = np.abs(tile.probabilities[0].astype(int) - tile.probabilities[1]) <= 1
    assert ((mask == tile.probabilities.argmax(0)) | tied).all()


def test_that_the_parameters_in_the_table_are_those_of_the_networks() -> None:
    rows = []
    for name in ("unet", "unet3d", "residual_unet", "resenc_unet", "attention_unet", "multires_unet", "unetr", "fcn"):
        for dims in NETWORKS[name].dims:
            with torch.device("meta"):
                presets = [preset for preset in ("default", "published") if preset in NETWORKS[name].presets_for(dims)]
                counts = [f"{create(name, 1, 2, dims, preset).parameters_count:,}" for preset in presets]
            rows.append(f"| {name} | {dims}D | {counts[0]} | {counts[1] if len(counts) > 1 else ''} |".replace("|  |", "| |"))
    assert [row for row in rows if row not in TEXT] == []
    assert {name for name in NETWORKS if f"**`{name}`**" not in TEXT} == set()
