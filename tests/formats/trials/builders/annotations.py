"""Samples of formats that hold masks alone, and how other programs read ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import h5py
import numpy as np
import tifffile
from formats.trials.samples import ELSEWHERE, MadeMask, mask_reader, whole_labels, writer
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.formats.masks.content import MaskGrid

GRID = MaskGrid((1, 20, 30), name="a.png")
ELSEWHERE["cellpose_seg"] = "refused with words: it could run code"
ELSEWHERE["nnunet"] = "the rules of nnU-Net"


def square() -> tuple[NDArray[np.uint8], list[list[float]]]:
    """Return a rectangle as values (Z, Y, X) and as corners (x, y) of pixel edges."""
    values = np.zeros((1, 20, 30), np.uint8)
    values[0, 4:11, 6:21] = 1
    return values, [[6, 4], [21, 4], [21, 11], [6, 11]]


@mask_reader("coco", checked="the format's description")
def coco(folder: Path) -> MadeMask:
    """A polygon."""
    values, corners = square()
    data = {
        "images": [{"id": 7, "file_name": "a.png", "width": 30, "height": 20}],
        "categories": [{"id": 1, "name": "cell"}],
        "annotations": [{"id": 1, "image_id": 7, "category_id": 1, "iscrowd": 0, "segmentation": [[n for xy in corners for n in xy]]}],
    }
    (folder / "a.json").write_text(json.dumps(data))
    return MadeMask(folder / "a.json", values, GRID, {1: "cell"})


@mask_reader("geojson", checked="RFC 7946")
def geojson(folder: Path) -> MadeMask:
    """A polygon, as QuPath writes it."""
    values, corners = square()
    properties = {"objectType": "annotation", "classification": {"name": "cell", "color": [200, 0, 0]}}
    geometry = {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}
    feature = {"type": "Feature", "geometry": geometry, "properties": properties}
    (folder / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return MadeMask(folder / "a.geojson", values, GRID, {1: "cell"})


@mask_reader("imagej_roi", checked="roifile")
def imagej_roi(folder: Path) -> MadeMask:
    """A polygon."""
    import roifile

    values, corners = square()
    roifile.ImagejRoi.frompoints(np.array(corners), name="cell").tofile(folder / "a.roi")
    return MadeMask(folder / "a.roi", values, GRID, {1: "cell"})


@mask_reader("labelme", checked="the format's description")
def labelme(folder: Path) -> MadeMask:
    """A polygon."""
    values, corners = square()
    shape = {"label": "cell", "points": corners, "shape_type": "polygon", "flags": {}}
    about = {"version": "5.0", "flags": {}, "imagePath": "a.png", "imageData": None, "imageHeight": 20, "imageWidth": 30}
    (folder / "a.json").write_text(json.dumps({**about, "shapes": [shape]}))
    return MadeMask(folder / "a.json", values, GRID, {1: "cell"})


@mask_reader("cellpose_masks", checked="Pillow, tifffile")
def cellpose_masks(folder: Path) -> MadeMask:
    """Numbered objects."""
    values = np.random.default_rng(6).integers(0, 400, (1, 20, 30)).astype(np.uint16)
    cv2.imwrite(str(folder / "a_cp_masks.png"), values[0])
    return MadeMask(folder / "a_cp_masks.png", values, GRID)


@mask_reader("ilastik", checked="h5py")
def ilastik(folder: Path) -> MadeMask:
    """A simple segmentation, in which the first class is 1."""
    values = np.random.default_rng(6).integers(0, 3, (1, 20, 30)).astype(np.uint8)
    with h5py.File(folder / "a_Simple Segmentation.h5", "w") as file:
        file["exported_data"] = values[0, ..., None] + 1
        axes = {"axes": [{"key": key, "typeFlags": 2, "resolution": 0, "description": ""} for key in "yxc"]}
        file["exported_data"].attrs["axistags"] = json.dumps(axes)
    return MadeMask(folder / "a_Simple Segmentation.h5", values, GRID)


@mask_reader("ome_tiff", checked="tifffile")
def ome_tiff(folder: Path) -> MadeMask:
    """Labels of another program."""
    values = np.random.default_rng(6).integers(0, 4, (4, 6, 9)).astype(np.uint8)
    tifffile.imwrite(folder / "a.ome.tif", values, photometric="minisblack", metadata={"axes": "ZYX"})
    return MadeMask(folder / "a.ome.tif", values)


@writer("ome_tiff", checked="tifffile")
def read_ome_tiff(path: Path) -> NDArray[Any]:
    """Read pages."""
    pages = tifffile.imread(path)
    return pages[None] if pages.ndim == 2 else pages


def filled(shape: tuple[int, ...], rings: list[NDArray[Any]], values: NDArray[Any], value: int) -> None:
    """Fill pixels whose centre lies within an odd number of rings (x, y)."""
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    inside = np.zeros(shape, np.bool_)
    for ring in rings:
        for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
            if y0 != y1:
                inside ^= ((y0 <= y) != (y1 <= y)) & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    values[inside] = value


@writer("geojson", checked="the even-odd rule", labels=whole_labels)
def read_geojson(path: Path) -> NDArray[Any]:
    """Fill the polygons of each plane."""
    features = json.loads(path.read_text("utf-8"))["features"]
    depth = 1 + max(feature["geometry"].get("plane", {}).get("z", 0) for feature in features)
    values = np.zeros((depth, 6, 9), np.uint8)
    for feature in features:
        geometry = feature["geometry"]
        polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        value = {"nerve": 1, "vessel": 2}[feature["properties"]["classification"]["name"]]
        for rings in polygons:
            filled((6, 9), [np.array(ring)[:-1, :2] for ring in rings], values[geometry.get("plane", {}).get("z", 0)], value)
    return values


@writer("imagej_roi", checked="roifile", labels=whole_labels)
def read_imagej_roi(path: Path) -> NDArray[Any]:
    """Fill the regions of each slice."""
    import roifile

    regions = roifile.roiread(path)
    values = np.zeros((max(1, *(roi.position for roi in regions)), 6, 9), np.uint8)
    for roi in regions:
        value = {"nerve": 1, "vessel": 2}[roi.name.split()[0]]
        rings = roi.coordinates(multi=True) if roi.composite else [roi.coordinates()]
        filled((6, 9), [np.asarray(ring) for ring in rings], values[max(roi.position, 1) - 1], value)
    return values


@writer("coco", checked="run lengths by the format's description", labels=whole_labels)
def read_coco(path: Path) -> NDArray[Any]:
    """Fill the objects."""
    data = json.loads(path.read_text("utf-8"))
    names = {entry["id"]: entry["name"] for entry in data["categories"]}
    values = np.zeros((1, 6, 9), np.uint8)
    for one in data["annotations"]:
        value = {"background": 0, "nerve": 1, "vessel": 2}[names[one["category_id"]]]
        if isinstance(one["segmentation"], dict):
            runs = one["segmentation"]["counts"]
            bits = np.repeat(np.arange(len(runs)) % 2, runs).reshape(9, 6).T
            values[0][bits == 1] = value
        else:
            for ring in one["segmentation"]:
                filled((6, 9), [np.array(ring).reshape(-1, 2)], values[0], value)
    return values


def dicom_scan(folder: Path) -> Source:
    """Write the series that a DICOM mask refers to."""
    from formats.trials.builders.volumes import dicom_series

    from unetstudio.formats import discover

    return discover([dicom_series(folder).path])[0]


@writer("dicom_seg", checked="highdicom", labels=whole_labels, scan=dicom_scan)
def read_dicom_seg(path: Path) -> NDArray[Any]:
    """Read segments by the position of their frames."""
    import highdicom

    segmentation = highdicom.seg.segread(path)
    volume = segmentation.get_volume(combine_segments=True)
    slices = np.asarray(volume.array)
    heights = [volume.get_affine("LPS") @ np.array([k, 0, 0, 1]) for k in range(len(slices))]
    return slices if heights[-1][2] >= heights[0][2] else slices[::-1]


@writer("rtstruct", checked="pydicom", labels=whole_labels, scan=dicom_scan)
def read_rtstruct(path: Path) -> NDArray[Any]:
    """Fill the contours of each slice by the even-odd rule."""
    import pydicom

    dataset = pydicom.dcmread(path)
    names = {roi.ROINumber: roi.ROIName for roi in dataset.StructureSetROISequence}
    values = np.zeros((4, 6, 9), np.uint8)
    for drawn in dataset.ROIContourSequence:
        value = {"nerve": 1, "vessel": 2}[names[drawn.ReferencedROINumber]]
        by_slice: dict[int, list[NDArray[Any]]] = {}
        for contour in drawn.ContourSequence:
            points = np.array(contour.ContourData, float).reshape(-1, 3)
            k = round((points[0, 2] - 30.0) / 2.0)
            by_slice.setdefault(k, []).append(np.stack([(points[:, 0] + 11.0) / 0.5 + 0.5, (points[:, 1] - 20.0) / 0.8 + 0.5], axis=1))
        for k, rings in by_slice.items():
            filled((6, 9), rings, values[k], value)
    return values


ELSEWHERE["dicom_seg"] = ELSEWHERE["rtstruct"] = "its own masks"
