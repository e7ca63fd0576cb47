"""The log of a training run in the project's runs folder: its events as they came, one JSON object a line, to be read years later."""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path

from unetstudio.errors import ProjectError
from unetstudio.inference.events import Notice
from unetstudio.project import durable, folders
from unetstudio.project.identity import ProjectIdentity
from unetstudio.training.events import CheckpointSaved, RoundDone, TrainingFinished, TrainingStarted

KEPT = (TrainingStarted, RoundDone, CheckpointSaved, TrainingFinished, Notice)


class RunLog:
    """One log file for each training run in a project's folder, named by its start (UTC)."""

    def __init__(self, folder: Path, identity: ProjectIdentity) -> None:
        self._identity = identity
        self._path = folder / f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.jsonl"

    def add(self, event: object) -> None:
        """Append an event; single steps are left out. A disk that refuses must not end the training."""
        if not isinstance(event, KEPT):
            return
        line = json.dumps({"event": type(event).__name__, "time": round(time.time(), 3), **dataclasses.asdict(event)}) + "\n"
        try:
            self._identity.confirm()
            folders.make_folder(self._path.parent, within=self._path.parent.parent)
            durable.append(self._path, line.encode())
        except ProjectError:
            return
