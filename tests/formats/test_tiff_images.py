"""TIFFs that hold several images, and images that lie in several TIFFs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats import FORMATS, discover, files_of, read, read_by_region

RNG = np.random.default_rng(3)
PLANES = RNG.integers(0, 255, (3, 20, 24), np.uint8)
FILM = RNG.integers(0, 60_000, (3, 2, 4, 20, 24), np.uint16)  # times, channels, slices, rows, columns
NAMES = ("s_z0.ome.tif", "s_z1.ome.tif", "s_z2.ome.tif")


def xml(data: str, *, size: str = 'SizeZ="3" SizeC="1" SizeT="1"', uuid: str = "urn:uuid:0", more: str = "") -> str:
    pixels = f'DimensionOrder="XYZCT" Type="uint8" SizeX="24" SizeY="20" {size} PhysicalSizeX="0.5" PhysicalSizeY="0.5" PhysicalSizeZ="2"'
    return (
        f'<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="{uuid}">'
        f'<Image ID="Image:0" Name="a"><Pixels ID="Pixels:0" {pixels}>{data}</Pixels></Image>{more}</OME>'
    )


def set_of_files(folder: Path) -> list[Path]:
    """Write a volume whose slices lie in three OME-TIFFs, each of which describes the whole."""
    data = "".join(
        f'<TiffData FirstZ="{z}" IFD="0" PlaneCount="1"><UUID FileName="{name}">urn:uuid:{z}</UUID></TiffData>'
        for z, name in enumerate(NAMES)
    )
    for z, name in enumerate(NAMES):
        tifffile.imwrite(folder / name, PLANES[z], description=xml(data, uuid=f"urn:uuid:{z}"), metadata=None)
    return [folder / name for name in NAMES]


def test_that_an_image_in_several_files_is_one_image_however_it_is_named(tmp_path: Path) -> None:
    files = set_of_files(tmp_path)
    for paths in ([files[1]], files, files[::-1], [tmp_path]):
        (source,) = discover(paths)
        scan = read(source)
        assert np.array_equal(scan.voxels[0], PLANES)
        assert scan.geometry.spacing == pytest.approx((2e-3, 0.5e-3, 0.5e-3))
        assert files_of(source) == files


def test_that_a_missing_file_of_an_image_is_named_and_never_filled_with_zeros(tmp_path: Path) -> None:
    files = set_of_files(tmp_path)
    files[1].unlink()
    for path in (files[0], files[2]):
        for source in (Source(path), *discover([path])):
            with pytest.raises(FormatError, match=r"s_z1\.ome\.tif is missing"):
                read(source)


def test_that_the_times_of_an_image_in_several_files_are_images(tmp_path: Path) -> None:
    names = [f"t{time}.ome.tif" for time in range(3)]
    data = "".join(
        f'<TiffData FirstT="{t}" FirstC="{c}" FirstZ="{z}" IFD="{4 * c + z}" PlaneCount="1">'
        f'<UUID FileName="{names[t]}">urn:uuid:{t}</UUID></TiffData>'
        for t in range(3)
        for c in range(2)
        for z in range(4)
    )
    for time, name in enumerate(names):
        about = xml(data, size='SizeZ="4" SizeC="2" SizeT="3"', uuid=f"urn:uuid:{time}").replace("uint8", "uint16")
        pages = FILM[time].reshape(-1, 20, 24)
        tifffile.imwrite(tmp_path / name, pages, photometric="minisblack", description=about, metadata=None, compression="zlib")
    sources = discover([tmp_path])
    assert [source.part for source in sources] == ["t=0", "t=1", "t=2"]
    for time, source in enumerate(sources):
        assert np.array_equal(read(source).voxels, FILM[time])
        assert np.array_equal(np.asarray(read_by_region(source, large=0).voxels), FILM[time])
        assert np.array_equal(read(Source(tmp_path / names[2], source.part)).voxels, FILM[time])


def test_that_a_single_file_that_was_renamed_still_opens(tmp_path: Path) -> None:
    for uuid in (' UUID="urn:uuid:0"', ""):
        data = '<TiffData IFD="0" PlaneCount="3"><UUID FileName="before.ome.tif">urn:uuid:0</UUID></TiffData>'
        about = xml(data).replace(' UUID="urn:uuid:0"', uuid)
        tifffile.imwrite(tmp_path / "after.ome.tif", PLANES, photometric="minisblack", description=about, metadata=None)
        assert np.array_equal(read(tmp_path / "after.ome.tif").voxels[0], PLANES)


def test_that_a_description_in_a_companion_file_is_used(tmp_path: Path) -> None:
    data = "".join(
        f'<TiffData FirstZ="{z}" IFD="0" PlaneCount="1"><UUID FileName="p{z}.ome.tif">urn:uuid:{z}</UUID></TiffData>' for z in range(3)
    )
    (tmp_path / "a.companion.ome").write_text(xml(data, uuid="urn:uuid:9"), encoding="utf-8")
    for z, plane in enumerate(PLANES):
        about = f'<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:{z}">'
        about += '<BinaryOnly MetadataFile="a.companion.ome" UUID="urn:uuid:9"/></OME>'
        tifffile.imwrite(tmp_path / f"p{z}.ome.tif", plane, description=about, metadata=None)
    for z in range(3):
        (source,) = discover([tmp_path / f"p{z}.ome.tif"])
        assert np.array_equal(read(source).voxels[0], PLANES)
    assert [file.name for file in files_of(source)] == ["a.companion.ome", "p0.ome.tif", "p1.ome.tif", "p2.ome.tif"]
    (tmp_path / "a.companion.ome").unlink()
    with pytest.raises(FormatError, match="companion"):
        read(source)


def test_that_a_file_of_the_image_is_never_looked_for_in_another_folder(tmp_path: Path) -> None:
    data = '<TiffData IFD="0" PlaneCount="1"><UUID FileName="../secret.ome.tif">urn:uuid:7</UUID></TiffData>'
    (tmp_path / "in").mkdir()
    tifffile.imwrite(tmp_path / "secret.ome.tif", PLANES)
    tifffile.imwrite(tmp_path / "in" / "a.ome.tif", PLANES[0], description=xml(data), metadata=None)
    with pytest.raises(FormatError, match="in one folder"):
        read(tmp_path / "in" / "a.ome.tif")


def test_that_planes_that_are_listed_and_absent_are_refused(tmp_path: Path) -> None:
    about = xml('<TiffData FirstZ="0" IFD="0" PlaneCount="1"/><TiffData FirstZ="2" IFD="1" PlaneCount="1"/>')
    tifffile.imwrite(tmp_path / "a.ome.tif", PLANES[[0, 2]], photometric="minisblack", description=about, metadata=None)
    with pytest.raises(FormatError, match="plane that its description lists is not in it"):
        read(tmp_path / "a.ome.tif")


@pytest.mark.parametrize("unit", ["&#181;m", "&#xB5;m", "µm", "μm"])
def test_that_the_unit_of_a_length_may_be_written_in_any_way(tmp_path: Path, unit: str) -> None:
    data = f'PhysicalSizeXUnit="{unit}" PhysicalSizeYUnit="{unit}">'
    about = xml("<TiffData/>", size='SizeZ="1" SizeC="1" SizeT="1"').replace('PhysicalSizeZ="2">', data)
    tifffile.imwrite(tmp_path / "a.ome.tif", PLANES[0], description=about.encode(), metadata=None)
    assert read(tmp_path / "a.ome.tif").geometry.spacing == pytest.approx((1.0, 0.5e-3, 0.5e-3))


OPTIONS: dict[str, dict[str, Any]] = {"OME": {"ome": True}, "ImageJ": {"imagej": True}, "OME in tiles": {"ome": True}}


@pytest.mark.parametrize("kind", OPTIONS)
def test_that_each_time_of_a_film_of_volumes_is_an_image(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.ome.tif"
    axes, film = ("TCZYX", FILM) if kind != "ImageJ" else ("TZCYX", FILM.swapaxes(1, 2))
    more: dict[str, Any] = {"tile": (16, 16), "compression": "zlib"} if kind == "OME in tiles" else {}
    tifffile.imwrite(path, film, metadata={"axes": axes}, photometric="minisblack", **OPTIONS[kind], **more)
    assert [(part.key, part.name) for part in FORMATS["tiff"].parts(path)] == [("t=0", "time 1"), ("t=1", "time 2"), ("t=2", "time 3")]
    for time, source in enumerate(discover([path])):
        scan, parts = read(source), read_by_region(source, large=0)
        assert np.array_equal(scan.voxels, FILM[time])
        assert np.array_equal(np.asarray(parts.voxels), FILM[time])
        assert np.array_equal(parts.voxels[1, 2:, 3:9, 4], FILM[time, 1, 2:, 3:9, 4])
        assert scan.notes == parts.notes == ()
    assert read(path).notes == ("It holds 3 images (time 1, time 2, time 3); this is the first.",)
    with pytest.raises(FormatError, match="no longer holds"):
        read(Source(path, "t=3"))


def test_that_times_are_slices_only_without_slices_and_that_this_is_said(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.ome.tif", PLANES, metadata={"axes": "TYX"}, photometric="minisblack")
    tifffile.imwrite(tmp_path / "b.tif", PLANES, photometric="minisblack")
    assert read(tmp_path / "a.ome.tif").notes == ("Its 3 times are shown as slices.",)
    assert "does not say" in read(tmp_path / "b.tif").notes[0]


def test_that_each_image_of_an_ome_file_has_its_own_voxel_size(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as file:
        file.write(PLANES[0], metadata={"axes": "YX", "Name": "left", "PhysicalSizeX": 1.0, "PhysicalSizeY": 1.0})
        file.write(PLANES[1, :10], metadata={"axes": "YX", "Name": "right", "PhysicalSizeX": 3.0, "PhysicalSizeY": 2.0})
    left, right = discover([tmp_path / "a.ome.tif"])
    assert [part.name for part in FORMATS["tiff"].parts(left.path)] == ["image 1: left, 24 x 20", "image 2: right, 24 x 10"]
    assert np.array_equal(read(right).voxels[0, 0], PLANES[1, :10])
    assert read(left).geometry.spacing == pytest.approx((1.0, 1e-3, 1e-3))
    assert read(right).geometry.spacing == pytest.approx((1.0, 2e-3, 3e-3))


def large_picture() -> NDArray[np.uint8]:
    rows, columns = np.mgrid[:120, :160]
    return np.asarray(127 + 60 * np.sin(rows / 15) + 60 * np.cos(columns / 20), np.uint8)


@pytest.mark.parametrize("flagged", [True, False])
def test_that_a_thumbnail_before_the_image_is_left_out_and_said(tmp_path: Path, flagged: bool) -> None:
    picture = large_picture()
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(picture[::4, ::4], subfiletype=int(flagged), metadata=None)
        file.write(picture, metadata=None)
    (source,) = discover([tmp_path / "a.tif"])
    assert np.array_equal(read(source).voxels[0, 0], picture)
    assert read(source).notes == ("Its thumbnail (40 x 30 pixels) is left out.",)


def test_that_pages_of_different_sizes_are_images_named_by_size(tmp_path: Path) -> None:
    other = RNG.integers(0, 255, (30, 40), np.uint8)  # as small as a thumbnail, and not a copy of the large page
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for page in (large_picture(), other, PLANES[0]):
            file.write(page, metadata=None)
    sources = discover([tmp_path / "a.tif"])
    assert [part.name for part in FORMATS["tiff"].parts(tmp_path / "a.tif")] == [
        "image 1, 160 x 120",
        "image 2, 40 x 30",
        "image 3, 24 x 20",
    ]
    assert [read(source).shape for source in sources] == [(1, 120, 160), (1, 30, 40), (1, 20, 24)]
    assert np.array_equal(read(sources[1]).voxels[0, 0], other)


@pytest.mark.parametrize("dots", [72, 96, 100, 150, 200, 300, 600])
def test_that_the_resolution_of_a_printout_is_no_size_in_inches_or_centimetres(tmp_path: Path, dots: int) -> None:
    for resolution, unit in ((dots, "INCH"), (dots / 2.54, "CENTIMETER"), (round(dots / 2.54, 1), "CENTIMETER"), (dots, "CENTIMETER")):
        tifffile.imwrite(tmp_path / "a.tif", PLANES[0], resolution=(resolution, resolution), resolutionunit=unit)
        assert read(tmp_path / "a.tif").geometry.spacing is None
    tifffile.imwrite(tmp_path / "b.tif", PLANES[0], imagej=True, resolution=(dots, dots), metadata={"unit": "inch"})
    assert read(tmp_path / "b.tif").geometry.spacing is None
    tifffile.imwrite(tmp_path / "c.tif", PLANES[0], resolution=(20_000, 20_000), resolutionunit="CENTIMETER")
    assert read(tmp_path / "c.tif").geometry.spacing == pytest.approx((1.0, 0.5e-3, 0.5e-3))


def test_that_a_sample_called_alpha_is_dropped_and_any_other_is_a_channel(tmp_path: Path) -> None:
    pair = np.dstack([PLANES[0], PLANES[1]]).astype(np.uint16) * 200
    tifffile.imwrite(tmp_path / "a.tif", pair, photometric="minisblack", planarconfig="contig", extrasamples=["unassalpha"])
    assert np.array_equal(read(tmp_path / "a.tif").voxels, pair[None, None, ..., 0])
    four = np.dstack([*PLANES, PLANES[0][::-1]])
    tifffile.imwrite(tmp_path / "b.tif", four, photometric="rgb", extrasamples=["unspecified"])
    assert np.array_equal(read(tmp_path / "b.tif").voxels[:, 0], np.moveaxis(four, -1, 0))
    four[..., 3] = 255
    tifffile.imwrite(tmp_path / "c.tif", four, photometric="rgb", extrasamples=["unspecified"])
    assert read(tmp_path / "c.tif").channels == 3


def test_that_the_colour_tables_of_microscope_channels_leave_their_values(tmp_path: Path) -> None:
    table = RNG.integers(0, 2**16, (3, 256), np.uint16)
    tifffile.imwrite(tmp_path / "a.ome.tif", PLANES[:2], photometric="palette", colormap=table, metadata={"axes": "CYX"}, ome=True)
    assert np.array_equal(read(tmp_path / "a.ome.tif").voxels[:, 0], PLANES[:2])


def test_that_complex_numbers_are_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", PLANES[0].astype(np.complex64))
    with pytest.raises(FormatError, match="magnitude"):
        read(tmp_path / "a.tif")


def test_that_raw_camera_files_are_never_read_as_their_thumbnail(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.dng") as file:  # version tag, and the sensor's mosaic below the preview
        file.write(PLANES[0], subifds=1, metadata=None, extratags=[(50706, "B", 4, (1, 4, 0, 0), True)])
        file.write(FILM[0, 0, 0], photometric="cfa", metadata=None)
    with tifffile.TiffWriter(tmp_path / "a.nef") as file:
        file.write(PLANES[0], subifds=1, metadata=None)
        file.write(FILM[0, 0, 0], photometric="cfa", metadata=None)
    (tmp_path / "a.cr2").write_bytes(b"II*\0\x10\0\0\0CR\x02\0" + bytes(50))
    for name in ("a.dng", "a.nef", "a.cr2"):
        with pytest.raises(FormatError, match="raw camera file"):
            read(tmp_path / name)


def test_that_the_preview_of_a_slide_in_a_folder_is_not_taken_for_the_slide(tmp_path: Path) -> None:
    (tmp_path / "_a_").mkdir()
    tifffile.imwrite(tmp_path / "a.vsi", PLANES[0])
    with pytest.raises(FormatError, match="only the preview"):
        read(tmp_path / "a.vsi")


def test_that_a_colour_table_of_imagej_colours_the_display_unless_it_is_a_real_palette(tmp_path: Path) -> None:
    ramp = np.zeros((3, 256), np.uint16)
    ramp[1] = np.arange(256) * 257  # the table "Green"
    tifffile.imwrite(tmp_path / "a.tif", PLANES, imagej=True, colormap=ramp, photometric="palette", metadata={"axes": "ZYX"})
    assert np.array_equal(read(tmp_path / "a.tif").voxels[0], PLANES)
    mixed = RNG.permutation(ramp[1])[None].repeat(3, 0).copy()
    mixed[0] = 0
    tifffile.imwrite(tmp_path / "b.tif", PLANES[0], imagej=True, colormap=mixed, photometric="palette")
    assert np.array_equal(read(tmp_path / "b.tif").voxels[:, 0], np.moveaxis((mixed >> 8).T[PLANES[0]], -1, 0))


@pytest.mark.parametrize("order", ["XYCZT", "XYCTZ", "XYZCT", "XYZTC", "XYTCZ", "XYTZC"])
def test_that_ome_planes_are_found_in_every_dimension_order(tmp_path: Path, order: str) -> None:
    axes = order[:1:-1]  # slowest first
    planes = FILM.transpose([("TCZYX").index(axis) for axis in (*axes, "Y", "X")]).reshape(-1, 20, 24)
    about = xml("<TiffData/>", size='SizeZ="4" SizeC="2" SizeT="3"').replace("XYZCT", order).replace("uint8", "uint16")
    tifffile.imwrite(tmp_path / "a.ome.tif", planes, photometric="minisblack", description=about, metadata=None)
    for time, source in enumerate(discover([tmp_path / "a.ome.tif"])):
        assert np.array_equal(read(source).voxels, FILM[time])


def test_that_an_ome_image_called_label_is_an_image_unless_it_is_small(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as file:
        for name, page in (("cells", PLANES[0]), ("Label", PLANES[1]), ("Macro", PLANES[2, :5, :6])):
            file.write(page, metadata={"axes": "YX", "Name": name})
    cells, label = discover([tmp_path / "a.ome.tif"])
    assert np.array_equal(read(label).voxels[0, 0], PLANES[1])
    assert read(cells).notes == ("Its macro (6 x 5 pixels) is left out.",)


def test_that_an_orientation_tag_is_not_applied_and_that_this_is_said(tmp_path: Path) -> None:
    for orientation, said in ((1, False), (6, True)):
        tifffile.imwrite(tmp_path / "a.tif", PLANES[0], extratags=[(274, "H", 1, orientation, True)])
        assert np.array_equal(read(tmp_path / "a.tif").voxels[0, 0], PLANES[0])
        assert bool(read(tmp_path / "a.tif").notes) is said
