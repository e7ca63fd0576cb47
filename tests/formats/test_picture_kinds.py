"""Pictures of every depth, orientation and kind: the values are those that the file stores."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats import FORMATS, discover, read

RNG = np.random.default_rng(5)
GREY = RNG.integers(0, 255, (6, 9), np.uint8)
GREY12 = RNG.integers(0, 4096, (6, 9), np.uint16)
GREY16 = RNG.integers(0, 65_536, (6, 9), np.uint16)
PAIR = np.dstack([GREY12, GREY12]).astype(">u2")
COLOUR = RNG.integers(0, 255, (6, 9, 3), np.uint8)
COLOUR16 = RNG.integers(0, 65_536, (6, 9, 3), np.uint16)


def channels(pixels: NDArray[Any]) -> NDArray[Any]:
    return np.moveaxis(np.atleast_3d(pixels), -1, 0)[:, None]


def exif_of(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def with_exif(png: bytes, orientation: int) -> bytes:
    """Put an eXIf chunk behind the header of a PNG."""
    import zlib

    body = b"eXIf" + exif_of(orientation).removeprefix(b"Exif\0\0")
    chunk = (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    return png[:33] + chunk + png[33:]


UPRIGHT = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: lambda p: np.rot90(p, -1),
    7: lambda p: p[::-1, ::-1].swapaxes(0, 1),
    8: lambda p: np.rot90(p, 1),
}


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("pixels", [GREY, COLOUR, GREY16, COLOUR16], ids=["grey", "colour", "grey16", "colour16"])
def test_that_the_orientation_is_applied_at_every_depth(tmp_path: Path, pixels: NDArray[Any], orientation: int) -> None:
    (tmp_path / "a.png").write_bytes(with_exif(imagecodecs.png_encode(pixels), orientation))
    scan = read(tmp_path / "a.png")
    assert np.array_equal(scan.voxels, channels(UPRIGHT[orientation](pixels)))
    assert np.array_equal(FORMATS["png"].read_values(tmp_path / "a.png")[0], scan.voxels)


@pytest.mark.parametrize("kind", ["WEBP", "AVIF", "JPEG", "PNG"])
@pytest.mark.parametrize("orientation", UPRIGHT)
def test_that_the_orientation_is_applied_in_every_kind_of_picture(tmp_path: Path, kind: str, orientation: int) -> None:
    smooth = np.add.outer(np.arange(40) * 3, np.arange(64) * 2)[..., None].repeat(3, -1).astype(np.uint8)
    smooth[:20, :30, 1] = 200
    options: dict[str, Any] = {"AVIF": {"quality": 100}, "WEBP": {"lossless": True}, "JPEG": {"quality": 95}}.get(kind, {})
    path = tmp_path / f"a.{kind.lower()}"
    Image.fromarray(smooth).save(path, kind, exif=exif_of(orientation), **options)
    difference = read(path).array[:, 0].astype(int) - np.moveaxis(UPRIGHT[orientation](smooth), -1, 0)
    assert np.abs(difference).mean() < 3


def test_that_the_orientation_of_a_twelve_bit_jpeg_is_applied(tmp_path: Path) -> None:
    data = imagecodecs.jpeg8_encode(GREY12, bitspersample=12, lossless=True)
    exif = exif_of(6)
    (tmp_path / "a.jpg").write_bytes(data[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + data[2:])
    assert np.array_equal(read(tmp_path / "a.jpg").voxels[0, 0], np.rot90(GREY12, -1))


ENCODED = {
    "lossless JPEG": (".jpg", GREY12, lambda p: imagecodecs.ljpeg_encode(p, bitspersample=12)),
    "lossless JPEG of 16 bits": (".jpg", GREY16, lambda p: imagecodecs.jpeg8_encode(p, bitspersample=16, lossless=True)),
    "JPEG-LS": (".jls", GREY16, imagecodecs.jpegls_encode),
    "JPEG-LS in colour": (".jls", COLOUR, imagecodecs.jpegls_encode),
    "JPEG XL": (".jxl", GREY16, lambda p: imagecodecs.jpegxl_encode(p, lossless=True)),
    "JPEG XL in colour": (".jxl", COLOUR, lambda p: imagecodecs.jpegxl_encode(p, lossless=True)),
    "JPEG 2000": (".j2k", COLOUR16, lambda p: imagecodecs.jpeg2k_encode(p, level=0, codecformat="j2k")),
    "AVIF of 12 bits": (".avif", np.dstack([GREY12] * 3), lambda p: imagecodecs.avif_encode(p, bitspersample=12, level=100)),
    "AVIF": (".avif", COLOUR, lambda p: imagecodecs.avif_encode(p, level=100, pixelformat="444")),
}


@pytest.mark.parametrize("kind", ENCODED)
def test_that_lossless_codecs_give_what_was_stored(tmp_path: Path, kind: str) -> None:
    suffix, pixels, encode = ENCODED[kind]
    path = tmp_path / f"a{suffix}"
    path.write_bytes(encode(pixels))
    (source,) = discover([path])
    assert np.array_equal(read(source).voxels, channels(pixels))
    path.write_bytes(encode(pixels)[:-30])
    with pytest.raises(FormatError, match=r"damaged|cut short"):
        read(path)


PNM = {
    "P5 12 bits": (b"P5\n9 6\n4095\n" + GREY12.astype(">u2").tobytes(), GREY12),
    "P5": (b"P5 9 6 200\n" + (GREY // 2).tobytes(), GREY // 2),
    "P6 16 bits": (b"P6\n# by\n9 6\n65535\n" + COLOUR16.astype(">u2").tobytes(), COLOUR16),
    "P2": (b"P2\n9 6 # wide\n4095\n" + b" ".join(b"%d" % n for n in GREY12.ravel()), GREY12),
    "P3": (b"P3\n9 6\n255\n" + b"\n".join(b"%d" % n for n in COLOUR.ravel()), COLOUR),
    "P1": (b"P1\n9 6\n" + b"".join(b"%d" % n for n in (GREY > 99).ravel()), 1 - (GREY > 99)),
    "P4": (b"P4\n9 6\n" + np.packbits(GREY > 99, axis=1).tobytes(), 1 - (GREY > 99)),
    "PAM": (b"P7\nWIDTH 9\nHEIGHT 6\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n" + COLOUR.tobytes(), COLOUR),
    "PAM alpha": (
        b"P7\nHEIGHT 6\nWIDTH 9\nDEPTH 2\nMAXVAL 4095\nTUPLTYPE GRAYSCALE_ALPHA\nENDHDR\n"
        + np.dstack([GREY12, GREY12]).astype(">u2").tobytes(),
        GREY12,
    ),
    "PFM": (b"PF\n9 6\n-1.0\n" + COLOUR[::-1].astype("<f4").tobytes(), COLOUR.astype(np.float32)),
    "PFM big": (b"Pf\n9 6\n1\n" + (GREY[::-1] / 7).astype(">f4").tobytes(), (GREY / 7).astype(np.float32)),
}


@pytest.mark.parametrize("kind", PNM)
def test_that_portable_maps_keep_their_values(tmp_path: Path, kind: str) -> None:
    data, pixels = PNM[kind]
    (tmp_path / "a.pnm").write_bytes(data)
    assert np.array_equal(read(tmp_path / "a.pnm").voxels, channels(pixels))
    (tmp_path / "a.pnm").write_bytes(data[:-12])
    with pytest.raises(FormatError, match="cut short"):
        read(tmp_path / "a.pnm")


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_that_each_frame_of_an_animation_is_an_image(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind.lower()}"
    pictures = [Image.fromarray(np.full((6, 9, 3), level, np.uint8)) for level in (0, 85, 170)]
    options: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=50, **options)
    sources = discover([path])
    assert [source.part for source in sources] == ["t=0", "t=1", "t=2"]
    assert [int(read(source).voxels[0].max()) for source in sources] == [0, 85, 170]
    assert read(path).notes == ("It holds 3 images (frame 1, frame 2, frame 3); this is the first.",)
    with pytest.raises(FormatError, match="no longer holds"):
        read(Source(path, "t=3"))


def test_that_each_frame_of_a_jpeg_xl_animation_is_an_image(tmp_path: Path) -> None:
    (tmp_path / "a.jxl").write_bytes(imagecodecs.jpegxl_encode(np.stack([COLOUR, COLOUR[::-1]]), lossless=True))
    first, second = discover([tmp_path / "a.jxl"])
    assert np.array_equal(read(first).voxels, channels(COLOUR))
    assert np.array_equal(read(second).voxels, channels(COLOUR[::-1]))


def test_that_a_sixteen_bit_animation_keeps_its_depth(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(imagecodecs.apng_encode(np.stack([COLOUR16, COLOUR16[::-1]])))
    first, second = discover([tmp_path / "a.png"])
    assert np.array_equal(read(first).voxels, channels(COLOUR16))
    assert np.array_equal(read(second).voxels, channels(COLOUR16[::-1]))


@pytest.mark.parametrize(
    ("name", "head", "advice"),
    [
        ("a.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "save it as JPEG or PNG"),
        ("a.cr3", b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "raw camera file"),
        ("a.raf", b"FUJIFILMCCD-RAW 0201", "raw camera file"),
        ("a.orf", b"IIRO\x08\0\0\0", "raw camera file"),
        ("a.psd", b"8BPS\0\1", "Photoshop"),
    ],
)
def test_that_files_of_other_kinds_are_refused_with_advice(tmp_path: Path, name: str, head: bytes, advice: str) -> None:
    (tmp_path / name).write_bytes(head + bytes(2000))
    with pytest.raises(FormatError, match=advice):
        discover([tmp_path / name])


def test_that_the_preview_of_a_slide_in_a_folder_is_not_taken_for_the_slide(tmp_path: Path) -> None:
    stream = io.BytesIO()
    Image.fromarray(COLOUR).save(stream, "JPEG")
    (tmp_path / "a.mrxs").write_bytes(stream.getvalue())
    with pytest.raises(FormatError, match="only the preview"):
        read(tmp_path / "a.mrxs")
