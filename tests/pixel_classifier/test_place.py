"""The place of voxels in the body."""

import numpy as np

from unetstudio.data.geometry import Geometry
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.pixel_classifier.place import BodyBox, patient_directions


def body_in_air() -> np.ndarray:
    voxels = np.full((1, 20, 30, 40), -1000, np.int16)
    voxels[:, :, 5:25, 10:30] = 40
    return voxels


def test_that_places_run_from_one_end_of_the_body_to_the_other() -> None:
    scan = Scan(body_in_air())
    place = BodyBox.measure(scan).place(Region.whole(scan.shape))
    np.testing.assert_allclose(place[1, 0, [5, 24], 0], [-1, 1])
    np.testing.assert_allclose(place[2, 0, 0, [10, 29]], [-1, 1])
    np.testing.assert_allclose(place[0, [0, 19], 0, 0], [-1, 1])


def test_that_air_around_a_body_does_not_move_its_places() -> None:
    padded = np.pad(body_in_air(), [(0, 0), (0, 0), (8, 3), (2, 9)], constant_values=-1000)
    place = BodyBox.measure(Scan(padded)).place(Region((3, 8, 2), (4, 38, 42)))
    expected = BodyBox.measure(Scan(body_in_air())).place(Region((3, 0, 0), (4, 30, 40)))
    np.testing.assert_allclose(place, expected, atol=1e-6)


def test_that_a_volume_without_air_is_its_own_box() -> None:
    voxels = np.random.default_rng(0).normal(100, 5, (1, 12, 12, 12)).astype(np.float32)
    place = BodyBox.measure(Scan(voxels)).place(Region.whole((12, 12, 12)))
    assert place.min() == -1 and place.max() == 1


def test_that_constant_and_broken_volumes_have_finite_places() -> None:
    for value in (0.0, np.nan):
        scan = Scan(np.full((1, 4, 5, 6), value, np.float32))
        assert np.isfinite(BodyBox.measure(scan).place(Region.whole(scan.shape))).all()


def test_that_places_are_in_patient_directions() -> None:
    upright = Geometry.from_affine(np.diag([1.0, 1.0, 3.0, 1.0])[:, [2, 1, 0, 3]])  # z superior, y posterior, x left
    assert patient_directions(upright) == ((0, 1), (1, 1), (2, 1))
    sagittal = np.zeros((4, 4))  # slices go to the right, rows to posterior, columns to inferior
    sagittal[0, 0], sagittal[1, 1], sagittal[2, 2], sagittal[3, 3] = -2.0, 1.0, -1.0, 1.0
    assert patient_directions(Geometry.from_affine(sagittal)) == ((2, -1), (1, 1), (0, -1))
    assert patient_directions(Geometry()) == ((0, 1), (1, 1), (2, 1))


def test_that_a_mirrored_file_of_the_same_body_has_the_same_places() -> None:
    upright = Geometry.from_affine(np.diag([1.0, 1.0, 1.0, 1.0])[:, [2, 1, 0, 3]])
    turned = Geometry.from_affine(np.diag([1.0, 1.0, -1.0, 1.0])[:, [2, 1, 0, 3]])
    voxels = body_in_air()
    voxels[:, :6] = -1000
    place = BodyBox.measure(Scan(voxels, upright)).place(Region.whole((20, 30, 40)))
    mirrored = BodyBox.measure(Scan(voxels[:, ::-1], turned)).place(Region.whole((20, 30, 40)))
    np.testing.assert_allclose(mirrored[:, ::-1], place, atol=1e-6)
