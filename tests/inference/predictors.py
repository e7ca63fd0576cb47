"""Helpers for predictors: a picture on disk, an untrained network, and whole predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from unetstudio.data.intensity import Intensity
from unetstudio.data.prediction import Prediction
from unetstudio.data.scan import Scan
from unetstudio.formats import read
from unetstudio.inference.collect import collect
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.inference.predictor import Predictor
from unetstudio.inference.request import PredictionRequest
from unetstudio.networks.network import create


def grey_picture(folder: Path) -> Path:
    """Write a grey picture, 30 x 26, into a folder, which is made if needed."""
    path = folder / "cell.png"
    folder.mkdir()
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 255, (26, 30), np.uint8))
    return path


def untrained_predictor(image: Path) -> NetworkPredictor:
    """Make an untrained predictor of two classes for images like this one."""
    torch.manual_seed(0)
    intensity = Intensity.fit([read(image)])
    return NetworkPredictor(create("unet", intensity.channels_out(1), 2, base=4, depth=2, norm="none"), intensity, (0, 1), "c0ffee")


def predicted(predictor: Predictor, scan: Scan, **options: Any) -> Prediction:
    """Return the whole prediction of a request with these options."""
    prediction = Prediction(scan.shape, predictor.values)
    for _ in collect(predictor.predict(scan, PredictionRequest("case", **options)), prediction):
        pass
    return prediction
