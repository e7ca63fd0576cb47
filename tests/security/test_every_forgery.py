"""Everything a stranger can forge that the other tests try one by one, counted: each is refused with one sentence and little memory."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import torch
from networks import test_hostile_checkpoint as checkpoint_forgeries
from project import test_hostile_folder as journal_forgeries
from project import test_labels_file as label_forgeries
from project import test_manifest as manifest_forgeries

from unetstudio.data.case import Case, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import LabelMap
from unetstudio.errors import UserError
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.networks.checkpoint import Checkpoint
from unetstudio.networks.network import create
from unetstudio.project import labels_file
from unetstudio.project.manifest import Manifest, decode, encode
from unetstudio.project.recovery import recover

MEGABYTES = 64


def labels() -> Iterator[tuple[str, Callable[[], object]]]:
    """Label files with a right checksum."""
    kinds = [*label_forgeries.FORGERIES, *label_forgeries.BOMBS]
    for forge in kinds:
        with h5py.File("x", "w", driver="core", backing_store=False, libver=("v110", "v110")) as file:
            forge(file)
            file.flush()
            data = label_forgeries.sealed(file.id.get_file_image())
        yield forge.__name__, lambda data=data: labels_file.decode(data, label_forgeries.SHAPE, Path("labels-1.h5"))


def manifests(folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """project.json with a right checksum."""
    case = Case("0" * 16, "one", Source(folder / "one.png"), "0" * 64, (1, 40, 50), 1)
    table = ClassTable.named(["background", "cell"], [(0, 0, 0), (200, 30, 30)])
    text = encode(Manifest("0" * 32, 0.0, table, (case,)), folder)
    for name, forge in manifest_forgeries.FORGERIES.items():
        values = json.loads(text)
        forge(values)
        yield name, lambda values=values: decode(manifest_forgeries.sealed(values), folder / "project.json")


def journals(folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """Records with a right checksum."""
    for number, (name, data) in enumerate(journal_forgeries.JOURNALS.items()):
        path = folder / str(number) / "strokes-0.journal"
        path.parent.mkdir()
        path.write_bytes(data)
        yield name, lambda path=path: recover([path], (1, 40, 50))


def checkpoints(folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """Weights and cards without a name that speaks against them."""
    torch.manual_seed(0)
    network = create("unet", 1, 2, depth=1, base=2)
    card = Checkpoint("unet", network.config.to_json(), checkpoint_forgeries.CLASSES, checkpoint_forgeries.SCALE.to_json()).to_json()
    state = network.state_dict()
    made = [(name, dict(state), forge(json.loads(json.dumps(card)))) for name, forge in checkpoint_forgeries.CARDS.items()]
    made += [(name, forge(dict(state)), card) for name, forge in checkpoint_forgeries.WEIGHTS.items()]
    for number, (name, tensors, described) in enumerate(made):
        (folder / f"c{number}").mkdir()
        path = checkpoint_forgeries.forged(folder / f"c{number}", tensors, described)
        yield name, lambda path=path: NetworkPredictor.load(path, "cpu")
    for name, content in checkpoint_forgeries.FILES.items():
        path = folder / f"{len(name)}-{abs(hash(name))}.safetensors"
        path.write_bytes(content)
        yield name, lambda path=path: NetworkPredictor.load(path, "cpu")


def refused(attempt: Callable[[], object]) -> bool:
    """Whether it ends in one sentence that speaks to the reader, within the memory allowed."""
    tracemalloc.start()
    try:
        attempt()
    except UserError as error:
        return "\n" not in str(error) and len(str(error)) < 400 and tracemalloc.get_traced_memory()[1] < MEGABYTES * 2**20
    finally:
        tracemalloc.stop()
    return False


def test_that_every_forgery_of_a_stranger_is_refused(tmp_path, figure):
    attempts = [*labels(), *manifests(tmp_path), *journals(tmp_path), *checkpoints(tmp_path)]
    believed = [name for name, attempt in attempts if not refused(attempt)]
    note = f"labels, manifests, journals, checkpoints; under {MEGABYTES} MB each"
    figure("G8", "forged files refused with one sentence", bar="100 %", n=len(attempts), good=len(attempts) - len(believed), note=note)
    assert len(attempts) > 80 and believed == []


def test_that_what_was_not_forged_is_not_refused(tmp_path):
    whole = LabelMap.unlabelled(label_forgeries.SHAPE)
    assert not refused(lambda: labels_file.decode(labels_file.encode(whole, 1), label_forgeries.SHAPE, Path("labels-1.h5")))
