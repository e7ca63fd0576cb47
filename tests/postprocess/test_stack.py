"""The list of steps: stored, read back, and changed from the command line."""

import json

import pytest

from unetstudio.errors import UserError
from unetstudio.postprocess.fill_holes import FillHoles
from unetstudio.postprocess.small_components import SmallComponents
from unetstudio.postprocess.smooth import Smooth
from unetstudio.postprocess.split import Split
from unetstudio.postprocess.stack import DEFAULT_STEPS, from_json, to_json, with_options
from unetstudio.postprocess.threshold import Threshold


def test_that_steps_survive_being_stored() -> None:
    steps = (Threshold(probability=0.3), Smooth(enabled=True, radius=1.5, unit="mm"), SmallComponents(), FillHoles(size=12), Split(depth=3))
    assert from_json(json.loads(json.dumps(to_json(steps)))) == steps


def test_that_a_project_without_steps_gets_the_default_ones() -> None:
    assert from_json([]) == DEFAULT_STEPS


def test_that_an_unknown_step_is_named_and_not_dropped() -> None:
    with pytest.raises(UserError, match="'crf'"):
        from_json([{"step": "crf", "enabled": True}])


def test_that_an_unknown_option_is_left_out() -> None:
    assert from_json([{"step": "smooth", "radius": 3.0, "shape": "round"}])[0] == Smooth(radius=3.0)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("threshold=0.4", Threshold(probability=0.4)),
        ("small_components=30", SmallComponents(enabled=True, size=30.0)),
        ("small-components=0.3mm2", SmallComponents(enabled=True, size=0.3, unit="mm")),
        ("small_components.unit=mm", SmallComponents(enabled=True, unit="mm")),
        ("fill_holes=on", FillHoles(enabled=True)),
        ("smooth=1.5mm", Smooth(enabled=True, radius=1.5, unit="mm")),
        ("threshold=off", Threshold(enabled=False)),
        ("smooth.enabled=yes", Smooth(enabled=True)),
    ],
)
def test_that_the_command_line_changes_a_step(text: str, step: object) -> None:
    changed = with_options(DEFAULT_STEPS, [text])
    assert step in changed
    assert len(changed) == len(DEFAULT_STEPS)


def test_that_a_step_missing_from_the_list_is_added() -> None:
    assert with_options((), ["smooth=2"]) == (Smooth(enabled=True, radius=2.0),)


@pytest.mark.parametrize(
    "text",
    [
        "crf=1",
        "threshold",
        "threshold=",
        "threshold=high",
        "threshold=1.5",
        "threshold=0.4px",
        "smooth=-1",
        "smooth.unit=inch",
        "smooth.size=3",
    ],
)
def test_that_a_wrong_option_is_explained_in_one_sentence(text: str) -> None:
    with pytest.raises(UserError, match="--post"):
        with_options(DEFAULT_STEPS, [text])


@pytest.mark.parametrize("stored", [{"step": "threshold", "probability": "0.4"}, {"step": "smooth", "enabled": 1}])
def test_that_a_step_with_a_value_of_another_kind_is_refused(stored) -> None:
    with pytest.raises(UserError, match=r"has a value for .* that it cannot have; the project was altered"):
        from_json([stored])
