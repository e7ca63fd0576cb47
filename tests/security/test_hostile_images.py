"""An image file shows what is in it, never another file of the computer."""

import h5py
import numpy as np
import pytest

from unetstudio.errors import FormatError
from unetstudio.formats import read


@pytest.fixture
def secret(tmp_path):
    """A file of the user's that no image has a right to."""
    path = tmp_path / "secret"
    path.write_bytes(b"not for you" * 10)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["image"] = np.full((10, 10), 7, np.uint8)
    return path


def external(file, secret):
    file.create_dataset("image", (10, 10), np.uint8, external=[(str(secret), 0, 100)])


def virtual(file, secret):
    layout = h5py.VirtualLayout((10, 10), np.uint8)
    layout[:] = h5py.VirtualSource(str(secret.with_name("other.h5")), "image", (10, 10))
    file.create_virtual_dataset("image", layout)


def external_link(file, secret):
    file["image"] = h5py.ExternalLink(str(secret.with_name("other.h5")), "/image")


def soft_link(file, secret):
    file["image"] = h5py.SoftLink("/nowhere")


def cycle(file, secret):
    file["image"] = file["/"]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("forge", [external, virtual, external_link, soft_link, cycle], ids=lambda forge: forge.__name__)
def test_that_an_hdf5_image_shows_no_other_file(tmp_path, secret, forge):
    with h5py.File(tmp_path / "image.h5", "w") as file:
        forge(file, secret)
    with pytest.raises(FormatError, match=r"image\.h5: it(s voxels lie in other files| holds no image)"):
        read(tmp_path / "image.h5")
