"""What `export --what segmentation` writes: each case by the checkpoint to use, predicted now where that has not been done."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Case
from unetstudio.data.prediction import Prediction
from unetstudio.data.region import Region
from unetstudio.errors import CheckpointError
from unetstudio.formats import read
from unetstudio.inference.events import TilePredicted
from unetstudio.inference.folder import PredictionOptions
from unetstudio.inference.predict import FINAL_SECONDS, predict
from unetstudio.inference.predictor import Predictor
from unetstudio.postprocess.segment import DEFAULT_STEPS, from_json, segment
from unetstudio.project import checkpoints, prediction_file
from unetstudio.project.project import Project
from unetstudio.workspace.export import ExportSource, stored


def predicted(project: Project, tta: str = "auto") -> ExportSource:
    """The project's material, its segmentations made by the checkpoint to use; without any checkpoint as they were stored. `tta` is as
    for a folder of images."""
    material, card = stored(project), checkpoints.to_use(project.checkpoints_folder)
    if card is None:
        if not any(prediction_file.load(project.folder_of(case), case.shape) for case in project.cases):
            raise CheckpointError("Nothing has been learnt yet; train first, or export the labels.")
        return material
    predictor = Predictor.load(card.path)
    manner = PredictionOptions(tta)
    steps = from_json(project.manifest.steps) if project.manifest.steps else DEFAULT_STEPS

    def segmentation_of(case: Case) -> NDArray[np.uint8]:
        scan, labels = read(case.source), material.labels_of(case)
        predictor.check(scan, case.source.path.name)
        made = Prediction(scan.shape, predictor.values)
        for event in predict(predictor, scan, case.id, tta=manner.flipped(scan, predictor.mirrored), tile_seconds=FINAL_SECONDS):
            if isinstance(event, TilePredicted):
                made.put(event.region, event.probabilities, event.checkpoint)
        painted = (labels.values, labels.painted(Region.whole(labels.shape), project.classes.values))
        return segment(made.probabilities, made.values, steps, case.geometry.spacing, painted).labels

    return dataclasses.replace(material, segmentation_of=segmentation_of)
