"""The time of a budget and the memory of the machine decide how large network, patch and batch are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from networks.tiny import tiny

from unetstudio.data.classes import ClassTable
from unetstudio.data.study import Study
from unetstudio.networks.checkpoint import Checkpoint
from unetstudio.networks.device import Precision
from unetstudio.networks.machine_cache import FILE
from unetstudio.networks.network import Network, create
from unetstudio.settings import TrainingSettings
from unetstudio.training.plan import make_plan
from unetstudio.training.sizing import Machine, fit_into_memory, grow_into_memory, operations
from unetstudio.training.trial import cost_of

MakeStudy = Callable[..., Study]
CPU = torch.device("cpu")
PLENTY = 2**50


def takes(seconds: float | None, free: int = PLENTY) -> Machine:
    """A machine on which every step of the network tried takes so long."""
    return Machine(free, False, lambda network, patch, batch: seconds)


def never_asked(network: Network, patch: tuple[int, ...], batch: int) -> float:
    raise AssertionError("nothing was to be tried out")


def base_of(study: Study, settings: TrainingSettings, machine: Machine | None) -> tuple[int, str]:
    plan = make_plan(study, settings, CPU, machine=machine)
    return plan.options["base"], plan.words["Network"]


def test_that_a_long_budget_on_a_quick_machine_has_a_wide_network(make_study: MakeStudy) -> None:
    base, words = base_of(make_study(dense=True), TrainingSettings(seconds=300), takes(0.1))
    assert base == 32
    assert "steps" in words


def test_that_a_slow_machine_keeps_the_small_network_and_says_why(make_study: MakeStudy) -> None:
    base, words = base_of(make_study(dense=True), TrainingSettings(seconds=300), takes(1.0))
    assert base == 16
    assert "about 300 steps" in words
    assert "a larger one would get only" in words


def test_that_volumes_have_their_own_sizes(make_study: MakeStudy) -> None:
    study = make_study(shape=(30, 32, 32), dense=True)
    assert base_of(study, TrainingSettings(seconds=300), takes(0.1))[0] == 16
    assert base_of(study, TrainingSettings(seconds=300), takes(2.0))[0] == 8


def test_that_short_memory_keeps_the_small_network(make_study: MakeStudy) -> None:
    study = make_study(dense=True, shape=(1, 256, 256))
    small = make_plan(study, TrainingSettings(seconds=300, base=16), CPU, machine=takes(0.1)).words["Memory"]
    room = int(float(small.split(" GB")[0].split()[-1]) * 1e9 / 0.6 * 1.3)
    base, words = base_of(study, TrainingSettings(seconds=300), takes(0.1, room))
    assert base == 16
    assert "memory is short" in words


@pytest.mark.parametrize("settings", [TrainingSettings(), TrainingSettings(seconds=60), TrainingSettings(seconds=300, base=8)])
def test_that_nothing_is_tried_out_where_somebody_waits_or_has_chosen(settings: TrainingSettings, make_study: MakeStudy) -> None:
    make_plan(make_study(), settings, CPU, machine=Machine(PLENTY, False, never_asked))


def test_that_nothing_is_tried_out_where_a_checkpoint_decides(make_study: MakeStudy) -> None:
    made = Checkpoint("unet", create("unet", 2, 2, depth=2, base=4).config.to_json(), ClassTable.named(["a", "b"], [(0, 0, 0)] * 2))
    machine = Machine(PLENTY, False, never_asked)
    assert make_plan(make_study(), TrainingSettings(seconds=300), CPU, made, machine).options["base"] == 4


def test_that_a_machine_that_could_not_be_tried_has_the_small_network(make_study: MakeStudy) -> None:
    assert base_of(make_study(), TrainingSettings(seconds=300), takes(None))[0] == 16


def test_that_a_network_without_such_a_choice_is_planned(make_study: MakeStudy) -> None:
    plan = make_plan(make_study(), TrainingSettings(network="unetr", seconds=300), CPU, machine=takes(0.1))
    assert plan.network == "unetr"


def test_that_a_gpu_with_room_has_larger_patches(make_study: MakeStudy) -> None:
    study, gpu, settings = make_study(shape=(1, 600, 600), dense=True), torch.device("cuda"), TrainingSettings(seconds=300)
    assert make_plan(study, settings, gpu, machine=takes(0.1)).patch == (512, 512)
    assert make_plan(study, settings, gpu).patch == (256, 256)
    assert make_plan(study, TrainingSettings(), gpu, machine=takes(0.1)).patch == (256, 256)


def test_that_batch_and_then_patch_are_halved_until_there_is_room() -> None:
    network = tiny("unet", 2)
    need = takes(None).bytes(network, (64, 64), 2)
    assert fit_into_memory(network, (64, 64), 8, takes(None, int(need / 0.6) + 1)) == ((64, 64), 2)
    patch, batch = fit_into_memory(network, (64, 64), 8, takes(None, int(need / 1.3)))
    assert (patch, batch) == ((32, 32), 2)
    assert fit_into_memory(network, (64, 64), 8, takes(None, 1))[1] == 2
    assert fit_into_memory(network, (64, 64), 8, takes(None, 1), keep_batch=True)[1] == 8
    assert fit_into_memory(network, (64, 64), 8, takes(None, 1), keep_patch=True) == ((64, 64), 2)
    assert grow_into_memory(network, [(32, 32), (64, 64), (128, 128)], 2, takes(None, int(need / 0.6) + 1)) == (64, 64)


def test_that_four_times_the_weights_are_four_times_the_operations() -> None:
    narrow, wide = (operations(create("unet", 1, 2, depth=2, base=base), (64, 64), 2) for base in (16, 32))
    assert 3.5 < wide / narrow < 4.5


def test_that_memory_is_counted_as_it_is_measured() -> None:
    network = tiny("unet", 2, inputs=1, classes=2)
    counted = Machine(PLENTY, False, never_asked).bytes(network, (64, 64), 4)
    measured = cost_of(network, (64, 64), 4, Precision(CPU)).bytes
    assert 0.8 * measured < counted < 2.5 * measured


def test_that_a_step_is_tried_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNETSTUDIO_CACHE", str(tmp_path))
    machine, network = Machine.of(Precision(CPU)), tiny("unet", 2)
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    first = machine.seconds(network, (32, 32), 2)
    assert torch.equal(torch.rand(2), expected)
    assert first is not None
    written = (tmp_path / FILE).read_bytes()
    assert machine.seconds(network, (32, 32), 2) == first
    assert (tmp_path / FILE).read_bytes() == written
