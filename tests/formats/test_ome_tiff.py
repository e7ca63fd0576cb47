"""OME-TIFF masks, read by tifffile."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import tifffile

from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.formats import MaskDocument, read_mask, stem, write_mask

CLASSES = ClassTable.named(["background", "Gefäß"], [(0, 0, 0), (10, 20, 230)])
OME = "{http://www.openmicroscopy.org/Schemas/OME/2016-06}"


@pytest.mark.parametrize("depth", [1, 4])
def test_that_axes_voxel_size_and_names_stand_in_the_metadata(tmp_path: Path, depth: int) -> None:
    labels = np.random.default_rng(0).integers(0, 2, (depth, 5, 7)).astype(np.uint8)
    path = tmp_path / "cell.ome.tif"
    write_mask(path, MaskDocument(labels, Geometry((3.0, 0.8, 0.5)), CLASSES))
    with tifffile.TiffFile(path) as file:
        assert file.is_ome and file.series[0].axes == ("ZYX" if depth > 1 else "YX")
        root = ElementTree.fromstring(file.ome_metadata or "")
    pixels = root.find(f".//{OME}Pixels")
    assert pixels is not None
    assert (pixels.get("PhysicalSizeX"), pixels.get("PhysicalSizeY"), pixels.get("PhysicalSizeXUnit")) == ("500.0", "800.0", "µm")
    assert pixels.get("PhysicalSizeZ") == ("3000.0" if depth > 1 else None)
    assert [entry.text for entry in root.iter(f"{OME}M")] == ["background", "Gefäß"]
    values, geometry = read_mask(path)
    assert np.array_equal(values, labels) and geometry.spacing is not None and geometry.spacing[1:] == pytest.approx((0.8, 0.5))
    assert stem(path) == "cell"
    write_mask(tmp_path / "again.ome.tif", MaskDocument(labels, Geometry((3.0, 0.8, 0.5)), CLASSES))
    assert (tmp_path / "again.ome.tif").read_bytes() == path.read_bytes()
