"""A picture on the disk, a network that has learnt nothing, and what a predictor gives as a whole."""

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
    """A grey picture, 30 x 26, in a folder that is made."""
    path = folder / "cell.png"
    folder.mkdir()
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 255, (26, 30), np.uint8))
    return path


def untrained_predictor(image: Path) -> NetworkPredictor:
    """A network of two classes that has learnt nothing, for images like this one."""
    torch.manual_seed(0)
    intensity = Intensity.fit([read(image)])
    return NetworkPredictor(create("unet", intensity.channels_out(1), 2, base=4, depth=2, norm="none"), intensity, (0, 1), "c0ffee")


def predicted(predictor: Predictor, scan: Scan, **options: Any) -> Prediction:
    """All tiles of a request with these options, put together."""
    prediction = Prediction(scan.shape, predictor.values)
    for _ in collect(predictor.predict(scan, PredictionRequest("case", **options)), prediction):
        pass
    return prediction
