"""Samples of picture formats, and how other programs read our pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from formats.trials.samples import COLOUR, PICTURE, VOLUME, Made, reader, writer
from numpy.typing import NDArray
from PIL import Image


def grey(array: NDArray[Any]) -> NDArray[Any]:
    """Return a picture (Y, X) as (C, Z, Y, X)."""
    return array[None, None]


def coloured(array: NDArray[Any]) -> NDArray[Any]:
    """Return a picture (Y, X, C) as (C, Z, Y, X)."""
    return array.transpose(2, 0, 1)[:, None]


def by_pillow(path: Path, **options: Any) -> Made:
    """Write the coloured picture with Pillow."""
    Image.fromarray(COLOUR).save(path, **options)
    return Made(path, coloured(np.asarray(Image.open(path).convert("RGB"))), exact=path.suffix != ".jpg")


@reader("png", checked="Pillow")
def png_16_bit(folder: Path) -> Made:
    """16 bits of grey."""
    Image.fromarray(VOLUME[0]).save(folder / "a.png")
    return Made(folder / "a.png", grey(VOLUME[0]))


@reader("png", checked="Pillow")
def png_colour(folder: Path) -> Made:
    """Colour."""
    return by_pillow(folder / "a.png")


@writer("png", checked="Pillow")
def read_png(path: Path) -> NDArray[Any]:
    """Read palette indices."""
    return np.asarray(Image.open(path))[None]


@reader("bmp", checked="Pillow")
def bmp(folder: Path) -> Made:
    """Grey."""
    Image.fromarray(PICTURE).save(folder / "a.bmp")
    return Made(folder / "a.bmp", grey(PICTURE))


@reader("bmp", checked="Pillow")
def bmp_colour(folder: Path) -> Made:
    """Colour."""
    return by_pillow(folder / "a.bmp")


@reader("gif", checked="Pillow")
def gif(folder: Path) -> Made:
    """Grey."""
    Image.fromarray(PICTURE).save(folder / "a.gif")
    return Made(folder / "a.gif", grey(PICTURE))


@reader("jpeg", checked="Pillow")
def jpeg(folder: Path) -> Made:
    """Grey, as Pillow decodes it."""
    Image.fromarray(PICTURE).save(folder / "a.jpg", quality=90)
    return Made(folder / "a.jpg", grey(np.asarray(Image.open(folder / "a.jpg"))), exact=False)


@reader("jpeg2000", checked="OpenJPEG")
def jpeg2000(folder: Path) -> Made:
    """16 bits of grey, reversible."""
    (folder / "a.jp2").write_bytes(imagecodecs.jpeg2k_encode(VOLUME[0], reversible=True, level=0))
    return Made(folder / "a.jp2", grey(imagecodecs.jpeg2k_decode((folder / "a.jp2").read_bytes())))


@reader("webp", checked="Pillow")
def webp(folder: Path) -> Made:
    """Colour, lossless."""
    return by_pillow(folder / "a.webp", lossless=True)


@reader("pnm", checked="Pillow")
def pnm(folder: Path) -> Made:
    """Grey."""
    Image.fromarray(PICTURE).save(folder / "a.pgm")
    return Made(folder / "a.pgm", grey(PICTURE))


@reader("pnm", checked="Pillow")
def pnm_colour(folder: Path) -> Made:
    """Colour."""
    return by_pillow(folder / "a.ppm")
