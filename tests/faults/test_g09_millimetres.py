"""G9: an exported mask lies where it was painted, in millimetres, by a reading of the file that shares nothing with the writing."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable, Iterator
from itertools import permutations, product
from pathlib import Path

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray

from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import LabelMap
from unetstudio.data.origin import Origin
from unetstudio.errors import UserError
from unetstudio.formats import discover, read, sha256_of
from unetstudio.project.project import new_case
from unetstudio.workspace.export import ExportChoice, ExportSource, export

CLASSES = ClassTable.named(["background", "lesion"], [(0, 0, 0), (250, 90, 90)])
SHAPE, SIZES = (9, 7, 5), (0.7, 1.1, 3.3)  # voxels and millimetres along the file's three axes, all different
WORST = 1e-3  # millimetres


def affines(tilted: bool) -> Iterator[NDArray[np.float64]]:
    """The 48 ways in which three axes can lie along or against those of the patient; `tilted`, turned about an odd axis as well."""
    turn = np.eye(3)
    if tilted:
        a, b = np.radians((17, -29))
        turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]]) @ np.array(
            [[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]]
        )
    for order, signs in product(permutations(range(3)), product((1, -1), repeat=3)):
        affine = np.eye(4)
        affine[:3, :3] = turn @ (np.eye(3)[list(order)].T * signs) * SIZES
        affine[:3, 3] = (-31.5, 12.25, 104.0)
        yield affine


def places(file: Path) -> NDArray[np.float64]:
    """(n, 3) RAS millimetres of the voxels of class 1, from the bytes of a NIfTI-1 file by the standard's own words."""
    data = file.read_bytes()
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    assert struct.unpack_from("<i", data, 0)[0] == 348
    shape = struct.unpack_from("<8h", data, 40)[1:4]
    assert struct.unpack_from("<h", data, 70)[0] == 2  # unsigned bytes
    assert struct.unpack_from("<h", data, 254)[0] > 0  # srow counts
    offset = int(struct.unpack_from("<f", data, 108)[0])
    rows = np.array(struct.unpack_from("<12f", data, 280)).reshape(3, 4)
    voxels = np.frombuffer(data, np.uint8, int(np.prod(shape)), offset).reshape(shape, order="F")
    indices = np.argwhere(voxels == 1)
    return np.asarray(indices @ rows[:, :3].T + rows[:, 3])


def exported(scan_file: Path, painted: NDArray[np.bool_], out: Path) -> Path | None:
    """The mask of a scan painted at `painted` (the file's own axes); None when it was refused."""
    try:
        source = discover([scan_file])[0]
        scan = read(source)
        case = new_case(source, scan, sha256_of(source))
        labels = LabelMap.unlabelled(case.shape)
        mask = painted.transpose(2, 1, 0)  # the window's arrays are (Z, Y, X), so is its painting
        labels.apply(labels.change(mask, np.ones(case.shape, np.uint8), Origin.PAINTED, "brush"))
        material = ExportSource(lambda _: labels, lambda _: labels.values)
        events = list(export(material, [case], CLASSES, out, ExportChoice("labels", ("nifti",), pictures=False, table=False)))
    except UserError:
        return None
    return next((event.path for event in events if event.path is not None and ".nii" in event.path.name), None)


@pytest.mark.parametrize("kind", ["straight", "tilted", "sheared"])
def test_that_an_exported_mask_covers_the_painted_millimetres(tmp_path: Path, kind: str, long: bool, figure: Callable[..., None]) -> None:
    rng, good, refused, worst = np.random.default_rng(0), 0, 0, 0.0
    chosen = list(affines(kind == "tilted"))[:: 1 if long else 7]
    for number, affine in enumerate(chosen):
        if kind == "sheared":
            affine[0, 2] += 0.4
        file = tmp_path / f"scan{number}.nii.gz"
        nibabel.save(nibabel.Nifti1Image(rng.integers(0, 900, SHAPE).astype(np.int16), affine), file)
        painted = rng.random(SHAPE) < 0.1
        mask = exported(file, painted, tmp_path / f"out{number}")
        if mask is None:
            refused += 1
            good += 1
            continue
        wanted, found = np.argwhere(painted) @ affine[:3, :3].T + affine[:3, 3], places(mask)
        if found.shape == wanted.shape:
            apart = np.linalg.norm(wanted[:, None] - found[None], axis=2)
            error = float(max(apart.min(axis=0).max(), apart.min(axis=1).max()))
            worst = max(worst, error)
            good += error <= WORST
    note = f"worst {worst:.1e} mm" + (f", {refused} refused" if refused else "")
    figure(
        "G9", f"NIfTI masks of {kind} volumes, read back byte by byte", bar=f"{WORST} mm or refused", n=len(chosen), good=good, note=note
    )
    assert good == len(chosen)
    assert kind == "sheared" or not refused
