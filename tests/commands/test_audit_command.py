"""The audit trail on the command line."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from unetstudio.project.record import account_name

Command = Callable[..., Any]


def test_that_imported_masks_stand_in_the_trail(command: Command, project: Path, masks: Path, tmp_path: Path) -> None:
    command("label", project, masks)
    events = command("audit", project, "--json").events
    assert events and {(e["event"], e["what"], e["tool"], e["user"], e["chain_ok"]) for e in events} == {
        ("audit", "edit", "import", account_name(), True)
    }
    assert "import" in command("audit", project, "--case", events[0]["name"]).out
    command("audit", project, "--csv", tmp_path / "trail.csv")
    with (tmp_path / "trail.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(events)


def test_that_the_trail_of_an_unknown_case_is_refused(command: Command, project: Path) -> None:
    assert "no case 'nobody'" in command("audit", project, "--case", "nobody").sentence
