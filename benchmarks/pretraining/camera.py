"""What a camera makes of a view: blur, noise, response, uneven light, compression, inversion; one camera takes all images of a world."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from fields import SIZE, Floats, Random, blur, log_uniform, smooth, waves


@dataclass(frozen=True)
class Camera:
    """Optics, sensor and file of a world."""

    sigma: float
    noise: float
    photon: float
    grain: float
    gamma: float
    light: float
    gain: float
    jpeg: int
    inverted: bool

    @classmethod
    def draw(cls, rng: Random) -> Camera:
        return cls(
            sigma=log_uniform(rng, 0.3, 2.0),
            noise=log_uniform(rng, 0.01, 0.35),
            photon=rng.choice([0, 0, 0.05, 0.2]),
            grain=rng.choice([0, 0, 1.0, 2.0]),
            gamma=math.exp(rng.normal(0, 0.3)),
            light=rng.choice([0, 0.05, 0.15]),
            gain=rng.choice([0, 0.1, 0.2, 0.4]),
            jpeg=int(rng.choice([0, 0, 0, 30, 70])),
            inverted=rng.random() < 0.3,
        )

    def take(self, rng: Random, view: Floats) -> Floats:
        """Photograph a view; the values are on its own scale of about one standard deviation."""
        view = blur(view, self.sigma)
        low, high = np.percentile(view, (1, 99))
        scale = max(float(high - low), 1e-6)
        image = (view - low) / scale
        image = np.sign(image) * np.abs(image) ** self.gamma
        if self.light:
            image = image + self.light * smooth(rng, 90)
        noise = rng.standard_normal((SIZE, SIZE), np.float32) if not self.grain else waves(rng, 2 + 2 * self.grain, 1.0)
        image = image + noise * np.sqrt(self.noise**2 / 4 + self.photon**2 * np.clip(image, 0, 2)).astype(np.float32)
        if self.jpeg:
            a, b = np.percentile(image, (0.1, 99.9))
            pixels = np.clip((image - a) / max(b - a, 1e-6) * 255, 0, 255).astype(np.uint8)
            image = cv2.imdecode(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, self.jpeg])[1], 0) / 255.0
        image = image * math.exp(rng.normal(0, self.gain)) + rng.normal(0, 0.3 * self.gain)
        return np.asarray((-image if self.inverted else image) * scale, np.float32)
