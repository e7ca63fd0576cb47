"""Worlds: a layout, a look, a camera, and which parts make a class; images of a world share all of them.

    python benchmarks/pretraining/worlds.py SHEET.png [--seed 0]

Writes a contact sheet of worlds: two images with their classes, and strokes on the first.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import dataclass

import cv2
import numpy as np
from camera import Camera
from fields import SIZE, Floats, Random
from layouts import Layout, Mosaic, Objects, Patches, Trees
from looks import Electron, Fluorescence, Look, Phase, Photograph, Relief, Stained, Textured, Tomogram, Ultrasound, Vascular
from numpy.typing import NDArray

UNLABELLED = 255
Classes = NDArray[np.uint8]

KINDS: dict[str, float] = {
    "membranes": 3,
    "fluorescence": 2.5,
    "phase": 2.5,
    "relief": 2,
    "stained": 1.2,
    "vessels": 2.5,
    "ultrasound": 0.7,
    "photograph": 1,
    "tomogram": 1,
    "textured": 3.5,
}
"""Kinds of worlds and how often they are drawn."""


@dataclass(frozen=True)
class World:
    """A kind of image; `classes[part]` is the class of a part."""

    kind: str
    layout: Layout
    look: Look
    camera: Camera
    classes: NDArray[np.uint8]

    def image(self, rng: Random) -> tuple[Floats, Classes]:
        """Make an image (Y, X) and its classes (Y, X)."""
        scene = self.layout.scene(rng)
        return self.camera.take(rng, self.look.render(rng, scene)), self.classes[scene.parts]


@dataclass(frozen=True)
class Episode:
    """Images (N, Y, X) of a world with all classes (N, Y, X), and strokes (M, Y, X) on the first M of them, UNLABELLED elsewhere."""

    kind: str
    images: Floats
    classes: Classes
    strokes: Classes
    number: int


def draw_world(rng: Random, kind: str | None = None) -> World:
    """Draw a world."""
    names, weights = list(KINDS), np.array(list(KINDS.values()))
    kind = kind or str(rng.choice(names, p=weights / weights.sum()))
    layout = _layout(rng, kind)
    look = _look(rng, kind, layout.count)
    return World(kind, layout, look, Camera.draw(rng), _classes(rng, kind, layout.count))


def _layout(rng: Random, kind: str) -> Layout:
    match kind:
        case "membranes":
            return Mosaic.draw(rng)
        case "fluorescence":
            return Objects.draw(rng, str(rng.choice(["round", "round", "irregular", "spindle"])), (3.5, 35))
        case "phase":
            return Mosaic.draw(rng, fine=False) if rng.random() < 0.35 else Objects.draw(rng, None, (4, 50))
        case "relief":
            return Mosaic.draw(rng, fine=False) if rng.random() < 0.5 else Objects.draw(rng, None, (10, 60))
        case "stained":
            return Objects.draw(rng, str(rng.choice(["round", "irregular", "spindle"])), (4, 22))
        case "vessels":
            return Trees.draw(rng)
        case "ultrasound" | "photograph" | "tomogram":
            return Patches.draw(rng) if rng.random() < 0.7 else Objects.draw(rng, None, (10, 60))
    makers = (Mosaic.draw, Objects.draw, Objects.draw, Trees.draw, Patches.draw, lambda r: Mosaic.draw(r, fine=False))
    layout: Layout = makers[int(rng.integers(len(makers)))](rng)
    return layout


def _look(rng: Random, kind: str, count: int) -> Look:
    looks = {
        "membranes": Electron,
        "fluorescence": Fluorescence,
        "phase": Phase,
        "relief": Relief,
        "stained": Stained,
        "vessels": Vascular,
        "ultrasound": Ultrasound,
        "photograph": Photograph,
        "tomogram": Tomogram,
        "textured": Textured,
    }
    look: Look = looks[kind].draw(rng, count)  # type: ignore[attr-defined]
    return look


def _classes(rng: Random, kind: str, count: int) -> NDArray[np.uint8]:
    """Group parts into classes as an annotator might: all parts of an object together, or each for itself, or any."""
    usual = {
        "membranes": [
            (0, 1, 0, 0, 0, 0, 0, 1),
            (0, 1, 2, 2, 0, 0, 0, 1),
            (0, 1, 2, 2, 3, 4, 5, 6),
            (0, 1, 2, 3, 0, 0, 0, 1),
            (0, 1, 2, 2, 3, 0, 0, 4),
        ],
        "cells": [(0, 1, 1, 1, 0, 1, 0, 1), (0, 1, 1, 1, 0, 1, 0, 1), (0, 1, 1, 2, 0, 0, 0, 0), (0, 1, 2, 1, 0, 0, 0, 0)],
        "touching": [(1, 1, 1, 1, 1, 1, 0, 1), (1, 2, 1, 1, 1, 1, 0, 1)],
        "vessels": [(0, 1, 1, 0, 0), (0, 1, 1, 0, 0), (0, 1, 2, 0, 0), (0, 1, 1, 2, 0)],
        "regions": [(0, 1, 2, 3, 4, 5), (0, 1, 0, 0, 0, 0), (0, 1, 2, 0, 0, 0), (0, 1, 1, 2, 2, 3)],
    }
    if kind == "textured" and rng.random() < 0.4:
        number = int(rng.integers(2, min(count, 5) + 1))
        return _dense(rng.integers(0, number, count))
    group = {"membranes": "membranes", "vessels": "vessels", "ultrasound": "regions", "photograph": "regions", "tomogram": "regions"}.get(
        kind, "cells"
    )
    if kind in ("relief", "phase") and count == 8:
        group = "touching"
    if kind == "textured":
        group = {8: str(rng.choice(["membranes", "touching"])), 5: "cells"}.get(count, "regions")
    choice = usual[group][int(rng.integers(len(usual[group])))]
    return np.resize(np.array(choice, np.uint8), max(count, len(choice)))


def _dense(values: NDArray[np.int64]) -> NDArray[np.uint8]:
    return np.unique(values, return_inverse=True)[1].astype(np.uint8)


def draw_strokes(rng: Random, classes: Classes, per_class: int, length: int) -> Classes:
    """Draw random walks, three pixels wide, that stay in their class."""
    out = np.full(classes.shape, UNLABELLED, np.uint8)
    for value in np.unique(classes):
        ys, xs = np.nonzero(classes == value)
        for _ in range(per_class):
            at = rng.integers(len(ys))
            y, x = int(ys[at]), int(xs[at])
            heading = rng.uniform(0, 2 * math.pi)
            turns = rng.normal(0, 0.4, length)
            for turn in turns:
                box = np.s_[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
                out[box][classes[box] == value] = value
                heading += turn
                ny = min(max(round(y + 1.5 * math.sin(heading)), 0), SIZE - 1)
                nx = min(max(round(x + 1.5 * math.cos(heading)), 0), SIZE - 1)
                if classes[ny, nx] == value:
                    y, x = ny, nx
                else:
                    heading = rng.uniform(0, 2 * math.pi)
    return out


def draw_episode(rng: Random, kind: str | None = None) -> Episode:
    """Draw a world whose first image has all classes, and three images of it, with strokes on the first two."""
    while True:
        world = draw_world(rng, kind)
        for _ in range(3):
            images, classes = zip(*(world.image(rng) for _ in range(3)), strict=True)
            sizes = np.bincount(classes[0].ravel(), minlength=9)
            present = np.flatnonzero(sizes >= 25)
            if len(present) >= 2 and all(np.isin(np.unique(c), present).all() for c in classes):
                break
        else:
            continue
        renumbered = np.zeros(256, np.uint8)
        renumbered[present] = np.arange(len(present))
        maps = renumbered[np.stack(classes)]
        maps = np.where(np.isin(np.stack(classes), present), maps, UNLABELLED).astype(np.uint8)
        per_class, length = int(rng.integers(1, 6)), int(rng.integers(12, 50))
        drawn = np.stack([draw_strokes(rng, np.where(m == UNLABELLED, 0, m).astype(np.uint8), per_class, length) for m in maps[:2]])
        drawn[maps[:2] == UNLABELLED] = UNLABELLED
        return Episode(world.kind, np.stack(images), maps, drawn, len(present))


def main() -> None:
    """Write a contact sheet."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("sheet")
    ask.add_argument("--seed", type=int, default=0)
    ask.add_argument("--rows", type=int, default=9)
    options = ask.parse_args()
    rng, rows = np.random.default_rng(options.seed), []
    start = time.process_time()
    kinds = list(KINDS)
    for row in range(options.rows):
        tiles = []
        for place in range(3):
            episode = draw_episode(rng, kinds[(row * 3 + place) % len(kinds)])
            low, high = np.percentile(episode.images, (0.5, 99.5))
            grey = (np.clip((episode.images - low) / max(high - low, 1e-6), 0, 1) * 255).astype(np.uint8)
            tiles += [
                grey[0],
                np.where(episode.strokes[0] == UNLABELLED, episode.classes[0] * 20, 60 + 40 * episode.strokes[0]).astype(np.uint8),
            ]
            tiles += [grey[2], (episode.classes[2] * 40).astype(np.uint8)]
        rows.append(np.concatenate(tiles, 1))
    print(f"{(time.process_time() - start) / options.rows / 3:.3f} s an episode")
    cv2.imwrite(options.sheet, np.concatenate(rows, 0))


if __name__ == "__main__":
    main()
