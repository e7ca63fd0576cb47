"""Painting, undo, switching, settings, imports, kills and refusals in any order: always what a plain model holds."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from faults.machine import PLACE, Life
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files in use cannot be taken away there")


def test_that_any_order_of_work_and_faults_leaves_what_a_plain_model_holds(figure: Callable[..., None], long: bool):
    Life.steps = 0
    lives = 240 if long else 8
    chosen = settings(
        max_examples=lives,
        stateful_step_count=50,
        deadline=None,
        derandomize=not long,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    good = 0
    try:
        run_state_machine_as_test(Life, settings=chosen)
        good = Life.steps
    finally:
        figure(
            "G1",
            "steps of a random user with kills and a refusing disk against a plain array model",
            bar="no step differs",
            n=Life.steps,
            good=good,
            note=f"{lives} lives of up to 50 steps",
            folder=PLACE,
        )
    assert Life.steps > lives * 25
