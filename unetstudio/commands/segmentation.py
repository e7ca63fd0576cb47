"""The segmentations for `export --what segmentation`: each by the checkpoint to use, predicted now where that has not been done."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Case
from unetstudio.errors import CheckpointError
from unetstudio.formats import read
from unetstudio.inference.pooled_predictor import load_predictor
from unetstudio.inference.prediction_options import PredictionOptions
from unetstudio.inference.request import PredictionRequest
from unetstudio.inference.segment_case import finish, segment_case, strokes
from unetstudio.postprocess.stack import from_json
from unetstudio.project import checkpoints, prediction_file
from unetstudio.project.project import Project
from unetstudio.workspace.export import ExportSource, stored


def predicted(project: Project, tta: str = "auto", *, accept_damage: bool = False) -> ExportSource:
    """Return the project's labels, and its segmentations made by the checkpoint to use; without any checkpoint the stored ones.

    `tta` is as in `PredictionOptions`.
    """
    source, card = stored(project, accept_damage=accept_damage), checkpoints.to_use(project.checkpoints_folder)
    if card is None:
        if not any(prediction_file.load(project.folder_of(case), case.shape) for case in project.cases):
            raise CheckpointError("Nothing has been learnt yet; train first, or export the labels.")
        return source
    predictor, options, steps = load_predictor(card.path), PredictionOptions(tta), from_json(project.manifest.steps)

    def segmentation_of(case: Case) -> NDArray[np.uint8]:
        scan, painted = read(case.source), strokes(source.labels_of(case), project.classes.values)
        predictor.check(scan, case.source.path.name)
        request = PredictionRequest.final(case.id, tta=options.uses_tta(scan, mirrored=predictor.mirrored))
        return finish(segment_case(predictor, scan, request, steps, painted)).labels

    return dataclasses.replace(source, segmentation_of=segmentation_of, checkpoint_of=lambda _: card.id)
