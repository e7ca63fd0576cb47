"""Class colours: far from one another, also for colour-blind viewers, and from the colours of the image.

Distances are Euclidean in OKLab (Ottosson 2020), where 0.02 is about just noticeable. Colour blindness is simulated by the matrices of
Machado, Oliveira and Fernandes 2009 (severity 1) in linear RGB.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.classes import Colour

Floats = NDArray[np.float64]

TO_LMS = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]]
)
TO_LAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099], [0.0259040371, 0.7827717662, -0.8086757660]]
)
PROTANOPIA = np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]])
DEUTERANOPIA = np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]])

LIGHTNESS, CHROMA, HUES = (0.50, 0.58, 0.66, 0.74, 0.82, 0.88), (0.11, 0.14, 0.17, 0.20), 36
MUTED_LIGHTNESS, MUTED_CHROMA = (0.45, 0.55, 0.65, 0.75), 0.045
SLATE = np.array([[116, 132, 153]], np.uint8)
"""Colour of the background when the image is unknown."""
HUE_WEIGHT = 1.2
"""Weight of the distance without lightness for normal colour vision, so that two classes are not two shades of one hue."""
IMAGE_WEIGHT = 1.0
"""Weight of the distance to the image relative to that to other classes."""


def colours(n: int, image_sample: NDArray[np.generic] | None = None) -> list[Colour]:
    """Return the first `n` class colours; the first one, for the background, is muted.

    `image_sample` is uint8 grey of any shape or RGB (..., 3): some of the image's pixels as displayed.
    """
    taken: list[Colour] = []
    common = _common_colours(image_sample)
    for _ in range(n):
        taken.append(_farthest(taken, common))
    return taken


def next_colour(taken: Sequence[Colour], image_sample: NDArray[np.generic] | None = None) -> Colour:
    """Return the colour farthest from the `taken` ones and those of the image; the same input gives the same colour."""
    return _farthest(taken, _common_colours(image_sample))


def separation(some: NDArray[np.uint8], others: NDArray[np.uint8]) -> Floats:
    """Compute (N, M) OKLab distances of (N, 3) and (M, 3) colours, the smallest of normal, protan and deutan vision."""
    apart = [np.linalg.norm(_oklab(some, eye)[:, None] - _oklab(others, eye)[None], axis=2) for eye in (None, PROTANOPIA, DEUTERANOPIA)]
    nearest: Floats = np.min(apart, axis=0)
    return nearest


def hex(colour: Colour) -> str:
    """Format a colour such as "#1f77b4"."""
    return "#" + "".join(f"{part:02x}" for part in colour)


def contrast_text_colour(colour: Colour) -> Colour:
    """Return black or white, whichever has more contrast to the colour (WCAG 2)."""
    luminance = float(_linear(np.array([colour], np.uint8))[0] @ (0.2126, 0.7152, 0.0722))
    return (0, 0, 0) if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else (255, 255, 255)


def _farthest(taken: Sequence[Colour], common: NDArray[np.uint8]) -> Colour:
    """Return the candidate farthest from the taken colours and the image's common ones."""
    candidates = _vivid() if taken else _muted()
    worth = -np.linalg.norm(_oklab(candidates) - _oklab(SLATE), axis=1)
    if taken:
        others = np.array(taken, np.uint8)
        hue = np.linalg.norm((_oklab(candidates)[:, None] - _oklab(others)[None])[..., 1:], axis=2)
        worth = np.minimum(separation(candidates, others), HUE_WEIGHT * hue).min(axis=1)
    if len(common):
        away = np.linalg.norm(_oklab(candidates)[:, None] - _oklab(common)[None], axis=2).min(axis=1)
        worth = np.minimum(worth, IMAGE_WEIGHT * away) if taken else away
    red, green, blue = candidates[int(np.argmax(np.round(worth, 9)))]
    return (int(red), int(green), int(blue))


def _common_colours(image_sample: NDArray[np.generic] | None) -> NDArray[np.uint8]:
    """Return (N, 3) coarsely quantised colours of the image, without those of the rarest 3 % of pixels."""
    if image_sample is None or not image_sample.size:
        return np.zeros((0, 3), np.uint8)
    pixels = np.asarray(image_sample, np.uint8)
    colour = pixels.ndim >= 2 and pixels.shape[-1] == 3
    flat = pixels.reshape(-1, 3) if colour else np.repeat(pixels.reshape(-1, 1), 3, axis=1)
    coarse = (flat[:: max(1, len(flat) // 20000)] >> 4).astype(np.int64)
    codes, counts = np.unique(coarse @ (256, 16, 1), return_counts=True)
    order = np.argsort(-counts, kind="stable")
    common = codes[order[: int(np.searchsorted(np.cumsum(counts[order]), 0.97 * counts.sum())) + 1]]
    return ((np.stack([common >> 8, common >> 4 & 15, common & 15], axis=1) << 4) + 8).astype(np.uint8)


def _linear(rgb: NDArray[np.uint8]) -> Floats:
    """Convert (N, 3) sRGB 0..255 to linear light 0..1."""
    share = rgb / 255.0
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def _oklab(rgb: NDArray[np.uint8], eye: Floats | None = None) -> Floats:
    """Convert (N, 3) sRGB colours to OKLab, with colour blindness simulated by the matrix `eye` if given."""
    linear = _linear(rgb)
    if eye is not None:
        linear = np.clip(linear @ eye.T, 0, 1)
    lab: Floats = np.cbrt(linear @ TO_LMS.T) @ TO_LAB.T
    return lab


def _within_srgb(lightness: float, chroma: float, hues: Floats) -> NDArray[np.uint8]:
    """Return (N, 3) uint8 colours of a lightness and chroma that lie within sRGB."""
    lab = np.stack([np.full_like(hues, lightness), chroma * np.cos(hues), chroma * np.sin(hues)], axis=1)
    linear = (lab @ np.linalg.inv(TO_LAB).T) ** 3 @ np.linalg.inv(TO_LMS).T
    shown = linear[((linear >= -1e-3) & (linear <= 1.001)).all(axis=1)].clip(0, 1)
    share = np.where(shown <= 0.0031308, shown * 12.92, 1.055 * shown ** (1 / 2.4) - 0.055)
    return np.asarray(np.round(share * 255), np.uint8)


@lru_cache(maxsize=1)
def _vivid() -> NDArray[np.uint8]:
    """Return the candidates (N, 3) for structures."""
    hues = np.arange(HUES) * 2 * np.pi / HUES
    return np.concatenate([_within_srgb(lightness, chroma, hues) for lightness in LIGHTNESS for chroma in CHROMA])


@lru_cache(maxsize=1)
def _muted() -> NDArray[np.uint8]:
    """Return the greyish candidates (N, 3) for the background."""
    hues = np.arange(HUES) * 2 * np.pi / HUES
    return np.concatenate([_within_srgb(lightness, MUTED_CHROMA, hues) for lightness in MUTED_LIGHTNESS])
