"""ONNX files give the masks that the network gives, in a program that is not ours, and say what they are."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from networks.tiny import lively, tiny

from unetstudio import RESEARCH_USE, cli
from unetstudio.data.classes import ClassTable
from unetstudio.data.intensity import Intensity, Window
from unetstudio.errors import CheckpointError, FormatError, UserError
from unetstudio.networks.checkpoint import Checkpoint, save
from unetstudio.networks.network import NETWORKS, Network, name_of
from unetstudio.networks.onnx_card import channels
from unetstudio.networks.onnx_export import OnnxFile, export_network, largest_difference, to_onnx

CHOICES: list[tuple[str, int, dict[str, Any]]] = [(name, dims, {}) for name, kind in NETWORKS.items() for dims in kind.dims]
OTHERS: list[tuple[str, int, dict[str, Any]]] = [
    ("unet", 2, {"padding": "valid"}),
    ("unet", 3, {"norm": "instance"}),
    ("unet", 2, {"norm": "group"}),
    ("fcn", 2, {"border": 100, "dense": 3, "norm": "none"}),
    ("unetr", 3, {"norm": "instance", "affine": False}),
]
CLASSES = ClassTable.named(["background", "axon", "myelin"], [(0, 0, 0), (1, 1, 1), (2, 2, 2)])
INTENSITY = Intensity(1, (Window(0, 10, 250),))


@pytest.mark.parametrize(("name", "dims", "options"), CHOICES + OTHERS)
def test_that_onnx_runtime_gives_the_same_masks_at_other_sizes(name: str, dims: int, options: dict[str, Any]) -> None:
    network = lively(tiny(name, dims, **options))
    session = onnxruntime.InferenceSession(to_onnx(network), providers=["CPUExecutionProvider"])
    shape = network.input_shape((3 * network.size_multiple[0], *(network.size_multiple[0],) * (dims - 1)))
    x = torch.randn(1, 2, *shape)
    with torch.inference_mode():
        ours = network(x).numpy()
    (theirs,) = session.run(None, {"image": x.numpy()})
    assert np.abs(ours - theirs).max() <= 1e-4
    first, second = np.sort(ours, axis=1)[:, -1], np.sort(ours, axis=1)[:, -2]
    assert ((ours.argmax(1) == theirs.argmax(1)) | (first - second < 2e-4)).all()  # a tie may fall either way


def test_that_the_card_travels_inside_the_file_and_beside_it(tmp_path: Path) -> None:
    written = exported(tmp_path)
    (inside,) = onnx.load(written.path).metadata_props
    card = json.loads(written.card.read_text())
    assert json.loads(inside.value) == card
    assert card["onnx"]["output"]["classes"] == [{"value": entry.value, "name": entry.name} for entry in CLASSES]
    assert card["onnx"]["input"] | {"channels": None} == {
        "name": "image", "type": "float32", "axes": ["batch", "channel", "y", "x"], "channels": None, "smallest": [4, 4], "step": [4, 4],
    }  # fmt: skip
    assert written.difference == card["onnx"]["largest_difference"] < 1e-4
    assert (card["use"], len(card["id"])) == (RESEARCH_USE, 64)


def test_that_the_page_tells_a_stranger_how_to_use_it(tmp_path: Path) -> None:
    text = exported(tmp_path).text.read_text()
    for told in (RESEARCH_USE, "axon, value 1", "10 becomes -1 and 250 becomes 1", "Gaussian of 12 pixels", "softmax", "4 + 4n"):
        assert told in text


def test_that_the_checkpoints_own_page_comes_with_it(tmp_path: Path) -> None:
    weights = checkpoint(tmp_path)
    weights.with_suffix(".md").write_text("# Trained on Tuesdays")
    assert "# Trained on Tuesdays" in export_network(weights, tmp_path / "net").text.read_text()


def test_that_a_program_can_make_the_input_from_the_card_alone(tmp_path: Path) -> None:
    card = json.loads(exported(tmp_path).card.read_text())
    assert Intensity.from_json(card["intensity"]) == INTENSITY


def test_that_percentiles_and_filters_are_described() -> None:
    told = channels(Intensity(1, (Window(0, 0, 1),), each=True, filters=(1.5,) * 6))
    assert "percentiles of the scan at hand" in told[0]
    assert told[-1] == "response 5 of unetstudio.data.filters, times 1.5"
    assert len(told) == 8


def test_that_another_networks_graph_is_not_taken_for_it() -> None:
    with pytest.raises(CheckpointError, match="something else"):
        largest_difference(lively(tiny("unet", 2)), to_onnx(tiny("unet", 2)))


def test_that_a_missing_package_is_named_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = checkpoint(tmp_path)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UserError, match=r"pip install 'unetstudio\[onnx\]'"):
        export_network(weights, tmp_path / "net.onnx")


def test_that_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="the folder does not exist"):
        export_network(checkpoint(tmp_path), tmp_path / "gone" / "net.onnx")


def test_that_the_command_exports_the_newest_checkpoint_of_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = checkpoint(tmp_path)
    assert cli.main(["export-network", str(tmp_path), "--out", str(tmp_path / "new" / "net.onnx"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["event"], told["checkpoint"]) == ("network_exported", weights.stem)
    assert Path(told["path"]).is_file()


def test_that_a_folder_without_checkpoint_is_refused_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["export-network", str(tmp_path), "--out", str(tmp_path / "net.onnx")]) == 2
    assert "train first" in capsys.readouterr().err


def checkpoint(folder: Path) -> Path:
    network: Network = lively(tiny("unet", 2))
    made = Checkpoint(name_of(network), network.config.to_json(), CLASSES, intensity=INTENSITY.to_json(), spacing=(1.0, 0.5, 0.5))
    return save(folder, made, network.state_dict())[1]


def exported(folder: Path) -> OnnxFile:
    return export_network(checkpoint(folder), folder / "net.onnx")
