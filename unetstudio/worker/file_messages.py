"""Requests that end in files for others, and the events that answer them: masks of a folder, cases for an export, a network.

`task` is the id of the task that asks, as in `messages.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unetstudio.inference.events import FolderPredicted, MaskWritten, Refused


@dataclass(frozen=True)
class ExportNetwork:
    """Write the newest checkpoint of a project, or the one named, as ONNX into the file `out`."""

    task: int
    source: Path
    out: Path


@dataclass(frozen=True)
class PredictFolder:
    """Predict images, or all in folders, into the folder `out` by the checkpoint in use, with post-processing `steps` as project.json holds
    them; `tta`, `objects` and `again` as of `PredictionOptions`. While training goes on it takes half of the time."""

    task: int
    images: tuple[Path, ...]
    out: Path
    steps: tuple[dict[str, Any], ...] = ()
    tta: str = "auto"
    objects: bool = False
    again: bool = False


@dataclass(frozen=True)
class AverageCases:
    """Predict whole cases averaged over the views that the network has learnt, for an export: what is on screen stays as it is."""

    task: int
    cases: tuple[str, ...]


FileRequest = ExportNetwork | PredictFolder | AverageCases


@dataclass(frozen=True)
class NetworkExported:
    """A network was written as ONNX, its card beside it; `difference` is the largest between ONNX Runtime's logits and ours."""

    path: Path
    card: Path
    difference: float


@dataclass(frozen=True)
class CaseAveraged:
    """One of AverageCases is done, all when `done` is `total`; or could not be predicted, and why, in one sentence."""

    case: str
    done: int
    total: int
    problem: str = ""


FolderEvent = MaskWritten | Refused | FolderPredicted
FileEvent = FolderEvent | CaseAveraged | NetworkExported
