from __future__ import annotations

import itertools

import nibabel
import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray

from unetstudio.data.geometry import Geometry

SHAPE = (5, 7, 9)
TURNS = list(itertools.product(itertools.permutations(range(3)), itertools.product((1, -1), repeat=3)))


def turned(permutation: tuple[int, ...], signs: tuple[int, ...], angle: float = 0.0) -> NDArray[np.float64]:
    """(k, j, i, 1) -> LPS mm: axes swapped and flipped, then turned by `angle` about an oblique line."""
    directions = np.eye(3)[:, list(permutation)] * signs
    rotation = SimpleITK.VersorTransform((1.0, 2.0, 3.0), angle)
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(rotation.GetMatrix(), (3, 3)) @ directions * (3.0, 0.8, 0.5)
    affine[:3, 3] = (-11.0, 20.0, 35.5)
    return affine


def as_simpleitk(geometry: Geometry) -> SimpleITK.Image:
    image = SimpleITK.GetImageFromArray(np.zeros(SHAPE, np.uint8))
    z, y, x = geometry.spacing_or_one
    image.SetSpacing((x, y, z))
    image.SetOrigin(geometry.matrix[:3, 3].tolist())
    image.SetDirection((geometry.matrix[:3, [2, 1, 0]] / (x, y, z)).ravel().tolist())
    return image


@pytest.mark.parametrize("angle", [0.0, 0.3])
def test_that_every_orientation_agrees_with_simpleitk_and_nibabel(angle: float) -> None:
    worst = 0.0
    for permutation, signs in TURNS:
        geometry = Geometry.from_affine(turned(permutation, signs, angle))
        image = as_simpleitk(geometry)
        nifti = nibabel.Nifti1Image(np.zeros(SHAPE[::-1], np.uint8), geometry.nifti_affine())
        for k, j, i in ((0, 0, 0), (4, 6, 8), (1, 5, 2)):
            ours = geometry.matrix @ (k, j, i, 1)
            itk = image.TransformIndexToPhysicalPoint((i, j, k))
            ras = nibabel.affines.apply_affine(nifti.affine, (i, j, k))
            worst = max(worst, np.abs(ours[:3] - itk).max(), np.abs(ours[:3] - ras * (-1, -1, 1)).max())
    assert worst < 1e-5


def test_that_a_nifti_affine_comes_back_as_it_went() -> None:
    affine = turned((2, 0, 1), (1, -1, 1), 0.2)
    geometry = Geometry.from_affine(affine)
    assert np.allclose(Geometry.from_nifti(geometry.nifti_affine()).matrix, affine)


def test_that_spacing_is_the_length_of_the_axes() -> None:
    assert Geometry.from_affine(turned((1, 2, 0), (-1, 1, 1), 0.4)).spacing == pytest.approx((3.0, 0.8, 0.5))


def test_that_letters_name_the_ends_of_an_axial_scan() -> None:
    axial = Geometry.from_affine(turned((2, 1, 0), (1, 1, 1)))
    assert [axial.letters(axis) for axis in range(3)] == [("I", "S"), ("A", "P"), ("R", "L")]


def test_that_no_letters_stand_for_an_unknown_orientation() -> None:
    assert Geometry((3.0, 0.8, 0.5)).letters(0) == ("", "")


def test_that_geometry_survives_json() -> None:
    geometry = Geometry.from_affine(turned((2, 0, 1), (1, -1, 1), 0.2))
    assert Geometry.from_json(geometry.to_json()) == geometry
    assert Geometry.from_json(Geometry().to_json()) == Geometry()


def test_that_a_mask_stored_in_any_orientation_is_brought_onto_its_scan() -> None:
    scan = Geometry.from_affine(turned((2, 1, 0), (1, 1, 1), 0.3))
    truth = np.arange(np.prod(SHAPE), dtype=np.int32).reshape(SHAPE)
    for permutation, signs in TURNS:
        stored = truth.transpose(permutation)[tuple(slice(None, None, sign) for sign in signs)]
        to_scan = np.zeros((4, 4))  # index in `stored` -> index in `truth`
        to_scan[3, 3] = 1
        for axis, (source, sign) in enumerate(zip(permutation, signs, strict=True)):
            to_scan[source, axis] = sign
            to_scan[source, 3] = 0 if sign > 0 else SHAPE[source] - 1
        found = Geometry.from_affine(scan.matrix @ to_scan).reoriented(stored, scan, SHAPE)
        assert found is not None
        assert np.array_equal(found, truth)


def test_that_a_mask_of_another_place_is_not_brought_onto_a_scan() -> None:
    scan = Geometry.from_affine(turned((2, 1, 0), (1, 1, 1)))
    moved = scan.matrix
    moved[0, 3] += 0.25  # half a voxel along x
    assert Geometry.from_affine(moved).reoriented(np.zeros(SHAPE, np.uint8), scan, SHAPE) is None


def test_that_a_mask_without_orientation_needs_only_the_size_of_its_scan() -> None:
    scan = Geometry.from_affine(turned((2, 1, 0), (1, 1, 1)))
    assert Geometry().reoriented(np.ones(SHAPE, np.uint8), scan, SHAPE) is not None
    assert Geometry().reoriented(np.ones((1, 7, 9), np.uint8), scan, SHAPE) is None
