"""Where things lie in a world: maps of parts (membrane, body, nucleus, vessel ...) of scenes that share a manner.

A layout is drawn once for a world; `scene(rng)` then draws as many arrangements of it as are asked for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol

import cv2
import numpy as np
from fields import SIZE, Floats, Random, blur, log_uniform, smooth, warped_grid
from numpy.typing import NDArray


@dataclass(frozen=True)
class Scene:
    """Parts of an image: `parts` (Y, X) values 0..n-1, `instances` (Y, X) with 0 outside objects, `fill` (Y, X) heights 0..1 of objects."""

    parts: NDArray[np.uint8]
    instances: NDArray[np.int32]
    fill: Floats


class Layout(Protocol):
    """How the parts of a world's scenes are arranged; `count` parts."""

    count: int

    def scene(self, rng: Random) -> Scene: ...


def depth(instances: NDArray[np.int32]) -> Floats:
    """Return the distance of a pixel to the border of its object."""
    border = (instances[1:-1, 1:-1] != instances[:-2, 1:-1]) | (instances[1:-1, 1:-1] != instances[1:-1, :-2])
    inside = (instances > 0).astype(np.uint8)
    inside[1:-1, 1:-1][border] = 0
    return np.asarray(cv2.distanceTransform(inside, cv2.DIST_L2, 3), np.float32)


def dome(distance: Floats, radius: float) -> Floats:
    """Return the height of a flat drop at a distance from its border."""
    t = np.clip(distance / max(radius, 1.0), 0, 1)
    return np.asarray(np.sqrt(t * (2 - t)), np.float32)


def nearest_two(rng: Random, seeds: int, y: Floats, x: Floats) -> tuple[NDArray[np.int32], Floats, Floats]:
    """Return the index of the nearest of some random seeds, and the distances to the two nearest."""
    at = rng.uniform(-0.15 * SIZE, 1.15 * SIZE, (max(seeds, 3), 2)).astype(np.float32)
    distances = np.hypot(y[..., None] - at[:, 0], x[..., None] - at[:, 1])
    two = np.argpartition(distances, 1, axis=-1)[..., :2]
    pair = np.take_along_axis(distances, two, -1)
    order = np.argsort(pair, -1)
    two, pair = np.take_along_axis(two, order, -1), np.take_along_axis(pair, order, -1)
    return two[..., 0].astype(np.int32), pair[..., 0], pair[..., 1]


def outline(rng: Random, radius: float, aspect: float, rough: float, angle: float) -> Floats:
    """Draw a closed outline (points, 2) round the origin: an ellipse whose radius waves."""
    t = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    waves = sum(rng.normal(0, rough / k) * np.cos(k * t + rng.uniform(0, 7)) for k in range(2, 7))
    r = radius * np.exp(waves)
    a, b = r * np.cos(t) * math.sqrt(aspect), r * np.sin(t) / math.sqrt(aspect)
    c, s = math.cos(angle), math.sin(angle)
    return np.stack([a * c - b * s, a * s + b * c], -1).astype(np.float32)


def ribbon(rng: Random, length: float, width: float, bend: float, angle: float) -> Floats:
    """Draw the outline (points, 2) of a spindle along a bent line, its middle at the origin."""
    t = np.linspace(-0.5, 0.5, 20)
    turn = angle + bend * t * rng.uniform(0.3, 1)
    line = np.cumsum(np.stack([np.cos(turn), np.sin(turn)], -1) * length / 20, 0)
    line -= line[10]
    half = 0.5 * width * np.clip(np.cos(np.pi * t), 0.08, 1) ** rng.uniform(0.6, 1.8)
    normal = np.stack([-np.sin(turn), np.cos(turn)], -1) * half[:, None]
    return np.concatenate([line + normal, (line - normal)[::-1]]).astype(np.float32)


def paint(mask: NDArray[np.uint8], points: Floats, y: float, x: float) -> None:
    """Fill an outline at (y, x)."""
    cv2.fillPoly(mask, [np.round((points + np.array((x, y), np.float32)) * 16).astype(np.int32)], 1, shift=4)


@dataclass(frozen=True)
class Objects:
    """Cells, nuclei or particles on a ground. Parts: 0 ground, 1 body, 2 rim, 3 core, 4 clutter (small things that are no objects)."""

    form: str
    radius: float
    spread: float
    aspect: float
    rough: float
    cover: float  # share of the image
    gap: float
    overlap: float  # probability that an object may cover another
    rim: float
    core: float
    eccentric: float
    clutter: int
    clutter_radius: float
    angle: float | None
    cluster: float
    count: int = 5

    @classmethod
    def draw(cls, rng: Random, form: str | None = None, radius: tuple[float, float] = (4, 45)) -> Objects:
        r = log_uniform(rng, *radius)
        return cls(
            form=form or str(rng.choice(["round", "round", "irregular", "spindle", "arms"])),
            radius=r,
            spread=rng.uniform(0.05, 0.4),
            aspect=log_uniform(rng, 1, 2.5),
            rough=rng.choice([0.02, 0.08, 0.2]),
            cover=log_uniform(rng, 0.03, 0.5),
            gap=rng.choice([0, 0, 1, 3]),
            overlap=rng.uniform(0, 0.8),
            rim=rng.choice([0, 1.5, 3]) * min(1, r / 10),
            core=rng.choice([0, 0.3, 0.5]),
            eccentric=rng.uniform(0, 0.5),
            clutter=int(rng.choice([0, 0, 8, 30])),
            clutter_radius=rng.uniform(0.08, 0.35) * r,
            angle=rng.uniform(0, np.pi) if rng.random() < 0.3 else None,
            cluster=rng.choice([0, 0, 1.5]),
        )

    def scene(self, rng: Random) -> Scene:
        instances, cores = np.zeros((SIZE, SIZE), np.int32), np.zeros((SIZE, SIZE), np.uint8)
        wanted = min(0.85, self.cover * math.exp(rng.normal(0, 0.5))) * SIZE * SIZE
        density = np.exp(self.cluster * smooth(rng, 40)) if self.cluster else None
        covered, number = 0, 0
        for _ in range(int(3 + 3 * wanted / self.radius**2)):
            if covered > wanted:
                break
            y, x = rng.uniform(-0.5 * self.radius, SIZE + 0.5 * self.radius, 2)
            if density is not None:
                place = density[int(np.clip(y, 0, SIZE - 1)), int(np.clip(x, 0, SIZE - 1))]
                if rng.random() > place / 3:
                    continue
            mask = np.zeros((SIZE, SIZE), np.uint8)
            r = self.radius * math.exp(rng.normal(0, self.spread))
            angle = rng.uniform(0, np.pi) if self.angle is None else self.angle + rng.normal(0, 0.2)
            self._body(rng, mask, r, angle, y, x)
            taken = instances > 0
            hit = (mask > 0) & taken
            if hit.any() and rng.random() > self.overlap:
                continue
            if self.gap and hit.any():
                grown = cv2.dilate(taken.astype(np.uint8), np.ones((3, 3), np.uint8), iterations=round(self.gap))
                taken = grown > 0
            free = (mask > 0) & ~taken
            if free.sum() < 6:
                continue
            number += 1
            instances[free] = number
            covered += int(free.sum())
            if self.core:
                off = self.eccentric * r * rng.uniform(-0.7, 0.7, 2)
                core = np.zeros((SIZE, SIZE), np.uint8)
                paint(
                    core, outline(rng, self.core * r / math.sqrt(self.aspect), min(self.aspect, 1.4), 0.05, angle), y + off[0], x + off[1]
                )
                cores[free] = core[free]
        parts = (instances > 0).astype(np.uint8)
        distance = depth(instances)
        parts[(cores > 0) & (parts == 1) & (distance > 1)] = 3
        if self.rim:
            parts[(instances > 0) & (distance < self.rim)] = 2
        for _ in range(int(rng.poisson(self.clutter))):
            mask = np.zeros((SIZE, SIZE), np.uint8)
            paint(mask, outline(rng, max(1, self.clutter_radius * math.exp(rng.normal(0, 0.3))), 1.3, 0.1, 0), *rng.uniform(0, SIZE, 2))
            parts[(mask > 0) & (parts == 0)] = 4
        return Scene(parts, instances, dome(distance, 0.8 * self.radius))

    def _body(self, rng: Random, mask: NDArray[np.uint8], r: float, angle: float, y: float, x: float) -> None:
        match self.form:
            case "spindle":
                paint(mask, ribbon(rng, 2 * r * self.aspect, r, rng.normal(0, 1), angle), y, x)
            case "arms":
                paint(mask, outline(rng, 0.7 * r, self.aspect, 0.15, angle), y, x)
                for turn in rng.uniform(0, 2 * np.pi, int(rng.integers(1, 4))):
                    arm = ribbon(rng, r * rng.uniform(2, 4), max(1.5, r * rng.uniform(0.15, 0.5)), rng.normal(0, 1), turn)
                    paint(mask, arm - arm[0], y, x)
            case "irregular":
                paint(mask, outline(rng, r, self.aspect, max(0.12, self.rough), angle), y, x)
            case _:
                paint(mask, outline(rng, r, self.aspect, self.rough, angle), y, x)


@dataclass(frozen=True)
class Mosaic:
    """Touching cells that fill most of the image, with membranes between them and organelles within.

    Parts: 0 interior, 1 membrane, 2 large organelle, 3 its hull, 4 small organelle, 5 other cells' interior, 6 ground (holes),
    7 dense spot at membranes.
    """

    cells: float
    warp: float
    warp_scale: float
    stretch: float
    angle: float
    membrane: float
    organelles: float
    organelle: float
    vesicles: float
    vesicle: float
    others: float
    holes: float
    dense: float
    count: int = 8

    @classmethod
    def draw(cls, rng: Random, fine: bool = True) -> Mosaic:
        cells = log_uniform(rng, 6, 60) if fine else log_uniform(rng, 1.5, 12)
        width = SIZE / math.sqrt(cells)
        return cls(
            cells=cells,
            warp=rng.uniform(0.05, 0.3) * width,
            warp_scale=rng.uniform(0.3, 0.9) * width,
            stretch=log_uniform(rng, 1, 2.5),
            angle=rng.uniform(0, np.pi),
            membrane=min(log_uniform(rng, 0.7, 3.5), 0.08 * width),
            organelles=rng.choice([0, 2, 5]),
            organelle=rng.uniform(0.12, 0.35) * width,
            vesicles=rng.choice([0, 0, 20, 60]),
            vesicle=rng.uniform(1.2, 3.5),
            others=rng.choice([0, 0, 0.25]),
            holes=rng.choice([0, 0.3, 0.5]) if not fine else rng.choice([0, 0, 0.1]),
            dense=rng.choice([0, 0, 3]),
        )

    def scene(self, rng: Random) -> Scene:
        y, x = warped_grid(rng, self.warp, self.warp_scale)
        c, s = math.cos(self.angle), math.sin(self.angle)
        u, v = (c * y + s * x) * math.sqrt(self.stretch), (-s * y + c * x) / math.sqrt(self.stretch)
        middle = SIZE / 2
        u += middle - (c + s) * middle * math.sqrt(self.stretch)
        v += middle - (c - s) * middle / math.sqrt(self.stretch)
        cells = max(3, int(1.7 * self.cells * math.exp(rng.normal(0, 0.2))))
        cell, one, two = nearest_two(rng, cells, u, v)
        kind = rng.random(cells)[cell]
        parts = np.zeros((SIZE, SIZE), np.uint8)
        parts[kind < self.others] = 5
        holes = rng.random(cells)[cell] < self.holes
        parts[holes] = 6
        wall = (two - one) / 2
        thick = self.membrane * np.exp(0.25 * smooth(rng, 12))
        membrane = wall < thick
        if self.holes:
            edges = blur(holes.astype(np.float32), 1.0)
            membrane = membrane & (edges < 0.999)  # no wall between two holes
        distance = np.maximum(wall - thick, 0)
        inside = ~membrane & ~holes & (distance > 1.5)
        for _ in range(int(rng.poisson(self.organelles))):
            mask = np.zeros((SIZE, SIZE), np.uint8)
            r = self.organelle * math.exp(rng.normal(0, 0.3))
            paint(mask, outline(rng, r, log_uniform(rng, 1, 2.5), 0.08, rng.uniform(0, np.pi)), *rng.uniform(0, SIZE, 2))
            hull = mask - cv2.erode(mask, np.ones((3, 3), np.uint8), iterations=1 if r < 9 else 2)
            free = inside & (parts != 2) & (parts != 3)
            parts[(mask > 0) & free] = 2
            parts[(hull > 0) & free] = 3
        if self.vesicles:
            crowd = smooth(rng, 20) > 0.4
            for _ in range(int(rng.poisson(self.vesicles))):
                at = rng.integers(0, SIZE, 2)
                if crowd[at[0], at[1]] and inside[at[0], at[1]] and parts[at[0], at[1]] == 0:
                    mask = np.zeros((SIZE, SIZE), np.uint8)
                    cv2.circle(mask, (int(at[1]), int(at[0])), max(1, round(self.vesicle * rng.uniform(0.7, 1.3))), 1, -1)
                    parts[(mask > 0) & inside & (parts == 0)] = 4
        parts[membrane] = 1
        if self.dense:
            places = np.argwhere(membrane)
            for _ in range(int(rng.poisson(self.dense))):
                if len(places):
                    at = places[rng.integers(len(places))]
                    mask = np.zeros((SIZE, SIZE), np.uint8)
                    paint(mask, outline(rng, self.membrane + rng.uniform(1, 4), 2, 0.15, rng.uniform(0, np.pi)), float(at[0]), float(at[1]))
                    parts[(mask > 0) & (parts != 6)] = 7
        instances = np.where(holes, 0, cell + 1).astype(np.int32)
        return Scene(parts, instances, np.where(holes, 0, dome(distance, 0.35 * SIZE / math.sqrt(self.cells))).astype(np.float32))


@dataclass(frozen=True)
class Trees:
    """Vessels, fibres and roots that branch and taper. Parts: 0 ground, 1 vessel, 2 vessel of another kind, 3 disc, 4 outside the frame."""

    trees: float
    width: float
    wave: float
    branching: float
    taper: float
    second: bool
    disc: bool
    frame: float
    count: int = 5

    @classmethod
    def draw(cls, rng: Random) -> Trees:
        return cls(
            trees=log_uniform(rng, 1, 7),
            width=log_uniform(rng, 1.0, 6.0),
            wave=log_uniform(rng, 0.01, 0.15),
            branching=rng.uniform(0.005, 0.03),
            taper=rng.uniform(0.55, 0.85),
            second=rng.random() < 0.3,
            disc=rng.random() < 0.3,
            frame=rng.choice([0, 0, 0.5]),
        )

    def scene(self, rng: Random) -> Scene:
        scale = 4
        canvases = [np.zeros((SIZE * scale, SIZE * scale), np.uint8) for _ in range(2)]
        height = np.zeros((SIZE, SIZE), np.float32)
        for _ in range(1 + int(rng.poisson(self.trees))):
            canvas = canvases[int(self.second and rng.random() < 0.5)]
            side = rng.uniform(0, 2 * np.pi)
            start = SIZE / 2 + 0.72 * SIZE * np.array([math.sin(side), math.cos(side)]) * rng.uniform(0.2, 1)
            stack = [(start[0], start[1], side + np.pi + rng.normal(0, 0.6), self.width * math.exp(rng.normal(0, 0.35)), 0)]
            while stack:
                y, x, heading, width, level = stack.pop()
                turn = 0.0
                for _ in range(int(rng.integers(30, 160))):
                    turn = 0.9 * turn + rng.normal(0, self.wave * 0.5)
                    heading += turn
                    ny, nx = y + 1.5 * math.sin(heading), x + 1.5 * math.cos(heading)
                    line = [(round(a * scale * 8), round(b * scale * 8)) for a, b in ((x, y), (nx, ny))]
                    cv2.line(canvas, line[0], line[1], 1, max(2, round(width * scale)), shift=3)
                    y, x, width = ny, nx, max(0.6, width * 0.9985)
                    if not (-20 < y < SIZE + 20 and -20 < x < SIZE + 20):
                        break
                    if rng.random() < self.branching and level < 4 and len(stack) < 12:
                        away = rng.choice([-1, 1]) * rng.uniform(0.4, 1.1)
                        stack.append((y, x, heading + away, max(0.6, width * self.taper * rng.uniform(0.6, 1)), level + 1))
                        heading -= 0.3 * away
        covers = [cv2.resize(c.astype(np.float32), (SIZE, SIZE), interpolation=cv2.INTER_AREA) for c in canvases]
        parts = np.zeros((SIZE, SIZE), np.uint8)
        if self.disc and rng.random() < 0.6:
            mask = np.zeros((SIZE, SIZE), np.uint8)
            paint(mask, outline(rng, rng.uniform(10, 35), 1.1, 0.03, 0), *rng.uniform(0, SIZE, 2))
            parts[mask > 0] = 3
        for value, cover in enumerate(covers, 1):
            parts[cover >= 0.5] = value
        height = np.maximum(*covers)
        if self.frame and rng.random() < 0.7:
            side = rng.uniform(0, 2 * np.pi)
            y, x = np.mgrid[:SIZE, :SIZE]
            far = np.hypot(y - SIZE / 2 - 150 * math.sin(side), x - SIZE / 2 - 150 * math.cos(side)) > 150 + SIZE * rng.uniform(-0.1, 0.45)
            parts[far] = 4
            height[far] = 0
        return Scene(parts, (height > 0).astype(np.int32), height.astype(np.float32))


@dataclass(frozen=True)
class Patches:
    """Regions with winding borders, such as tissues, organs and lesions. Parts: 0 ground and up to five kinds of region."""

    regions: int
    scale: float
    ragged: float
    levels: tuple[float, ...] = field(default=())
    single: bool = False
    count: int = 6

    @classmethod
    def draw(cls, rng: Random) -> Patches:
        regions = int(rng.integers(1, 6))
        levels = tuple(np.sort(rng.uniform(0.15, 0.9, regions)).tolist())
        single = rng.random() < 0.5
        return cls(regions, log_uniform(rng, 8, 50), rng.choice([0, 0.05, 0.15]), levels, single, regions + 1)

    def scene(self, rng: Random) -> Scene:
        if not self.single:
            field_ = smooth(rng, self.scale) + self.ragged * smooth(rng, 4)
            cuts = np.quantile(smooth(rng, self.scale), self.levels) + rng.normal(0, 0.15)
            parts = np.digitize(field_, np.sort(cuts)).astype(np.uint8)
            return Scene(parts, (parts > 0).astype(np.int32), np.clip(0.5 + 0.3 * field_, 0, 1).astype(np.float32))
        parts, instances = np.zeros((SIZE, SIZE), np.uint8), np.zeros((SIZE, SIZE), np.int32)
        for value in range(1, self.regions + 1):
            for _ in range(1 + int(rng.random() < 0.25)):
                mask = np.zeros((SIZE, SIZE), np.uint8)
                r = self.scale * math.exp(rng.normal(0, 0.3)) * rng.uniform(0.6, 1)
                paint(mask, outline(rng, r, log_uniform(rng, 1, 2.2), 0.06 + self.ragged, rng.uniform(0, np.pi)), *rng.uniform(0, SIZE, 2))
                parts[mask > 0], instances[mask > 0] = value, value + 10 * int(rng.integers(1, 9))
        return Scene(parts, instances, dome(depth(instances), 0.7 * self.scale))
