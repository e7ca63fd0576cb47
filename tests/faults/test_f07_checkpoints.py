"""F7: damage to what is learned and listed: weights, their card, the state to resume from, the list of cases, the end of a journal."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from faults.conftest import Told
from faults.damage import SECTOR, Damage, judged, settled

from unetstudio.data.classes import ClassTable
from unetstudio.errors import CheckpointError
from unetstudio.networks.checkpoint import Checkpoint, load, load_optimizer, save
from unetstudio.networks.network import create
from unetstudio.project import durable
from unetstudio.project.checkpoints import CheckpointCard, cards

CLASSES = ClassTable.named(["Background", "Cell"], [(0, 0, 0), (200, 30, 30)])


@pytest.fixture
def weights(quick: Path) -> Path:
    """A small trained network with its card and the state to resume from."""
    torch.manual_seed(1)
    network = create("unet", 1, 2, depth=1, base=2)
    optimizer = torch.optim.AdamW(network.parameters())
    network(torch.randn(1, 1, 16, 16)).square().mean().backward()
    optimizer.step()
    card = Checkpoint("unet", network.config.to_json(), CLASSES, step=7, score=0.5, created="2026-01-01T00:00:00+00:00")
    _, path = save(quick / "checkpoints", card, network.state_dict(), {"optimizer": optimizer.state_dict()}, write=durable.save)
    return path


def damaged(path: Path, step: int) -> Iterator[Damage]:
    """Every `step`-th byte flipped, some cuts, every sector zeroed; the file is whole again at the end."""
    size = path.stat().st_size
    sound = path.read_bytes()
    chance = random.Random(2)
    damages = [Damage(path.name, "flip", at) for at in range(0, size, step)]
    damages += [Damage(path.name, "cut", chance.randrange(size)) for _ in range(max(10, 300 // step))]
    damages += [Damage(path.name, "zero", at) for at in range(0, size, SECTOR)]
    for damage in damages:
        data = damage.done_to(sound)
        if data != sound:
            path.write_bytes(data or b"")
            yield damage
    path.write_bytes(sound)


def refused(action: Callable[[], object]) -> bool:
    """Whether it ends in a sentence."""
    try:
        action()
    except CheckpointError as error:
        return "\n" not in str(error) and str(error).endswith(".")
    return False


def test_that_damaged_weights_are_never_used(weights: Path, figure: Callable[..., None], long: bool):
    found = [refused(lambda: load(weights)) for _ in damaged(weights, 1 if long else 97)]
    figure("F7", "weights flipped, cut or zeroed anywhere", bar="refused", n=len(found), good=sum(found))
    assert all(found)


def test_that_a_damaged_training_state_is_never_resumed_from(weights: Path, figure: Callable[..., None], long: bool):
    checkpoint, _ = load(weights)
    state = weights.with_suffix(".optimizer")
    found = [refused(lambda: load_optimizer(weights, checkpoint)) for _ in damaged(state, 1 if long else 97)]
    figure("F7", "state to resume a training from flipped, cut or zeroed anywhere", bar="refused", n=len(found), good=sum(found))
    assert all(found)


def test_that_a_damaged_card_changes_neither_the_list_nor_the_prediction(weights: Path, figure: Callable[..., None], long: bool):
    """The card that counts stands in the weights file, under its hash; the one beside it is for lists."""
    card = weights.with_suffix(".json")
    before, listed = load(weights)[0], cards(weights.parent)

    def holds() -> bool:
        found: list[CheckpointCard] = cards(weights.parent)
        return found in ([], listed) and load(card)[0] == before

    found = [holds() for _ in damaged(card, 1 if long else 11)]
    figure(
        "F7",
        "card of a checkpoint flipped, cut or zeroed anywhere",
        bar="left out of the list, or as it was",
        n=len(found),
        good=sum(found),
    )
    assert all(found), f"{found.count(False)} of {len(found)}"


@pytest.mark.skipif(sys.platform == "win32", reason="no alarm there")
@pytest.mark.parametrize(
    ("pattern", "what"), [("project.json", "list of cases and classes"), ("strokes-*.journal", "last record of a journal")]
)
def test_that_a_damaged_list_or_journal_is_told(told: Told, quick: Path, pattern: str, what: str, figure: Callable[..., None], long: bool):
    """Of the journals the newest one of each case, whose end is what a crash would tear."""
    whole = settled(quick / "told", told.story)
    age = {path: tuple(map(int, re.findall(r"\d+", path.stem))) for path in (quick / "told").rglob(pattern) if path.parent.name != "past"}
    newest = {path.parent: path for path in sorted(age, key=age.__getitem__)}
    damages = []
    for path in newest.values():
        name, size = path.relative_to(quick / "told").as_posix(), path.stat().st_size
        begin = max(0, size - 350) if "journal" in pattern else 0
        damages += [Damage(name, "flip", at) for at in range(begin, size, 1 if long else 43)]
        damages += [Damage(name, "cut", at) for at in range(begin, size, 3 if long else 43)]
        damages += [Damage(name, "zero", at) for at in range(begin, size, SECTOR)]
    found = judged(whole, damages, quick / "damaged")
    broken = [(damage, verdict) for damage, verdict in found if verdict != "told"]
    figure("F7", f"{what} flipped, cut or zeroed anywhere", bar="told", n=len(found), good=len(found) - len(broken))
    assert not broken, broken[:5]
