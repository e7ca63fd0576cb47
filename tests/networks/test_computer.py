"""The report on this computer names what is there and the exact remedy where a GPU lies idle."""

import sys
from pathlib import Path

import pytest
import torch

from unetstudio.networks.computer import NvidiaCard, describe, examine, install_command, nvidia_cards, remedy_for, report, speed_sentence

needs_cpu_build = pytest.mark.skipif(torch.version.cuda is not None or torch.backends.mps.is_available(), reason="PyTorch with GPU support")


def test_that_the_report_has_a_row_for_all_that_matters() -> None:
    rows = dict(report(measure=False).rows)
    assert list(rows) == ["Processor", "Memory", "Graphics", "PyTorch"]
    assert torch.__version__ in rows["PyTorch"]
    assert all(rows.values())


def test_that_the_speed_test_can_be_stopped_between_two_steps() -> None:
    steps = examine()
    for _ in range(4):
        next(steps)
    steps.close()


def test_that_where_training_runs_is_said_in_words() -> None:
    assert describe()


def test_that_speed_is_told_in_seconds_of_waiting() -> None:
    assert "4.0 training steps a second" in speed_sentence(4.0)
    assert "about 10 s after" in speed_sentence(4.0)


def test_that_no_driver_means_no_card_and_nothing_to_do() -> None:
    assert nvidia_cards("nvidia-smi-is-not-here") == []
    assert remedy_for([]) == ""


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands for the driver's program")
def test_that_cards_are_read_from_the_driver(tmp_path: Path) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'NVIDIA GeForce RTX 3060, 12288 MiB, 8.6, 581.29'\necho 'garbled'\n")
    program.chmod(0o755)
    assert nvidia_cards(str(program)) == [NvidiaCard("NVIDIA GeForce RTX 3060", "12288 MiB", 8.6, 581)]


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands for the driver's program")
def test_that_a_failing_driver_is_no_card(tmp_path: Path) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\nexit 9\n")
    program.chmod(0o755)
    assert nvidia_cards(str(program)) == []


@needs_cpu_build
def test_that_an_idle_gpu_gets_the_exact_line_to_run() -> None:
    card = NvidiaCard("NVIDIA GeForce RTX 3060", "12288 MiB", 8.6, 581)
    assert card.name in remedy_for([card])
    assert install_command(card) in remedy_for([card])


def test_that_old_cards_and_drivers_get_the_build_that_knows_them() -> None:
    assert install_command(NvidiaCard("GTX 1080", "8192 MiB", 6.1, 581)).endswith("/cu126")
    assert install_command(NvidiaCard("RTX 4090", "24564 MiB", 8.9, 560)).endswith("/cu126")
    assert install_command(NvidiaCard("RTX 4090", "24564 MiB", 8.9, 580)).endswith("/cu130")


@needs_cpu_build
def test_that_a_driver_from_long_ago_must_be_updated_first() -> None:
    assert "driver is too old" in remedy_for([NvidiaCard("GTX 1080", "8192 MiB", 6.1, 470)])
