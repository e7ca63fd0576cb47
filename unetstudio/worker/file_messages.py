"""Requests that write files, and the events that answer them: masks of a folder, cases for an export, a network.

`task` is the id of the requesting task, as in `messages.py`.
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
    """Predict images, or all in folders, into the folder `out` by the checkpoint in use, with post-processing `steps` as in project.json.

    `tta`, `objects` and `again` are those of `PredictionOptions`. During training it takes half of the time.
    """

    task: int
    images: tuple[Path, ...]
    out: Path
    steps: tuple[dict[str, Any], ...] = ()
    tta: str = "auto"
    objects: bool = False
    again: bool = False


@dataclass(frozen=True)
class AverageCases:
    """Predict whole cases for an export, averaged over the views that the network was trained on; the prediction on screen stays."""

    task: int
    cases: tuple[str, ...]


FileRequest = ExportNetwork | PredictFolder | AverageCases


@dataclass(frozen=True)
class NetworkExported:
    """A network was written as ONNX with its card beside it; `difference` is the largest one between ONNX Runtime's logits and ours."""

    path: Path
    card: Path
    difference: float


@dataclass(frozen=True)
class CaseAveraged:
    """One case of AverageCases is done, all when `done` is `total`; or it could not be predicted, with the reason in one sentence."""

    case: str
    done: int
    total: int
    problem: str = ""


FolderEvent = MaskWritten | Refused | FolderPredicted
FileEvent = FolderEvent | CaseAveraged | NetworkExported
