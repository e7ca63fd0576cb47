"""Samples of the formats of microscopes, of video, and of newer picture formats."""

from __future__ import annotations

from pathlib import Path

import cv2
import imagecodecs
import numpy as np
import tifffile
from formats.trials.builders.pictures import coloured, grey
from formats.trials.samples import COLOUR, ELSEWHERE, VOLUME, Made, reader

FILM = np.random.default_rng(5).integers(0, 60_000, (2, 3, 4, 6, 9)).astype(np.uint16)
"""Times, channels, slices, rows, columns."""

ELSEWHERE["lif"] = "liffile (a real file, where it is there)"
ELSEWHERE["nd2"] = "nothing: no file could be had"


@reader("ome_zarr", checked="zarr")
def ome_zarr(folder: Path) -> Made:
    """Two times in several chunks."""
    from formats.test_ome_zarr import image

    return Made(image(folder / "a.ome.zarr", FILM, "tczyx"), FILM[0], (2e-3, 0.5e-3, 0.5e-3), others=(FILM[1],))


@reader("mrc", checked="mrcfile")
def mrc(folder: Path) -> Made:
    """A map with its voxel size in ångström."""
    import mrcfile

    with mrcfile.new(folder / "a.mrc") as file:
        file.set_data(VOLUME.astype(np.float32))
        file.voxel_size = (2.0, 3.0, 4.0)
    return Made(folder / "a.mrc", VOLUME.astype(np.float32)[None], (4e-7, 3e-7, 2e-7))


@reader("czi", checked="czifile")
def czi(folder: Path) -> Made:
    """Two times with slices and channels."""
    import czifile
    from formats.test_microscopy import czi as write

    tiles = [({"Z": z, "C": c, "T": t}, FILM[t, c, z]) for z in range(4) for t in range(2) for c in range(3)]
    path = write(folder / "a.czi", tiles)
    whole = np.squeeze(czifile.imread(path))
    assert whole.size == FILM.size and np.array_equal(np.sort(whole, axis=None), np.sort(FILM, axis=None))
    return Made(path, FILM[0], (2e-3, 5e-4, 5e-4), others=(FILM[1],))


@reader("oif", checked="tifffile")
def oif(folder: Path) -> Made:
    """Slices and channels beside their description."""
    sections = [
        "[File Info]",
        "[ProfileSaveInfo]\nName=a\nVersion=1.0.0.0",
        '[Reference Image Parameter]\nWidthConvertValue=0.25\nWidthUnit="um"\nHeightConvertValue=0.5\nHeightUnit="um"',
        '[Axis 3 Parameters Common]\nAxisCode="Z"\nMaxSize=4\nStartPosition=3000\nEndPosition=0\nUnitName="nm"',
    ]
    (folder / "a.oif").write_bytes(b"\xff\xfe" + "\n".join(sections).replace("\n", "\r\n").encode("utf-16-le"))
    (folder / "a.oif.files").mkdir()
    for c in range(3):
        for z in range(4):
            tifffile.imwrite(folder / "a.oif.files" / f"s_C{c + 1:03d}Z{z + 1:03d}.tif", FILM[0, c, z])
    return Made(folder / "a.oif", FILM[0], (1e-3, 0.5e-3, 0.25e-3))


@reader("video", checked="OpenCV")
def video(folder: Path) -> Made:
    """Frames of grey, without loss."""
    frames = np.repeat(np.repeat((VOLUME % 256).astype(np.uint8), 8, axis=1), 8, axis=2)
    writer = cv2.VideoWriter(str(folder / "a.avi"), cv2.VideoWriter.fourcc(*"FFV1"), 10, frames.shape[:0:-1])
    for frame in frames:
        writer.write(np.repeat(frame[..., None], 3, axis=2))
    writer.release()
    return Made(folder / "a.avi", frames[None])


@reader("avif", checked="libavif (imagecodecs)")
def avif(folder: Path) -> Made:
    """Colour, as the library decodes it."""
    data = imagecodecs.avif_encode(np.kron(COLOUR, np.ones((4, 4, 1), np.uint8)), level=90)
    (folder / "a.avif").write_bytes(data)
    return Made(folder / "a.avif", coloured(imagecodecs.avif_decode(data)), exact=False)


@reader("jpegxl", checked="libjxl (imagecodecs)")
def jpegxl(folder: Path) -> Made:
    """16 bits of grey, lossless."""
    (folder / "a.jxl").write_bytes(imagecodecs.jpegxl_encode(VOLUME[0], lossless=True))
    return Made(folder / "a.jxl", grey(VOLUME[0]))
