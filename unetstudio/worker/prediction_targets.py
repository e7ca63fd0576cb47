"""What is predicted into a folder: images by name, and cases of a project, whose painted strokes win over the prediction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from unetstudio.data.case import Case
from unetstudio.data.region import Region
from unetstudio.formats import discover, stem
from unetstudio.postprocess.segment import Painted
from unetstudio.project.store import read_labels
from unetstudio.worker.folder import PredictionTarget


def wanted_images(images: Sequence[Path], project: Path, cases: Sequence[Case], values: Sequence[int]) -> Iterator[PredictionTarget]:
    """Files, and all images in folders; those that are cases of the project come with their strokes of the classes `values`."""
    known = {(case.source.path.resolve(), case.source.part): case for case in cases}
    for source in discover(images):
        case = known.get((source.path.resolve(), source.part))
        yield PredictionTarget(source, stem(source.path)) if case is None else wanted_case(case, project, values)


def wanted_case(case: Case, project: Path, values: Sequence[int]) -> PredictionTarget:
    """A case of the project in the folder `project`."""

    def painted() -> Painted | None:
        labels, sequence = read_labels(project, case)
        return (labels.values, labels.painted(Region.whole(labels.shape), values)) if sequence else None

    return PredictionTarget(case.source, stem(case.source.path), painted)
