"""F1 from outside: the program on a screen, painted in with mouse and keys, and killed with `kill -9` at random instants."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest
from faults.screen import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    Hand,
    Map,
    Stroke,
    available,
    kill_at,
    labels,
    measured,
    missing,
    random_stroke,
    screen,
    start,
    wait_until_it_paints,
)
from faults.window import left_alive

pytestmark = pytest.mark.skipif(not available, reason="needs a virtual screen: apt-get install xvfb xdotool")
KILLS, IN_A_ROW = 40, 8
"""Kills of each of the two runs of the long form; and of one project before the next is begun."""


def images(folder: Path) -> Path:
    """One picture of 256 x 256, small enough to be shown whole."""
    folder.mkdir()
    cv2.imwrite(str(folder / "cells.png"), np.random.default_rng(0).integers(60, 120, (256, 256), np.uint8))
    return folder


def calibrated(folder: Path, environment: dict[str, str]) -> Map:
    """Where the image lies on the screen, found out by painting."""
    project, hand = folder.with_name(f"{folder.name}.unetstudio"), Hand(environment)
    program = start(folder, environment)
    try:
        wait_until_it_paints(hand, project, program)
        before = labels(project)
        corners = (Stroke([(LEFT, TOP), (LEFT, TOP)], 0), Stroke([(RIGHT, BOTTOM), (RIGHT, BOTTOM)], 1))
        for dab in corners:
            hand.paint(dab)
        time.sleep(1.0)
        after = labels(project)
        assert before is not None
        assert after is not None
        return measured(before, after, corners)
    finally:
        program.kill()
        program.wait(30)


@pytest.mark.timeout(0)
@pytest.mark.parametrize("learner", [False, True], ids=["window", "window and learner"])
def test_that_what_was_painted_a_second_before_a_kill_is_there_when_the_program_is_started_again(
    tmp_path: Path, long: bool, figure: Callable[..., None], learner: bool
) -> None:
    if not long and not learner:
        pytest.skip("in the long form only")
    chance, wrong, strokes, most = random.Random(learner), [], 0, 0.0
    kills = KILLS if long else 1
    with screen() as environment:
        where = calibrated(images(tmp_path / "calibration"), environment)
        for number in range(kills):
            folder = tmp_path / f"images-{number // IN_A_ROW}"
            project = folder.with_name(f"{folder.name}.unetstudio")
            program = start(project if folder.exists() else images(folder), environment)
            hand = Hand(environment)
            dab = wait_until_it_paints(hand, project, program)
            before = labels(project)
            family = psutil.Process(program.pid).children(recursive=True)
            killing, when = kill_at(program, chance.uniform(0.3, 4.0), learner=learner)
            while killing.is_alive():
                if hand.standing and chance.random() < 0.15:
                    hand.undo()
                else:
                    hand.paint(random_stroke(chance))
                time.sleep(chance.uniform(0, 0.2))
            killing.join()
            after = labels(project)
            assert before is not None
            reason, lost = ("it does not open", 0.0) if after is None else missing(hand, when[0], before, after, where, dab)
            most = max(most, lost)
            if left_alive(family, 15):
                reason += "; a process is left"
            strokes += len(hand.done)
            wrong += [f"{number}: {reason}"] if reason else []
            if sum(ended <= when[0] - 1.0 for _, ended in hand.done) > 3 and hand.standing > 2:
                assert missing(hand, when[0], before, before, where, dab)[0], "the check does not see that all is gone"
    figure(
        "F1",
        f"kill -9 of the {'window and its learner' if learner else 'window'} on a screen, painted in with mouse and keys",
        bar="reopens, all sent 1 s before is there, nothing else, in order",
        n=kills,
        good=kills - len(wrong),
        note=f"{strokes} strokes and undos; at most {most:.2f} s lost",
    )
    assert not wrong
