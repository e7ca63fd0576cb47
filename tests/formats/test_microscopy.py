"""Microscope files that can be built here, and real ones where they lie beside the checkout."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats import FORMATS, discover, files_of, read, read_by_region

RNG = np.random.default_rng(6)
FILM = RNG.integers(0, 60_000, (2, 3, 4, 12, 15), np.uint16)  # times, channels, slices, rows, columns


def alike(path: Path, part: str, expected: NDArray[Any]) -> None:
    """The image read whole, and by region."""
    whole, parts = read(Source(path, part)), read_by_region(Source(path, part), large=0)
    assert np.array_equal(whole.voxels, expected)
    assert np.array_equal(np.asarray(parts.voxels), expected)
    assert np.array_equal(parts.voxels[:, :, 2:5, 3], expected[:, :, 2:5, 3])
    assert (whole.notes, whole.geometry) == (parts.notes, parts.geometry)


# --------------------------------------------------------------------------------------------------------------- MRC


def mrc(
    path: Path,
    volume: NDArray[Any],
    *,
    mode: int,
    order: str = "<",
    cell: tuple[float, float, float] = (30.0, 24.0, 16.0),
    axes: tuple[int, int, int] = (1, 2, 3),
    group: int = 1,
    depth: int | None = None,
    imod: int | None = None,
    extended: int = 80,
) -> Path:
    z, y, x = volume.shape
    head = bytearray(1024)
    struct.pack_into(f"{order}10i", head, 0, x, y, z, mode, 0, 0, 0, x, y, depth or z)
    struct.pack_into(f"{order}3f", head, 40, *cell)
    struct.pack_into(f"{order}3i", head, 64, *axes)
    struct.pack_into(f"{order}2i", head, 88, group, extended)
    if imod is not None:
        struct.pack_into(f"{order}2i", head, 152, 1146047817, imod)
    head[208:212] = b"MAP "
    head[212:214] = b"DA" if order == "<" else b"\x11\x11"
    path.write_bytes(bytes(head) + bytes(extended) + volume.astype(volume.dtype.newbyteorder(order)).tobytes())
    return path


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("mode", "kind"), [(0, np.int8), (1, np.int16), (2, np.float32), (6, np.uint16)])
def test_that_mrc_maps_keep_values_and_voxel_size(tmp_path: Path, order: str, mode: int, kind: Any) -> None:
    volume = (FILM[0, 0] % 100).astype(kind)
    path = mrc(tmp_path / "a.mrc", volume, mode=mode, order=order)
    alike(path, "", volume[None].astype(read(path).voxels.dtype))
    assert read(path).geometry.spacing == pytest.approx((4e-7, 2e-7, 2e-7))  # 16, 24 and 30 angstrom over 4, 12 and 15 voxels


def test_that_mrc_bytes_of_imod_have_the_sign_that_it_says(tmp_path: Path) -> None:
    volume = (FILM[0, 0] % 256).astype(np.uint8)
    alike(mrc(tmp_path / "a.mrc", volume, mode=0, imod=0), "", volume[None])
    alike(mrc(tmp_path / "b.mrc", volume, mode=0, imod=1), "", volume.view(np.int8)[None].astype(np.int16))


def test_that_mrc_axes_and_stacks_are_read_by_the_header(tmp_path: Path) -> None:
    volume = FILM[0, 0]
    turned = mrc(tmp_path / "a.mrc", volume.transpose(2, 1, 0), mode=6, axes=(3, 2, 1))
    alike(turned, "", volume[None])
    stack = mrc(tmp_path / "b.mrc", volume, mode=6, group=401, depth=2)
    assert [source.part for source in discover([stack])] == ["p=0", "p=1"]
    alike(stack, "p=1", volume[None, 2:])


def test_that_complex_and_short_mrc_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="complex or packed"):
        read(mrc(tmp_path / "a.mrc", FILM[0, 0], mode=4))
    path = mrc(tmp_path / "b.mrc", FILM[0, 0], mode=6)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(FormatError, match="cut short"):
        read(path)


# --------------------------------------------------------------------------------------------------------------- CZI

KINDS = {(np.dtype(np.uint8), 1): 0, (np.dtype(np.uint16), 1): 1, (np.dtype(np.uint8), 3): 3}


def segment(name: bytes, content: bytes) -> bytes:
    return name.ljust(16, b"\0") + struct.pack("<qq", len(content), len(content)) + content


def packed(pixels: NDArray[Any], compression: int) -> bytes:
    match compression:
        case 5:
            return bytes(imagecodecs.zstd_encode(pixels.tobytes()))
        case 6:
            halves = np.ascontiguousarray(pixels.view(np.uint8).reshape(-1, 2).T).tobytes()
            return b"\3\1\1" + bytes(imagecodecs.zstd_encode(halves))
        case 4:
            return bytes(imagecodecs.jpegxr_encode(pixels, level=1.0))
    return pixels.tobytes()


Tile = tuple[dict[str, int], NDArray[Any]]


def czi(path: Path, tiles: list[Tile], compression: int = 0, part: int = 0, level: int = 1) -> Path:
    """Write a CZI file; a tile is its start along each dimension, and its pixels (Y, X) or (Y, X, 3: blue, green, red)."""
    xml = b"<ImageDocument><Metadata><Scaling><Items>"
    for axis, metres in (("X", 5e-7), ("Y", 5e-7), ("Z", 2e-6)):
        xml += b'<Distance Id="%s"><Value>%r</Value></Distance>' % (axis.encode(), metres)
    xml += b"</Items></Scaling></Metadata></ImageDocument>"
    data, entries = b"", []
    start_of_blocks = 32 + 512
    for start, pixels in tiles:
        height, width = pixels.shape[:2]
        kind = KINDS[pixels.dtype, pixels.shape[2] if pixels.ndim == 3 else 1]
        where = {**start, "Y": start.get("Y", 0), "X": start.get("X", 0)}
        sizes = {axis: {"Y": height, "X": width}.get(axis, 1) for axis in where}
        entry = struct.pack("<2siqiib5xi", b"DV", kind, start_of_blocks + len(data), part, compression, 0, len(where))
        for axis, first in where.items():
            stored = sizes[axis]
            entry += struct.pack("<4siifi", axis.encode(), first, stored * (level if axis in "YX" else 1), 0.0, stored)
        content = packed(pixels, compression)
        block = struct.pack("<iiq", 4, 0, len(content)) + entry.ljust(240, b"\0") + b"<M/>" + content
        data += segment(b"ZISRAWSUBBLOCK", block)
        entries.append(entry)
    directory = start_of_blocks + len(data)
    body = segment(b"ZISRAWDIRECTORY", struct.pack("<i", len(entries)).ljust(128, b"\0") + b"".join(entries))
    about = segment(b"ZISRAWMETADATA", struct.pack("<ii", len(xml), 0).ljust(256, b"\0") + xml)
    head = struct.pack("<4i", 1, 0, 0, 0) + bytes(36) + struct.pack("<qqiq", directory, directory + len(body), 0, 0)
    path.write_bytes(segment(b"ZISRAWFILE", head.ljust(512, b"\0")) + data + body + about)
    return path


@pytest.mark.parametrize("compression", [0, 4, 5, 6])
def test_that_czi_times_are_images_of_slices_and_channels(tmp_path: Path, compression: int) -> None:
    tiles: list[Tile] = [({"Z": z, "C": c, "T": t}, FILM[t, c, z]) for z in range(4) for t in range(2) for c in range(3)]
    path = czi(tmp_path / "a.czi", tiles, compression)
    assert [(one.key, one.name) for one in FORMATS["czi"].parts(path)] == [("t=0", "time 1"), ("t=1", "time 2")]
    for time in range(2):
        alike(path, f"t={time}", FILM[time])
    assert read(path).geometry.spacing == pytest.approx((2e-3, 5e-4, 5e-4))


def test_that_czi_mosaics_are_put_together_scene_by_scene(tmp_path: Path) -> None:
    left, right, under = FILM[0, 0, 0, :, :9], FILM[0, 0, 0, :, 7:], FILM[0, 1, 0]
    tiles: list[Tile] = [
        ({"S": 1, "M": 1, "X": 1007, "Y": 200}, right),
        ({"S": 1, "M": 0, "X": 1000, "Y": 200}, left),
        ({"S": 3, "M": 0, "X": -20, "Y": 40}, under),
    ]
    path = czi(tmp_path / "a.czi", tiles)
    assert [(one.key, one.name) for one in FORMATS["czi"].parts(path)] == [("scene=1", "scene 2"), ("scene=3", "scene 4")]
    alike(path, "scene=1", FILM[0, 0, 0][None, None])
    alike(path, "scene=3", under[None, None])


def test_that_holes_in_a_czi_mosaic_are_said_and_lost_planes_refused(tmp_path: Path) -> None:
    tile = np.ones((40, 40), np.uint16)
    holes = czi(tmp_path / "a.czi", [({"M": 0}, tile), ({"M": 1, "X": 80, "Y": 40}, tile)])
    assert read(holes).notes[0].startswith("Its tiles leave 67% of the image empty")
    lost = czi(tmp_path / "b.czi", [({"T": 0, "Z": 0}, tile), ({"T": 0, "Z": 1}, tile), ({"T": 1, "Z": 0}, tile)])
    assert read(Source(lost, "t=0")).shape == (2, 40, 40)
    with pytest.raises(FormatError, match="never stored"):
        read(Source(lost, "t=1"))


def test_that_czi_colours_are_red_green_blue(tmp_path: Path) -> None:
    colours = (FILM[0, :, 0] % 256).astype(np.uint8)
    path = czi(tmp_path / "a.czi", [({"M": 0}, np.ascontiguousarray(np.moveaxis(colours[::-1], 0, -1)))])
    alike(path, "", colours[:, None])


def test_that_the_pyramid_of_a_czi_and_files_in_parts_are_not_read(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no image at full resolution"):
        read(czi(tmp_path / "a.czi", [({}, FILM[0, 0, 0])], level=2))
    with pytest.raises(FormatError, match="several files"):
        read(czi(tmp_path / "b.czi", [({}, FILM[0, 0, 0])], part=1))
    path = czi(tmp_path / "c.czi", [({}, FILM[0, 0, 0])])
    for cut in (40, 200, 400, 300):
        path.write_bytes(path.read_bytes()[:-cut])
        with pytest.raises(FormatError, match=r"damaged|cut short"):
            read(path)


# --------------------------------------------------------------------------------------------------------------- OIF


def test_that_oif_files_have_their_slices_channels_and_size(tmp_path: Path) -> None:
    pytest.importorskip("oiffile")
    sections = [
        "[ProfileSaveInfo]\nName=a\nVersion=1.0.0.0",
        '[Reference Image Parameter]\nWidthConvertValue=0.25\nWidthUnit="um"\nHeightConvertValue=0.5\nHeightUnit="um"\nValidBitCounts=12',
        '[Axis 3 Parameters Common]\nAxisCode="Z"\nMaxSize=4\nStartPosition=3000\nEndPosition=0\nUnitName="nm"',
    ]
    path = tmp_path / "a.oif"
    path.write_bytes(b"\xff\xfe" + "\r\n".join("\r\n".join(one.split("\n")) for one in ["[File Info]", *sections]).encode("utf-16-le"))
    folder = tmp_path / "a.oif.files"
    folder.mkdir()
    for c in range(3):
        for z in range(4):
            tifffile.imwrite(folder / f"s_C{c + 1:03d}Z{z + 1:03d}.tif", FILM[0, c, z])
    (source,) = discover([path])
    alike(path, "", FILM[0])
    assert read(source).geometry.spacing == pytest.approx((1e-3, 0.5e-3, 0.25e-3))
    assert len(files_of(source)) == 13
    (folder / "s_C002Z003.tif").unlink()
    with pytest.raises(FormatError, match="missing"):
        read(source)


# -------------------------------------------------------------------------------------------------------- real files

REAL = {
    "100x100.czi": ({""}, (1, 1, 10, 10)),
    "CellDivision_T3_Z5_CH2_X240_Y170_comp1.czi": ({"t=0", "t=1", "t=2"}, (2, 5, 170, 240)),
    "LLS7_small.czi": ({"t=0", "t=1"}, (2, 3, 64, 64)),
    "S3_1Pos_2Mosaic_T1_Z1_CH1.czi": ({"scene=0", "scene=1", "scene=2"}, (1, 1, 122, 295)),
    "newCZI_compressed.czi": ({""}, (1, 1, 512, 512)),
    "LeicaLASX_wavelength-sweep_example.lif": ({"image=0", "image=1", "image=2,t=0", "image=2,t=1"}, (20, 1, 64, 64)),
}


@pytest.mark.parametrize("name", REAL)
def test_that_real_microscope_files_open_in_their_size(shared_data: Path, name: str) -> None:
    path = shared_data / "reports" / "microscopy" / name
    sources = discover([path])
    parts, shape = REAL[name]
    assert {source.part for source in sources} == parts
    assert read(sources[0]).voxels.shape == shape
    for source in sources:
        whole, lazy = read(source), read_by_region(source, large=0)
        assert np.array_equal(np.asarray(lazy.voxels), whole.voxels)
        assert np.ptp(whole.array) > 0


def test_that_a_missing_library_is_named_with_the_line_that_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "nd2", None)
    (tmp_path / "a.nd2").write_bytes(b"\xda\xce\xbe\x0a" + bytes(2000))
    with pytest.raises(FormatError, match=r'pip install "unetstudio\[microscopy\]"'):
        read(tmp_path / "a.nd2")
