"""F8: when memory runs out, training and prediction go on with less, say so, and keep nothing of what failed."""

from __future__ import annotations

import os
import subprocess
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from faults.material import SMALL, disc, study_of

from unetstudio.data.scan import Scan
from unetstudio.errors import OutOfMemory
from unetstudio.inference.events import CasePredicted, Notice, TilePredicted
from unetstudio.inference.request import PredictionRequest
from unetstudio.networks.checkpoint import load
from unetstudio.training.events import CheckpointSaved, RoundDone, StepDone, TrainingFinished
from unetstudio.training.fit import Trainer

WAYS = {
    "GPU": lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    "CPU": lambda: RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried to allocate 4294967296 bytes."),
    "Python": MemoryError,
}
PLACES = ("forward", "backward", "optimiser", "score")


def fail_once(trainer: Trainer, place: str, at: int, error: Callable[[], Exception]) -> None:
    """From now on the `at`-th time that training comes by a place, it runs out of memory there."""
    assert trainer.training is not None
    network, left = trainer.training.state.network, [at]

    def strike(*_: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise error()

    match place:
        case "forward":
            network.register_forward_pre_hook(strike)
        case "backward":
            network.register_forward_hook(lambda _, __, output: output.register_hook(strike) and None)
        case "optimiser":
            trainer.training.state.optimizer.register_step_pre_hook(strike)
        case "score":
            trainer.training.state.ema.network.register_forward_pre_hook(strike)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("place", PLACES)
def test_that_training_goes_on_with_less_when_memory_runs_out_at_any_step(
    way: str, place: str, tmp_path: Path, long: bool, figure: Callable[..., None]
) -> None:
    steps = range(1, 13) if long else (3,)
    good = 0
    for at in steps:
        trainer = Trainer(study_of(disc(0)[0]), SMALL, checkpoints=tmp_path / str(at))
        story = trainer.run()
        events = [next(story)]
        fail_once(trainer, place, at, WAYS[way])
        events += list(story)
        assert isinstance(events[-1], TrainingFinished)
        assert trainer.step == SMALL.steps
        assert sum(isinstance(event, Notice) and "Memory ran short" in event.text for event in events) <= 1
        saved = [event for event in events if isinstance(event, CheckpointSaved)][-1]
        assert load(Path(saved.path))[0].step == SMALL.steps
        good += 1
    figure("F8", f"memory runs out in training: {place}, as the {way} tells it", bar="goes on with less", n=len(steps), good=good)


def test_that_nothing_is_kept_of_a_step_that_found_no_memory(tmp_path: Path) -> None:
    trainer = Trainer(study_of(disc(0)[0]), SMALL, checkpoints=tmp_path)
    story = trainer.run()
    next(story)
    assert trainer.training is not None
    seen: list[weakref.ref[torch.Tensor]] = []
    trainer.training.state.network.register_forward_hook(lambda _, __, output: seen.append(weakref.ref(output)))
    fail_once(trainer, "optimiser", 4, WAYS["GPU"])
    for event in story:
        if isinstance(event, Notice):
            break
    assert seen
    assert all(output() is None for output in seen)
    assert all(parameter.grad is None for parameter in trainer.training.state.network.parameters())
    story.close()


def test_that_scores_come_from_smaller_windows_when_memory_runs_short(tmp_path: Path) -> None:
    trainer = Trainer(study_of(disc(0, 256)[0], edge=256), SMALL, checkpoints=tmp_path)
    story = trainer.run()
    next(story)
    assert trainer.training is not None

    def limited(_: Any, inputs: tuple[torch.Tensor]) -> None:
        if inputs[0].shape[-1] > 100 and not torch.is_grad_enabled():
            raise torch.OutOfMemoryError("CUDA out of memory")

    trainer.training.state.ema.network.register_forward_pre_hook(limited)
    events = list(story)
    assert any(isinstance(event, Notice) and "scores now come from smaller parts" in event.text for event in events)
    assert all(event.score is not None for event in events if isinstance(event, RoundDone))


def test_that_a_prediction_is_made_in_smaller_tiles_when_memory_runs_short(tmp_path: Path, figure: Callable[..., None]) -> None:
    trainer = Trainer(study_of(disc(0)[0]), SMALL, checkpoints=tmp_path)
    list(trainer.run())
    n = good = 0
    for limit in (200, 100):
        predictor = trainer.predictor()

        def limited(_: Any, inputs: tuple[torch.Tensor], limit: int = limit) -> None:
            if max(inputs[0].shape[-2:]) > limit:
                raise torch.OutOfMemoryError("CUDA out of memory")

        predictor.network.register_forward_pre_hook(limited)
        n += 1
        events = list(predictor.predict(Scan(disc(1, 300)[0]), PredictionRequest("case")))
        assert isinstance(events[-1], CasePredicted)
        assert sum(event.region.size for event in events if isinstance(event, TilePredicted)) == 300 * 300
        good += 1
    figure("F8", "memory runs out in prediction, tiles above a size", bar="every voxel predicted", n=n, good=good)


def test_that_want_of_memory_for_the_smallest_tile_is_a_sentence(tmp_path: Path) -> None:
    trainer = Trainer(study_of(disc(0)[0]), SMALL, checkpoints=tmp_path)
    list(trainer.run())
    predictor = trainer.predictor()
    predictor.network.register_forward_pre_hook(lambda *_: (_ for _ in ()).throw(MemoryError()))
    with pytest.raises(OutOfMemory, match="smallest tile"):
        list(predictor.predict(Scan(disc(1, 300)[0]), PredictionRequest("case")))


REAL = """
import resource, sys
from pathlib import Path
import torch
from dataclasses import replace
from faults.material import SMALL, disc, study_of
from unetstudio.training.fit import Trainer
from unetstudio.inference.events import Notice
from unetstudio.training.events import TrainingFinished
torch.set_num_threads(1)
warm = Trainer(study_of(disc(0)[0]), replace(SMALL, steps=1), checkpoints=Path(sys.argv[1]) / "warm")
list(warm.run())
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 300 * 2**20,) * 2)
settings = replace(SMALL, steps=2, patch=512, batch=8, base=16)
for event in Trainer(study_of(disc(0, 512)[0], edge=512), settings, checkpoints=Path(sys.argv[1])).run():
    if isinstance(event, (Notice, TrainingFinished)):
        print(event, flush=True)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits memory as Linux does")
def test_that_training_outlives_a_real_want_of_memory(tmp_path: Path, long: bool, figure: Callable[..., None]) -> None:
    if not long:
        pytest.skip("a long form: --long")
    tests = str(Path(__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": tests, "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
    done = subprocess.run([sys.executable, "-c", REAL, str(tmp_path)], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Memory ran short: training goes on with" in done.stdout
    assert "TrainingFinished(step=2" in done.stdout
    figure(
        "F8", "300 MB left for a step that takes 2 GB", bar="goes on with less", n=1, good=1, note=f"{done.stdout.count('Notice')} times"
    )


def test_that_steps_are_told_of_again_after_memory_ran_out(tmp_path: Path) -> None:
    trainer = Trainer(study_of(disc(0)[0]), SMALL, checkpoints=tmp_path)
    story = trainer.run()
    next(story)
    fail_once(trainer, "forward", 3, MemoryError)
    later = [event for event in story if isinstance(event, StepDone)]
    assert later
    assert later[-1].step <= SMALL.steps
