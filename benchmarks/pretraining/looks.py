"""How a world's parts look: fluorescence, phase contrast, DIC, electron microscopy, stain, vessels, ultrasound, photographs, CT, any.

A look is drawn once for a world; `render(rng, scene)` then makes the image of a scene before the camera: (Y, X), any scale.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np
from fields import SIZE, Floats, Random, blur, log_uniform, smooth, spots, unit, waves
from layouts import Scene
from numpy.typing import NDArray


class Look(Protocol):
    """The appearance of the parts of scenes."""

    def render(self, rng: Random, scene: Scene) -> Floats: ...


@dataclass(frozen=True)
class Texture:
    """The appearance of a material: a level, waves or grains on it, and slow variation."""

    level: float
    amount: float
    wavelength: float
    angle: float | None
    focus: float
    shape: str
    slow: float

    @classmethod
    def draw(cls, rng: Random, contrast: float = 1.0, amount: float = 0.4) -> Texture:
        return cls(
            level=rng.normal(0, contrast),
            amount=amount * math.exp(rng.normal(0, 0.8)),
            wavelength=log_uniform(rng, 2.5, 30),
            angle=rng.uniform(0, np.pi) if rng.random() < 0.3 else None,
            focus=rng.uniform(1, 5),
            shape=str(rng.choice(["plain", "plain", "ridges", "grains", "holes"])),
            slow=amount * rng.choice([0, 0.5, 1]),
        )

    def field(self, rng: Random) -> Floats:
        n = waves(rng, self.wavelength, 0.6, self.angle, self.focus)
        match self.shape:
            case "ridges":
                n = unit(np.abs(n))
            case "grains":
                n = unit((n > 1.0).astype(np.float32))
            case "holes":
                n = -unit((n > 1.2).astype(np.float32))
        out = self.level + self.amount * n
        return np.asarray(out + self.slow * smooth(rng, 30) if self.slow else out, np.float32)


def by_part(rng: Random, scene: Scene, textures: list[Texture]) -> Floats:
    """Give every part its texture."""
    out = np.zeros((SIZE, SIZE), np.float32)
    for value in np.unique(scene.parts):
        inside = scene.parts == value
        out[inside] = textures[value % len(textures)].field(rng)[inside]
    return out


def per_instance(rng: Random, scene: Scene, spread: float) -> Floats:
    """Draw a factor for every object, lognormal with `spread`; 1 outside."""
    factors = np.exp(rng.normal(0, spread, int(scene.instances.max()) + 1)).astype(np.float32)
    factors[0] = 1
    return np.asarray(factors[scene.instances], np.float32)


def relief(height: Floats, angle: float) -> Floats:
    """Return the slope of a height along an angle: the shading of differential interference contrast and of lamps from the side."""
    gy, gx = np.gradient(height)
    return np.asarray(gy * math.sin(angle) + gx * math.cos(angle), np.float32)


def outlines(scene: Scene) -> Floats:
    """Return 1 on the borders of objects."""
    i, edges = scene.instances, np.zeros((SIZE, SIZE), np.float32)
    edges[:-1] += i[:-1] != i[1:]
    edges[:, :-1] += i[:, :-1] != i[:, 1:]
    return np.minimum(edges, 1)


def rings(rng: Random, number: int, radius: float, inside: NDArray[np.bool_]) -> Floats:
    """Make small rings, such as granules and droplets with a bright edge, inside a mask."""
    canvas = np.zeros((SIZE, SIZE), np.uint8)
    for y, x in rng.integers(0, SIZE, (number, 2)).tolist():
        if inside[y, x]:
            cv2.circle(canvas, (x, y), max(1, round(radius * rng.uniform(0.6, 1.5))), int(rng.integers(60, 255)), 1, cv2.LINE_AA)
    return canvas.astype(np.float32) / 255


@dataclass(frozen=True)
class Textured:
    """Any texture on any part; objects may differ in level, and borders may shine."""

    textures: list[Texture]
    objects: float
    border: float
    border_width: float

    @classmethod
    def draw(cls, rng: Random, count: int) -> Textured:
        contrast = log_uniform(rng, 0.15, 1.5)
        textures = [Texture.draw(rng, contrast) for _ in range(count)]
        if rng.random() < 0.3:  # only the level tells the parts apart
            first = textures[0]
            textures = [
                Texture(t.level, first.amount, first.wavelength, first.angle, first.focus, first.shape, first.slow) for t in textures
            ]
        return cls(textures, rng.choice([0, 0.1, 0.4]), rng.normal(0, 1) * (rng.random() < 0.4), log_uniform(rng, 0.8, 4))

    def render(self, rng: Random, scene: Scene) -> Floats:
        image = by_part(rng, scene, self.textures) + np.log(per_instance(rng, scene, self.objects))
        if self.border:
            mask = (scene.parts > 0).astype(np.float32)
            image += 3 * self.border * (blur(mask, self.border_width) - blur(mask, 2.5 * self.border_width))
        return np.asarray(image, np.float32)


@dataclass(frozen=True)
class Fluorescence:
    """Bright objects on black, up to tenfold different in brightness, with haze and objects out of focus."""

    texture: Texture
    objects: float
    images: float
    rim: float
    core: float
    clutter: float
    ground: float
    haze: float
    unfocused: float
    rounded: float

    @classmethod
    def draw(cls, rng: Random, count: int) -> Fluorescence:
        return cls(
            texture=Texture.draw(rng, 0, rng.uniform(0.05, 0.5)),
            objects=rng.choice([0.1, 0.3, 0.7]),
            images=rng.choice([0.1, 0.5, 1.0]),
            rim=rng.choice([1, 1, 1.6, 0.8]),
            core=rng.choice([1, 0.5, 1.5]),
            clutter=rng.uniform(0.1, 1.0),
            ground=log_uniform(rng, 0.01, 0.7),
            haze=log_uniform(rng, 0.01, 0.3),
            unfocused=rng.choice([0, 0, 0.4]),
            rounded=rng.uniform(0, 1),
        )

    def render(self, rng: Random, scene: Scene) -> Floats:
        factors = np.array([0, 1, self.rim, self.core, self.clutter, 0.6, 0, 1.3], np.float32)
        body = factors[scene.parts] * per_instance(rng, scene, self.objects)
        body *= np.maximum(1 + self.texture.field(rng), 0.2) * (1 - self.rounded + self.rounded * np.sqrt(scene.fill + 0.02))
        body *= math.exp(rng.normal(0, self.images))
        light = body + self.haze * blur(body, rng.uniform(10, 30)) + self.ground * np.exp(0.3 * smooth(rng, 60))
        if self.unfocused:
            light += self.unfocused * blur(np.roll(body, rng.integers(20, SIZE - 20, 2), (0, 1)), rng.uniform(4, 10))
        return np.asarray(light, np.float32)


@dataclass(frozen=True)
class Phase:
    """Phase contrast: bodies hardly differ from the ground, but have dark or bright halos and granules; some round up and shine."""

    body: float
    halo: float
    width: float
    granules: float
    granule: float
    core: float
    shining: float
    ridge: float
    droplets: float
    ground: Texture
    inner: Texture

    @classmethod
    def draw(cls, rng: Random, count: int) -> Phase:
        return cls(
            body=rng.normal(0, 0.5),
            halo=rng.choice([-1, 1]) * rng.uniform(0.3, 2.0),
            width=log_uniform(rng, 1.5, 8),
            granules=rng.normal(0, 0.8),
            granule=rng.uniform(0.7, 2.0),
            core=rng.normal(0, 0.4),
            shining=rng.choice([0, 0.15, 0.6]),
            ridge=rng.normal(0, 1.5) * (rng.random() < 0.5),
            droplets=rng.normal(0, 1.5) * (rng.random() < 0.4),
            ground=Texture.draw(rng, 0, rng.uniform(0.03, 0.15)),
            inner=Texture.draw(rng, 0, rng.uniform(0.1, 0.7)),
        )

    def render(self, rng: Random, scene: Scene) -> Floats:
        inside = np.isin(scene.parts, (1, 2, 3, 5)) | ((scene.parts == 0) & (scene.instances > 0))
        mask = inside.astype(np.float32)
        image = self.ground.field(rng) + mask * (self.body + self.inner.field(rng))
        image += self.core * np.isin(scene.parts, (3, 4)).astype(np.float32) - 0.7 * self.body * (scene.parts == 4)
        image += self.halo * (blur(mask, self.width) - mask) * 1.5
        image += self.granules * spots(rng, int(SIZE * SIZE / 60), self.granule, inside)
        if self.ridge:
            edges = outlines(scene)
            image += self.ridge * 2 * (blur(edges, 0.8) - 0.7 * blur(edges, 2.0 + 0.2 * self.width))
        if self.droplets:
            image += self.droplets * rings(rng, 120, self.granule * 2, inside & (smooth(rng, 15) > 0))
        if self.shining:
            lots = rng.random(int(scene.instances.max()) + 1) < self.shining
            lots[0] = False
            image += 3 * scene.fill * lots[scene.instances]
        return np.asarray(blur(image, 0.6), np.float32)


@dataclass(frozen=True)
class Relief:
    """DIC and other shadowed relief: the slope of bodies, granules and folds, on a grainy ground."""

    angle: float
    smoothing: float
    body: float
    grains_in: float
    grains_out: float
    grain: float
    rings: float
    core: float
    outline: float

    @classmethod
    def draw(cls, rng: Random, count: int) -> Relief:
        return cls(
            angle=rng.uniform(0, 2 * np.pi),
            smoothing=log_uniform(rng, 0.8, 5),
            body=log_uniform(rng, 1, 12),
            grains_in=log_uniform(rng, 0.2, 2),
            grains_out=rng.choice([0.03, 0.1, 0.5]),
            grain=log_uniform(rng, 0.8, 3),
            rings=rng.choice([0, 0.02, 0.06]),
            core=rng.choice([0, 1, 3]),
            outline=rng.normal(0, 0.5),
        )

    def render(self, rng: Random, scene: Scene) -> Floats:
        inside = np.isin(scene.parts, (1, 2, 3, 5, 0)) & (scene.instances > 0)
        mask = inside.astype(np.float32)
        height = self.body * blur(scene.fill * per_instance(rng, scene, 0.2), self.smoothing) + self.core * blur(
            (scene.parts == 3).astype(np.float32), 1.5
        )
        height -= 0.7 * self.body * blur((scene.parts == 4).astype(np.float32), 1.5) * rng.choice([0, 1])
        grains = waves(rng, self.grain * 3, 0.6)
        height += self.grain * (
            self.grains_in * mask * grains * np.clip(0.6 + 0.5 * smooth(rng, 15), 0, 2) + self.grains_out * waves(rng, self.grain * 4, 1.0)
        )
        if self.rings:
            height += 4 * self.grain * blur(rings(rng, int(self.rings * SIZE * 20), 1 + self.grain, inside & (smooth(rng, 15) > -0.3)), 0.6)
        image = relief(height, self.angle) + 0.15 * height * rng.uniform(-0.3, 0.3)
        edge = outlines(scene)
        edge = blur(edge, 0.8) - 0.6 * blur(edge, 2.5)
        return np.asarray(image + self.outline * edge * image.std() * 4, np.float32)


@dataclass(frozen=True)
class Electron:
    """Electron microscopy: dark membranes of uneven contrast, sharp or oblique, grainy interiors, dark organelles with stripes."""

    membrane: float
    uneven: float
    double: bool
    interior: Texture
    other: Texture
    organelle: float
    stripes: float
    hull: float
    vesicle: float
    ring: bool
    dense: float
    ground: float
    grains: float
    grain: float

    @classmethod
    def draw(cls, rng: Random, count: int) -> Electron:
        return cls(
            membrane=rng.uniform(0.8, 2.5),
            uneven=rng.uniform(0, 0.6),
            double=rng.random() < 0.25,
            interior=Texture.draw(rng, 0, rng.uniform(0.1, 0.5)),
            other=replace(Texture.draw(rng, 0, rng.uniform(0.1, 0.5)), level=rng.normal(-0.6, 0.7)),
            organelle=rng.uniform(0.2, 1.6),
            stripes=rng.uniform(0.1, 0.7),
            hull=rng.uniform(0.5, 2),
            vesicle=rng.uniform(0.4, 1.5),
            ring=rng.random() < 0.6,
            dense=rng.uniform(1, 2.5),
            ground=rng.normal(0.5, 0.7),
            grains=rng.choice([0, 0.4, 1.0]),
            grain=rng.uniform(0.6, 1.5),
        )

    def render(self, rng: Random, scene: Scene) -> Floats:
        parts = scene.parts
        image = np.where(parts == 5, self.other.field(rng), self.interior.field(rng)).astype(np.float32)
        image += 0.3 * np.log(per_instance(rng, scene, 0.4))
        image -= self.grains * spots(rng, int(SIZE * SIZE / 50), self.grain, parts == 0)
        wall = (parts == 1).astype(np.float32)
        if self.double:
            wall = np.clip(wall - 0.7 * cv2.erode(wall, np.ones((3, 3), np.uint8)), 0, 1)
        strength = np.clip(1 + self.uneven * smooth(rng, 15), 0.1, 2)
        oblique = np.clip(smooth(rng, 25) - 0.8, 0, 1)
        wall = wall * (1 - oblique) + blur(wall, 2.5) * oblique * 1.3
        image -= self.membrane * strength * wall
        organelle = parts == 2
        image[organelle] = (-self.organelle + self.stripes * waves(rng, rng.uniform(5, 10), 0.4, rng.uniform(0, np.pi), 3))[organelle]
        image[parts == 3] = -self.hull - 0.3
        small = (parts == 4).astype(np.float32)
        image -= self.vesicle * (small - (1.6 * cv2.erode(small, np.ones((3, 3), np.uint8)) if self.ring else 0))
        image[parts == 6] = self.ground + 0.1 * waves(rng, 4)[parts == 6]
        image[parts == 7] = -self.dense
        return image


@dataclass(frozen=True)
class Stained:
    """Stained tissue in transmitted light: dark nuclei of uneven stain in fibres and white gaps."""

    nuclei: float
    objects: float
    tissue: Texture
    fibres: Texture
    inner: Texture
    gaps: float
    body: float

    @classmethod
    def draw(cls, rng: Random, count: int) -> Stained:
        return cls(
            nuclei=rng.uniform(0.3, 1.8),
            objects=rng.uniform(0.1, 0.5),
            tissue=Texture.draw(rng, 0, 0.2),
            fibres=Texture(0, rng.uniform(0, 0.4), log_uniform(rng, 4, 15), rng.uniform(0, np.pi), 3.0, "ridges", 0.2),
            inner=Texture.draw(rng, 0, rng.uniform(0.1, 0.4)),
            gaps=rng.uniform(-1, 1.5),
            body=rng.choice([0, 0.3]),
        )

    def render(self, rng: Random, scene: Scene) -> Floats:
        dye = 0.5 + self.tissue.field(rng) + self.fibres.field(rng)
        dye *= smooth(rng, 20) > -self.gaps - 0.8
        stain = np.array([0, 1, 1.3, 0.6, 0.5, 0.4, 0, 1.5], np.float32)[scene.parts] * self.nuclei * per_instance(rng, scene, self.objects)
        dye = np.maximum(dye, 0) * (1 - 0.5 * (stain > 0)) + stain * np.maximum(1 + self.inner.field(rng), 0.2)
        dye += self.body * blur((scene.parts > 0).astype(np.float32), 6)
        return np.asarray(np.exp(-dye), np.float32)


@dataclass(frozen=True)
class Vascular:
    """Thin dark or bright vessels, fainter where thinner, on an uneven ground that ends at a black frame."""

    contrast: float
    second: float
    thin: float
    ground: Texture
    uneven: float
    disc: float
    reflex: float
    frame: float

    @classmethod
    def draw(cls, rng: Random, count: int) -> Vascular:
        return cls(
            contrast=rng.choice([-1, -1, 1]) * log_uniform(rng, 0.07, 1.2),
            second=rng.uniform(0.4, 1.5),
            thin=rng.uniform(0, 1),
            ground=Texture.draw(rng, 0, log_uniform(rng, 0.005, 0.1)),
            uneven=rng.uniform(0.03, 0.3),
            disc=rng.uniform(-0.5, 1.2),
            reflex=rng.choice([0, 0, 0.5]),
            frame=rng.choice([-3, -1.5, -0.5]),
        )

    def render(self, rng: Random, scene: Scene) -> Floats:
        vessel = scene.fill * np.where(scene.parts == 2, self.second, 1)
        wide = blur(scene.fill, 3)
        strength = (1 - self.thin + self.thin * np.clip(1.6 * wide, 0.15, 1)) * np.clip(1 + 0.3 * smooth(rng, 25), 0.2, 2)
        profile = vessel * strength - self.reflex * np.clip(blur(scene.fill, 1.2) - 0.85, 0, 1) * 3
        image = self.ground.field(rng) + self.uneven * smooth(rng, 60) + self.contrast * profile
        image += self.disc * blur((scene.parts == 3).astype(np.float32), 2)
        return np.where(scene.parts == 4, self.frame, image).astype(np.float32)


@dataclass(frozen=True)
class Ultrasound:
    """Multiplicative speckle in layers, darker lesions, shadows below them."""

    echoes: list[float]
    grain: float
    flat: float
    layers: float
    shadow: float

    @classmethod
    def draw(cls, rng: Random, count: int) -> Ultrasound:
        return cls(
            rng.normal(0, rng.uniform(0.5, 1.5), count).tolist(),
            log_uniform(rng, 1, 5),
            rng.uniform(1, 3),
            rng.uniform(0, 0.4),
            rng.choice([0, 0.5]),
        )

    def render(self, rng: Random, scene: Scene) -> Floats:
        echo = np.array([self.echoes[v % len(self.echoes)] for v in range(9)], np.float32)[scene.parts]
        echo = blur(echo, rng.uniform(0.5, 3)) + self.layers * waves(rng, 25, 1, np.pi / 2, 4) + 0.3 * smooth(rng, 20)
        if self.shadow:
            echo -= self.shadow * blur(np.maximum.accumulate(scene.parts > 0, axis=0).astype(np.float32), 4)
        real, imaginary = (rng.standard_normal((SIZE, SIZE), np.float32) for _ in range(2))
        spread = (self.grain * self.flat, self.grain)
        parts = [cv2.GaussianBlur(p, (0, 0), spread[0], sigmaY=spread[1]) for p in (real, imaginary)]
        speckle = np.hypot(*parts)
        return np.asarray(np.log(speckle / speckle.mean() + 0.05) * 0.5 + echo, np.float32)


@dataclass(frozen=True)
class Photograph:
    """Shaded surfaces: skin, mucosa, organs, with folds, highlights and hairs; lesions differ in tone, bulge or texture."""

    textures: list[Texture]
    bulge: float
    lamp: float
    folds: float
    highlights: float
    hairs: int
    soft: float

    @classmethod
    def draw(cls, rng: Random, count: int) -> Photograph:
        contrast = rng.uniform(0.1, 0.6)
        return cls(
            textures=[Texture.draw(rng, contrast, rng.uniform(0.02, 0.15)) for _ in range(count)],
            bulge=rng.normal(0, 8),
            lamp=rng.uniform(0, 2 * np.pi),
            folds=rng.choice([0, 1, 4]),
            highlights=rng.choice([0, 1, 3]),
            hairs=int(rng.choice([0, 0, 6])),
            soft=log_uniform(rng, 0.6, 5),
        )

    def render(self, rng: Random, scene: Scene) -> Floats:
        image = blur(by_part(rng, scene, self.textures), self.soft)
        height = self.bulge * blur(scene.fill, 3) + self.folds * np.abs(waves(rng, 60, 1))
        shade = relief(height, self.lamp)
        image += 0.5 * shade + 0.4 * smooth(rng, 70)
        if self.highlights:
            image += self.highlights * np.clip(smooth(rng, 5) + 2 * shade - 1.8, 0, 1)
        if self.hairs:
            dark = np.zeros((SIZE, SIZE), np.uint8)
            for _ in range(self.hairs):
                a, b = rng.uniform(0, SIZE, 2), rng.normal(0, 50, 2)
                cv2.line(dark, tuple(int(v) for v in a), tuple(int(v) for v in a + b), 1, 1, cv2.LINE_AA)
            image -= 0.8 * blur(dark.astype(np.float32), 0.7)
        return np.asarray(image, np.float32)


@dataclass(frozen=True)
class Tomogram:
    """CT and MR: even regions of faint contrast, fine correlated noise, some very bright or dark parts."""

    levels: list[float]
    inner: Texture
    bias: float

    @classmethod
    def draw(cls, rng: Random, count: int) -> Tomogram:
        levels = rng.normal(0, rng.uniform(0.2, 1), count)
        if rng.random() < 0.5:
            levels[rng.integers(count)] += rng.choice([-4, 4])
        return cls(levels.tolist(), Texture.draw(rng, 0, rng.uniform(0.02, 0.15)), rng.choice([0, 0.3]))

    def render(self, rng: Random, scene: Scene) -> Floats:
        image = np.array([self.levels[v % len(self.levels)] for v in range(9)], np.float32)[scene.parts]
        return np.asarray(blur(image, rng.uniform(0.4, 1.5)) + self.inner.field(rng) + self.bias * smooth(rng, 60), np.float32)
