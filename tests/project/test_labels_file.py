"""A label file is exactly what was written, or it is not opened."""

from pathlib import Path

import h5py
import hdf5plugin
import numpy as np
import pytest

from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.errors import ProjectError
from unetstudio.project import labels_file
from unetstudio.project.durable import DamagedError

SHAPE = (3, 20, 30)
PATH = Path("labels-1.h5")


@pytest.fixture
def labels() -> LabelMap:
    random = np.random.default_rng(0)
    values = random.choice(np.array([0, 1, 7, 254, UNLABELLED], np.uint8), SHAPE)
    return LabelMap(values, random.integers(0, 4, SHAPE).astype(np.uint8))


def sealed(image: bytes, sequence: int = 5) -> bytes:
    """An HDF5 image with a right footer, as a forger can make it."""
    start = labels_file.FOOTER.pack(labels_file.MAGIC, len(image), sequence, bytes(32))[:-32]
    return image + start + labels_file._hash(image, start)


def test_that_labels_come_back_with_origins_and_sequence(labels):
    back, sequence = labels_file.decode(labels_file.encode(labels, 42), SHAPE, PATH)
    assert np.array_equal(back.values, labels.values) and np.array_equal(back.origin, labels.origin)
    assert sequence == 42 and np.array_equal(back.counts, labels.counts)


def test_that_other_programs_can_read_the_file(labels, tmp_path):
    (tmp_path / "labels-1.h5").write_bytes(labels_file.encode(labels, 1))
    with h5py.File(tmp_path / "labels-1.h5") as file:
        assert np.array_equal(file["values"][:], labels.values) and file["values"].fletcher32


def test_that_a_large_picture_is_kept_in_blocks():
    data = labels_file.encode(LabelMap.unlabelled((1, 1500, 1500)), 1)
    assert len(data) < 30_000 and labels_file.decode(data, (1, 1500, 1500), PATH)[0].annotated == 0


def test_that_a_file_with_any_byte_flipped_is_not_opened(labels):
    data = bytearray(labels_file.encode(labels, 42))
    for place in [*range(0, len(data), 5), *range(len(data) - 52, len(data))]:
        data[place] ^= 0x20
        with pytest.raises(DamagedError, match=r"labels-1\.h5: is damaged"):
            labels_file.decode(bytes(data), SHAPE, PATH)
        data[place] ^= 0x20


def test_that_a_cut_file_is_not_opened(labels):
    data = labels_file.encode(labels, 42)
    for length in [0, 1, 51, 52, 53, *range(100, len(data), 101)]:
        with pytest.raises(DamagedError):
            labels_file.decode(data[:length], SHAPE, PATH)


def test_that_labels_of_another_image_are_not_opened(labels):
    with pytest.raises(ProjectError, match="the scan is"):
        labels_file.decode(labels_file.encode(labels, 1), (3, 30, 20), PATH)


def good(file: h5py.File) -> None:
    file.attrs["sequence"] = np.uint64(5)
    for name in labels_file.DATASETS:
        file.create_dataset(name, data=np.zeros(SHAPE, np.uint8), chunks=SHAPE)


def external(file: h5py.File) -> None:
    good(file)
    del file["values"]
    file.create_dataset("values", SHAPE, np.uint8, external=[("/etc/passwd", 0, 1800)])


def soft_link(file: h5py.File) -> None:
    good(file)
    del file["values"]
    file["values"] = h5py.SoftLink("/origin")


def external_link(file: h5py.File) -> None:
    good(file)
    del file["values"]
    file["values"] = h5py.ExternalLink("/tmp/other.h5", "/x")


def virtual(file: h5py.File) -> None:
    good(file)
    del file["values"]
    layout = h5py.VirtualLayout(SHAPE, np.uint8)
    layout[:] = h5py.VirtualSource("/tmp/other.h5", "x", SHAPE)
    file.create_virtual_dataset("values", layout)


def huge(file: h5py.File) -> None:
    good(file)
    del file["values"]
    file.create_dataset("values", (10**4, 10**5, 10**4), np.uint8, chunks=(1, 1000, 1000))


def large_chunks(file: h5py.File) -> None:
    good(file)
    del file["values"]
    file.create_dataset("values", SHAPE, np.uint8, chunks=(1000, 1000, 1000), maxshape=(None, None, None))


def other_filter(file: h5py.File) -> None:
    good(file)
    del file["values"]
    file.create_dataset("values", data=np.zeros(SHAPE, np.uint8), chunks=SHAPE, **hdf5plugin.LZ4())


def a_group(file: h5py.File) -> None:
    good(file)
    del file["values"]
    file.create_group("values")


def one_more(file: h5py.File) -> None:
    good(file)
    file["extra"] = 1


def wide(file: h5py.File) -> None:
    good(file)
    del file["values"]
    file.create_dataset("values", data=np.zeros(SHAPE, np.int64), chunks=SHAPE)


def other_sequence(file: h5py.File) -> None:
    good(file)
    file.attrs["sequence"] = np.uint64(6)


FORGERIES = [external, soft_link, external_link, virtual, huge, large_chunks, other_filter, a_group, one_more, wide, other_sequence]


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_that_a_forged_file_with_a_right_footer_is_refused(forge):
    with h5py.File("x", "w", driver="core", backing_store=False, libver=("v110", "v110")) as file:
        forge(file)
        file.flush()
        data = sealed(file.id.get_file_image())
    with pytest.raises(ProjectError, match="not made by this program"):
        labels_file.decode(data, SHAPE, PATH)


def test_that_what_is_no_hdf5_file_is_refused_though_the_footer_is_right():
    with pytest.raises(ProjectError):
        labels_file.decode(sealed(b"not HDF5 at all" * 100), SHAPE, PATH)
