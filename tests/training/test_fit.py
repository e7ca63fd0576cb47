"""Training as the worker and the command line run it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from unetstudio.data.edit import Edit
from unetstudio.data.origin import Origin
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.data.study import Study
from unetstudio.errors import CheckpointError, OutOfMemory, TrainingError
from unetstudio.inference.events import Notice
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.networks.checkpoint import load
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import CheckpointSaved, RoundDone, StepDone, TrainingEvent, TrainingFinished, TrainingStarted
from unetstudio.training.fit import Trainer, fit
from unetstudio.training.start import load_start

MakeStudy = Callable[..., Study]
MakeEdit = Callable[..., Edit]
MakeScan = Callable[..., tuple[Scan, np.ndarray]]


def weights(path: Path) -> dict[str, torch.Tensor]:
    return load(path)[1].state_dict()


def equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def last_saved(events: Iterable[TrainingEvent]) -> CheckpointSaved:
    return [event for event in events if isinstance(event, CheckpointSaved)][-1]


def test_that_a_few_strokes_teach_a_disc(make_study: MakeStudy, small: TrainingSettings, tmp_path: Path, disc: MakeScan) -> None:
    trainer = Trainer(make_study(), replace(small, steps=80), checkpoints=tmp_path)
    events = list(trainer.run())
    assert isinstance(events[0], TrainingStarted)
    assert isinstance(events[-1], TrainingFinished)
    scan, truth = disc(7)
    predictor = NetworkPredictor.load(Path(last_saved(events).path), "cpu")
    found = predictor.tiles.predict_core(scan, predictor.tiles.grid(scan), Region.whole(scan.shape)).argmax(0)
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.85


def test_that_held_out_strokes_are_scored_each_round(make_study: MakeStudy, small: TrainingSettings, tmp_path: Path) -> None:
    rounds = [event for event in fit(make_study(), replace(small, steps=20), checkpoints=tmp_path) if isinstance(event, RoundDone)]
    assert [event.step for event in rounds] == [10, 20]
    assert all(event.held_out == "held-out strokes" for event in rounds)
    assert all(event.score is not None and 0 <= event.score <= 1 for event in rounds)
    assert set(rounds[0].class_scores) == set(rounds[0].class_strokes) == {0, 1}
    assert all(event.strokes == sum(event.class_strokes.values()) and event.uncertainty for event in rounds)


def test_that_volumes_are_learnt_in_three_dimensions(make_study: MakeStudy, small: TrainingSettings, tmp_path: Path) -> None:
    study = make_study(shape=(20, 32, 32))
    events = list(fit(study, replace(small, patch=16, steps=2), checkpoints=tmp_path))
    assert isinstance(events[0], TrainingStarted)
    assert events[0].dims == 3
    assert load(Path(last_saved(events).path))[0].dims == 3


def test_that_the_same_seed_gives_the_same_weights(make_study: MakeStudy, small: TrainingSettings, tmp_path: Path) -> None:
    one, two = (last_saved(fit(make_study(), small, checkpoints=tmp_path / name)) for name in "ab")
    assert equal(weights(Path(one.path)), weights(Path(two.path)))
    other = last_saved(fit(make_study(), replace(small, seed=1), checkpoints=tmp_path))
    assert not equal(weights(Path(one.path)), weights(Path(other.path)))


def test_that_a_resumed_training_ends_where_an_unbroken_one_does(make_study: MakeStudy, small: TrainingSettings, tmp_path: Path) -> None:
    settings = replace(small, steps=60)
    whole = last_saved(fit(make_study(), settings, checkpoints=tmp_path / "whole"))
    trainer = Trainer(make_study(), settings, checkpoints=tmp_path / "parts")
    story = trainer.run()
    while trainer.step < 3:
        next(story)
    story.close()
    saved = trainer.saved
    assert saved is not None
    stopped_at = saved.step
    assert stopped_at < 50
    rest = last_saved(fit(make_study(), settings, checkpoints=tmp_path / "parts", start=load_start(tmp_path / "parts")))
    assert rest.step == 60
    assert equal(weights(Path(whole.path)), weights(Path(rest.path)))


def test_that_a_resumed_training_keeps_the_patches_that_memory_once_allowed(
    make_study: MakeStudy, small: TrainingSettings, tmp_path: Path
) -> None:
    settings = replace(small, steps=2, patch=0, batch=0)
    last_saved(fit(make_study(), settings, checkpoints=tmp_path))
    start = load_start(tmp_path)
    assert start.state is not None
    start.state["patches"] = [[32, 32], 3]
    events = fit(make_study(), replace(settings, steps=4), checkpoints=tmp_path, start=start)
    begun = next(event for event in events if isinstance(event, TrainingStarted))
    assert (begun.patch, begun.batch) == ((32, 32), 3)


def test_that_a_class_may_go_whenever_something_is_told(make_study: MakeStudy, small: TrainingSettings, tmp_path: Path) -> None:
    study = make_study(cases=2, classes=3)
    trainer = Trainer(study, replace(small, steps=0, seconds=0, round_seconds=0.01), checkpoints=tmp_path)
    story = trainer.run()
    for event in story:
        if isinstance(event, StepDone) and len(study.classes) == 3:
            with torch.no_grad():  # whatever it is shown, it answers with the class that goes
                trainer.training.rollback.ema_network(trainer.training.state).head.bias[2] += 100
            study.set_classes(study.classes.removed(2))
        if trainer.round > 3 and len(study.classes) == 2:
            break
    story.close()
    assert len(trainer.predictor().values) == 2


def same(a: object, b: object) -> bool:
    """Whether two states are identical to the last bit."""
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return a == b


@pytest.mark.parametrize("precision", ["float32", "bf16"])
@pytest.mark.parametrize("shape", [(1, 64, 64), (20, 32, 32)])
def test_that_two_halves_are_one_training_to_the_last_bit(
    shape: tuple[int, int, int], precision: str, make_study: MakeStudy, small: TrainingSettings, tmp_path: Path
) -> None:
    settings = replace(small, steps=20, patch=32 if shape[0] == 1 else 16, precision=precision)
    assert settings.augment
    whole = Trainer(make_study(shape=shape), settings, checkpoints=tmp_path / "whole")
    list(whole.run())
    first = Trainer(make_study(shape=shape), settings, checkpoints=tmp_path / "parts")
    story = first.run()
    while not isinstance(next(story), RoundDone):
        pass
    story.close()
    assert first.step == 10
    rest = Trainer(make_study(shape=shape), settings, checkpoints=tmp_path / "parts", start=load_start(tmp_path / "parts"))
    list(rest.run())
    assert whole.training is not None
    assert rest.training is not None
    assert whole.training.state.steps == rest.training.state.steps == 20
    assert same(whole.training.state.state_dict(), rest.training.state.state_dict())


def test_that_a_finished_training_can_go_on(make_study: MakeStudy, small: TrainingSettings, tmp_path: Path) -> None:
    fit_once = list(fit(make_study(), small, checkpoints=tmp_path))
    events = list(fit(make_study(), small, checkpoints=tmp_path, start=load_start(tmp_path)))
    assert last_saved(fit_once).step == 6
    assert last_saved(events).step == 12


def test_that_weights_alone_begin_at_step_nought(make_study: MakeStudy, small: TrainingSettings, tmp_path: Path) -> None:
    list(fit(make_study(), small, checkpoints=tmp_path))
    events = list(fit(make_study(), small, checkpoints=tmp_path, start=load_start(tmp_path, resume=False)))
    assert isinstance(events[0], TrainingStarted)
    assert events[0].step == 0


def test_that_a_checkpoint_of_another_shape_keeps_its_network(make_study: MakeStudy, small: TrainingSettings, tmp_path: Path) -> None:
    list(fit(make_study(shape=(20, 32, 32)), replace(small, dims=3, depth=1, steps=1, patch=16), checkpoints=tmp_path))
    settings = replace(small, dims=0, depth=0, base=0, steps=1)
    events = list(fit(make_study(shape=(9, 40, 40)), settings, checkpoints=tmp_path, start=load_start(tmp_path, resume=False)))
    assert isinstance(events[0], TrainingStarted)
    assert events[0].dims == 3
    assert load(Path(last_saved(events).path))[0].config["depth"] == 1


def test_that_training_waits_for_a_second_class(make_study: MakeStudy, small: TrainingSettings, tmp_path: Path) -> None:
    study = make_study()
    study.set_classes(study.classes.removed(1))
    with pytest.raises(TrainingError, match="second class"):
        list(fit(study, small, checkpoints=tmp_path))
    assert not list(tmp_path.iterdir())


def test_that_training_ends_when_its_labels_are_gone(make_study: MakeStudy, small: TrainingSettings, tmp_path: Path) -> None:
    study = make_study()
    story = Trainer(study, replace(small, steps=0), checkpoints=tmp_path).run()
    next(story)
    study.set_cases([])
    events = list(story)
    assert any(isinstance(event, Notice) for event in events)
    assert isinstance(events[-1], TrainingFinished)


def test_that_a_class_added_meanwhile_keeps_the_weights(
    make_study: MakeStudy, small: TrainingSettings, tmp_path: Path, edit_of: MakeEdit
) -> None:
    study = make_study()
    trainer = Trainer(study, replace(small, steps=14), checkpoints=tmp_path)
    story = trainer.run()
    next(story)
    while trainer.step < 4:
        next(story)
    assert trainer.training is not None
    before = trainer.training.state.network.state_dict()["bottom.0.weight"].clone()
    study.set_classes(study.classes.added("third", (1, 2, 3)))
    study.apply("case0", 1, edit_of(Region((0, 30, 30), (1, 34, 34)), 2))
    next(story)
    after = trainer.training.state.network.state_dict()["bottom.0.weight"]
    assert (after - before).abs().max() < 0.1
    saved = last_saved(story)
    assert load(Path(saved.path))[0].classes.values == (0, 1, 2)
    assert trainer.predictor().values == (0, 1, 2)


def test_that_a_predictor_is_not_touched_by_further_steps(make_study: MakeStudy, small: TrainingSettings, tmp_path: Path) -> None:
    trainer = Trainer(make_study(), small, checkpoints=tmp_path)
    with pytest.raises(TrainingError):
        trainer.predictor()
    story = trainer.run()
    next(story)
    predictor = trainer.predictor()
    before = {name: value.clone() for name, value in predictor.network.state_dict().items()}
    list(story)
    assert equal(before, predictor.network.state_dict())


def test_that_closing_saves_what_was_learnt(make_study: MakeStudy, small: TrainingSettings, tmp_path: Path) -> None:
    trainer = Trainer(make_study(), replace(small, steps=0), checkpoints=tmp_path)
    story = trainer.run()
    next(story)
    while trainer.step < 2:
        next(story)
    story.close()
    assert load_start(tmp_path).checkpoint.step == trainer.step


def test_that_only_the_newest_and_the_best_weights_stay(make_study: MakeStudy, small: TrainingSettings, tmp_path: Path) -> None:
    trainer = Trainer(make_study(), replace(small, steps=0, round_seconds=0.01), checkpoints=tmp_path)
    for event in trainer.run():
        trainer.save()
        if isinstance(event, RoundDone) and event.round == 6:
            break
    assert len(list(tmp_path.glob("*.safetensors"))) <= 2
    assert len(list(tmp_path.glob("*.optimizer"))) <= 2


def test_that_a_loss_that_is_not_a_number_is_stepped_back_from(make_study: MakeStudy, small: TrainingSettings, tmp_path: Path) -> None:
    trainer = Trainer(make_study(), replace(small, steps=60), checkpoints=tmp_path)
    story = trainer.run()
    while trainer.step < 1:
        next(story)
    assert trainer.training is not None
    with torch.no_grad():
        trainer.training.state.network.head.weight.fill_(float("nan"))  # type: ignore[union-attr]
    events = list(story)
    assert any(isinstance(event, Notice) and "not a number" in event.text for event in events)
    assert all(torch.isfinite(value).all() for value in weights(Path(last_saved(events).path)).values())


def test_that_a_loss_that_stays_not_a_number_ends_training_with_a_sentence(
    make_study: MakeStudy, small: TrainingSettings, tmp_path: Path
) -> None:
    study = make_study()
    trainer = Trainer(study, replace(small, learning_rate=float("nan"), steps=50), checkpoints=tmp_path)
    with pytest.raises(TrainingError, match="again and again"):
        list(trainer.run())
    assert all(torch.isfinite(value).all() for path in tmp_path.glob("*.safetensors") for value in weights(path).values())


def test_that_want_of_memory_makes_batches_smaller(make_study: MakeStudy, small: TrainingSettings, tmp_path: Path) -> None:
    trainer = Trainer(make_study(), small, checkpoints=tmp_path)
    story = trainer.run()
    next(story)
    assert trainer.training is not None
    greedy = trainer.training.state.network
    greedy.register_forward_pre_hook(lambda *_: (_ for _ in ()).throw(torch.OutOfMemoryError("CUDA out of memory")))
    texts = []
    with pytest.raises(OutOfMemory, match="smaller network"):
        for event in story:
            texts += [event.text] if isinstance(event, Notice) else []
    assert "1 patches of 32 x 32" in texts[0] or "1 patch" in texts[0]
    assert len(texts) == 3


def test_that_accepted_voxels_can_be_trained_on_alone(make_study: MakeStudy, small: TrainingSettings, tmp_path: Path) -> None:
    study = make_study()
    labels = study.cases["case0"].labels
    assert labels is not None
    labels.origin[labels.values != 255] = Origin.ACCEPTED
    assert isinstance(list(fit(study, small, checkpoints=tmp_path))[-1], TrainingFinished)


def test_that_an_image_of_one_pixel_does_not_stop_training(
    make_study: MakeStudy, small: TrainingSettings, tmp_path: Path, edit_of: MakeEdit
) -> None:
    study = make_study(cases=2)
    tiny = make_study(shape=(1, 1, 1))
    found = tiny.cases["case0"]
    assert found.labels is not None
    found.case = replace(found.case, id="tiny")
    found.apply(edit_of(Region((0, 0, 0), (1, 1, 1)), 1))
    study.set_cases([*study.cases.values(), found])
    assert isinstance(list(fit(study, small, checkpoints=tmp_path))[-1], TrainingFinished)


def test_that_nothing_to_resume_from_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint"):
        load_start(tmp_path)


def test_that_seconds_leave_pauses_out(make_study: MakeStudy, small: TrainingSettings, tmp_path: Path) -> None:
    trainer = Trainer(make_study(), small, checkpoints=tmp_path)
    story = trainer.run()
    next(story)
    before = trainer.seconds
    np.linalg.svd(np.random.default_rng(0).normal(size=(200, 200)))
    assert trainer.seconds == before
    story.close()


def test_that_a_training_gone_on_from_replaces_its_checkpoint(make_study: MakeStudy, small: TrainingSettings, tmp_path: Path) -> None:
    list(fit(make_study(), small, checkpoints=tmp_path))
    for _ in range(3):
        list(fit(make_study(), small, checkpoints=tmp_path, start=load_start(tmp_path)))
    assert len(list(tmp_path.glob("*.safetensors"))) <= 2
