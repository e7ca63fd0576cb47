"""Training ended from outside: a real process, a real signal, a disk that really takes no more."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from unetstudio.project.checkpoints import cards

Command = Callable[..., Any]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of Unix")


def start(arguments: Sequence[object], before: str = "") -> subprocess.Popen[str]:
    """Start the command line in its own process."""
    code = f"import sys\n{before}\nfrom unetstudio.cli import main\nsys.exit(main(sys.argv[1:]))"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    words = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def wait_for(process: subprocess.Popen[str], event: str) -> dict[str, Any]:
    """Read JSON lines until one of a kind comes."""
    assert process.stdout is not None
    for line in process.stdout:
        if (record := json.loads(line))["event"] == event:
            return dict(record)
    raise AssertionError(process.communicate()[1])


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_that_an_interrupted_training_keeps_what_it_learned_and_goes_on_when_resumed(
    command: Command, labelled: Path, small: tuple[str, ...], how: signal.Signals
) -> None:
    with start(["train", labelled, "--seconds", 600, "--json", *small]) as training:
        seen = wait_for(training, "step")
        training.send_signal(how)
        _, said = training.communicate(timeout=60)
    assert training.returncode == 130
    assert said.splitlines()[-1] == "Interrupted; what was done so far is kept."
    kept = cards(labelled / "checkpoints")
    assert kept
    for card in kept:
        assert hashlib.sha256(card.path.read_bytes()).hexdigest() == card.id
    assert kept[0].step >= seen["step"]
    events = command("train", labelled, "--steps", 2, "--resume", "--json", *small).events
    assert events[0]["step"] == kept[0].step
    assert events[-1]["step"] == kept[0].step + 2


def test_that_a_disk_that_takes_no_more_ends_training_with_one_sentence_and_a_whole_project(
    command: Command, trained: Path, small: tuple[str, ...]
) -> None:
    """No file may grow beyond 4 kB: the process gets EFBIG where it writes weights."""
    limit = (
        "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nresource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))"
    )
    before = [card.id for card in cards(trained / "checkpoints")]
    with start(["train", trained, "--steps", 3, *small], limit) as training:
        out, said = training.communicate(timeout=60)
    assert training.returncode == 2
    assert out == ""
    assert "could not be saved: the disk takes no file of this size" in said.splitlines()[-1]
    assert "Traceback" not in said
    assert [card.id for card in cards(trained / "checkpoints")] == before
    assert not list(trained.rglob("*.tmp"))
    assert command("train", trained, "--steps", 2, *small).status == 0


def test_that_a_reader_that_goes_away_ends_the_command_quietly(labelled: Path, small: tuple[str, ...]) -> None:
    with start(["train", labelled, "--seconds", 600, "--json", *small]) as training:
        wait_for(training, "started")
        assert training.stdout is not None
        training.stdout.close()
        assert training.wait(60) != 0
        assert training.stderr is not None
        assert "Traceback" not in training.stderr.read()


def test_that_a_seed_and_a_number_of_steps_give_the_same_weights_twice(
    command: Command, images: Path, masks: Path, tmp_path: Path, small: tuple[str, ...]
) -> None:
    """The id differs, for it covers the card too, with date and seconds; the weights do not."""
    from safetensors.numpy import load_file

    made = []
    for name in ("one", "two", "other"):
        project = tmp_path / f"{name}.unetstudio"
        assert command("new", project, images, "--classes", "background,disc").status == 0
        assert command("label", project, masks).status == 0
        seed = 4 if name == "other" else 3
        assert command("train", project, "--steps", 3, "--seed", seed, *small, "--set", "augment=yes").status == 0
        made.append(load_file(cards(project / "checkpoints")[0].path))
    one, two, other = made
    assert all((one[key] == two[key]).all() for key in one)
    assert any((one[key] != other[key]).any() for key in one)


def test_that_an_interrupted_intake_keeps_the_images_taken_in_by_then(command: Command, tmp_path: Path) -> None:
    import cv2
    import numpy as np

    (tmp_path / "images").mkdir()
    for number in range(400):
        cv2.imwrite(
            str(tmp_path / "images" / f"{number}.png"),
            np.full((64, 64), number % 250, np.uint8) + np.eye(64, dtype=np.uint8) * (number // 250),
        )
    with start(["new", tmp_path / "p.unetstudio", tmp_path / "images", "--json"]) as taking:
        wait_for(taking, "case")
        taking.send_signal(signal.SIGINT)
        out, said = taking.communicate(timeout=60)
    assert taking.returncode == 130
    assert said.splitlines()[-1] == "Interrupted; what was done so far is kept."
    reported = 1 + len(out.splitlines())
    assert reported <= command("info", tmp_path / "p.unetstudio", "--json").events[0]["cases"] <= reported + 1


def test_that_an_interrupted_training_that_cannot_be_saved_says_so(labelled: Path, small: tuple[str, ...]) -> None:
    (labelled / "checkpoints").write_bytes(b"")  # stands for a disk that refuses
    with start(["train", labelled, "--seconds", 600, "--json", *small]) as training:
        wait_for(training, "step")
        training.send_signal(signal.SIGINT)
        _, said = training.communicate(timeout=60)
    assert training.returncode == 2
    assert "checkpoints" in said.splitlines()[-1]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
@pytest.mark.parametrize("options", [("--json",), ()])
def test_that_an_output_that_takes_nothing_is_told_in_one_line(images: Path, options: tuple[str, ...]) -> None:
    code = "import sys\nfrom unetstudio.cli import main\nsys.exit(main(sys.argv[1:]))"
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-c", code, "info", str(images), *options]
        ended = subprocess.run(command, check=False, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1), ended.stderr
    assert "The output cannot be written" in ended.stderr
