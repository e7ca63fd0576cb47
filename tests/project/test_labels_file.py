"""A label file is exactly what was written, or it is not opened."""

import tracemalloc
from pathlib import Path

import h5py
import hdf5plugin
import numpy as np
import pytest
from imagecodecs import zstd_encode

from unetstudio.data.edit import Edit
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.region import Region
from unetstudio.data.stroke import Stroke
from unetstudio.errors import ProjectError
from unetstudio.project import labels_file
from unetstudio.project.label_blocks import blocks_of
from unetstudio.project.os_errors import DamagedError

SHAPE = (3, 20, 30)
PATH = Path("labels-1.h5")
ZSTD = hdf5plugin.Zstd(clevel=3)


@pytest.fixture
def labels() -> LabelMap:
    random = np.random.default_rng(0)
    values = random.choice(np.array([0, 1, 7, 254, UNLABELLED], np.uint8), SHAPE)
    return LabelMap(values, random.integers(0, 4, SHAPE).astype(np.uint8))


def painted(random: np.random.Generator, shape: tuple[int, int, int], strokes: int) -> LabelMap:
    """Boxes of classes on nothing, some of them taken back."""
    labels = LabelMap.unlabelled(shape)
    for _ in range(strokes):
        labels.apply(box(random, labels))
    return labels


def box(random: np.random.Generator, labels: LabelMap) -> Edit:
    """A box of any size with holes, of any class or none."""
    start = [int(random.integers(size)) for size in labels.shape]
    stop = [int(random.integers(at + 1, size + 1)) for at, size in zip(start, labels.shape, strict=True)]
    stroke = Stroke(labels, int(random.choice([0, 3, UNLABELLED])), tool="brush")
    region = Region((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))
    stroke.paint(region, random.random(region.shape) < random.choice([0.01, 0.5, 1.1]))
    return stroke.commit() or box(random, labels)


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


@pytest.mark.parametrize("shape", [(1, 1300, 1100), (40, 150, 300), (1, 7, 9)])
def test_that_only_changed_blocks_are_packed_and_the_file_says_the_same(shape):
    random = np.random.default_rng(shape[1])
    for strokes in range(4):
        labels = painted(random, shape, strokes)
        older = labels_file.encode(labels, 1)
        blocks: set = set()
        for _ in range(int(random.integers(1, 4))):
            edit = box(random, labels)  # already applied
            blocks |= blocks_of(edit, shape)
        newer = labels_file.encode(labels, 2, labels_file.OlderGeneration(older, 1, blocks))
        back, sequence = labels_file.decode(newer, shape, PATH)
        whole, _ = labels_file.decode(labels_file.encode(labels, 2), shape, PATH)
        for made in (back, whole):
            assert np.array_equal(made.values, labels.values) and np.array_equal(made.origin, labels.origin)
            assert np.array_equal(made.counts, np.bincount(labels.values.ravel(), minlength=256))
        assert sequence == 2


def test_that_what_did_not_change_is_copied_and_not_looked_at():
    labels = painted(np.random.default_rng(1), (1, 1300, 1100), 6)
    older = labels_file.encode(labels, 1)
    before = labels.values.copy()
    labels.values[:] = 7
    back, _ = labels_file.decode(labels_file.encode(labels, 2, labels_file.OlderGeneration(older, 1, {(0, 1, 1)})), labels.shape, PATH)
    before[0, 512:1024, 512:1024] = 7
    assert np.array_equal(back.values, before)


@pytest.mark.parametrize("what", ["damaged", "another sequence", "another shape", "not labels", "of an earlier program"])
def test_that_a_generation_that_is_not_what_it_must_be_is_not_copied_from(labels, what):
    older = {
        "damaged": labels_file.encode(labels, 1)[:-1] + b"x",
        "another sequence": labels_file.encode(labels, 3),
        "another shape": labels_file.encode(LabelMap.unlabelled((1, 9, 9)), 1),
        "not labels": sealed(b"nothing" * 100, 1),
        "of an earlier program": dense(labels, 1),
    }[what]
    back, _ = labels_file.decode(labels_file.encode(labels, 2, labels_file.OlderGeneration(older, 1, set())), SHAPE, PATH)
    assert np.array_equal(back.values, labels.values) and np.array_equal(back.origin, labels.origin)


def dense(labels: LabelMap, sequence: int) -> bytes:
    """As the first version wrote it: every block, and nothing said about absent ones."""
    with h5py.File("x", "w", driver="core", backing_store=False, libver=("v110", "v110")) as file:
        file.attrs["sequence"] = np.uint64(sequence)
        for name, array in (("values", labels.values), ("origin", labels.origin)):
            file.create_dataset(name, data=array, chunks=SHAPE, fletcher32=True, **hdf5plugin.Zstd(clevel=3))
        file.flush()
        return sealed(file.id.get_file_image(), sequence)


def test_that_files_of_the_first_version_are_read(labels):
    back, _ = labels_file.decode(dense(labels, 1), SHAPE, PATH)
    assert np.array_equal(back.values, labels.values)


def test_that_an_image_without_annotation_costs_next_to_nothing():
    assert len(labels_file.encode(LabelMap.unlabelled((1, 4000, 4000)), 1)) < 8_000
    assert len(labels_file.encode(LabelMap.unlabelled((1, 4000, 4000)), 1, case="ab" * 8)) < 8_000


def test_that_labels_of_another_case_are_as_good_as_damaged(labels):
    data = labels_file.encode(labels, 1, case="one")
    assert np.array_equal(labels_file.decode(data, SHAPE, PATH, "one")[0].values, labels.values)
    with pytest.raises(DamagedError, match="or belongs to another image"):
        labels_file.decode(data, SHAPE, PATH, "two")


def good(file: h5py.File) -> None:
    file.attrs["sequence"] = np.uint64(5)
    for name in labels_file.FILL_VALUES:
        file.create_dataset(name, data=np.zeros(SHAPE, np.uint8), chunks=SHAPE, **ZSTD)


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


def gzip(file: h5py.File) -> None:
    good(file)
    del file["values"]
    file.create_dataset("values", data=np.zeros(SHAPE, np.uint8), chunks=SHAPE, compression="gzip")


def a_cycle(file: h5py.File) -> None:
    good(file)
    del file["values"]
    file["values"] = file["/"]


def twins(file: h5py.File) -> None:
    good(file)
    del file["values"]
    file["values"] = file["origin"]


def blocks_missing(file: h5py.File) -> None:
    good(file)
    del file["values"]
    file.create_dataset("values", SHAPE, np.uint8, chunks=(1, 20, 30), **ZSTD)


def an_enumeration(file: h5py.File) -> None:
    good(file)
    del file["values"]
    kind = h5py.enum_dtype({"a": 0, "b": 1}, basetype=np.uint8)
    file.create_dataset("values", data=np.zeros(SHAPE, np.uint8), dtype=kind, chunks=SHAPE, **ZSTD)


def a_thousand_members(file: h5py.File) -> None:
    good(file)
    for number in range(1000):
        file[f"extra {number}"] = file["values"]


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


FORGERIES = [
    *(external, soft_link, external_link, virtual, huge, large_chunks, other_filter, gzip, a_group, a_cycle, twins, blocks_missing),
    *(an_enumeration, a_thousand_members, one_more, wide, other_sequence),
]


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_that_a_forged_file_with_a_right_footer_is_refused(forge):
    with h5py.File("x", "w", driver="core", backing_store=False, libver=("v110", "v110")) as file:
        forge(file)
        file.flush()
        data = sealed(file.id.get_file_image())
    with pytest.raises(ProjectError, match="not made by this program"):
        labels_file.decode(data, SHAPE, PATH)


def many_attributes(file: h5py.File) -> None:
    good(file)
    for number in range(100):
        file.attrs[f"a{number}"] = 1


def large_attribute(file: h5py.File) -> None:
    good(file)
    file.attrs["sequence"] = np.zeros(8000, np.uint64)


def a_bomb(file: h5py.File, unpacked: int = 3 * 10**8) -> None:
    """A block that unpacks to 300 MB in place of 1800 bytes."""
    good(file)
    del file["values"]
    made = file.create_dataset("values", SHAPE, np.uint8, chunks=SHAPE, **ZSTD)
    made.id.write_direct_chunk((0, 0, 0), zstd_encode(bytes(unpacked)))


def a_small_block(file: h5py.File) -> None:
    a_bomb(file, unpacked=17)


def a_block_as_it_is(file: h5py.File) -> None:
    good(file)
    del file["values"]
    made = file.create_dataset("values", SHAPE, np.uint8, chunks=SHAPE, **ZSTD)
    made.id.write_direct_chunk((0, 0, 0), bytes(1800), filter_mask=1)


def no_block(file: h5py.File) -> None:
    good(file)
    del file["values"]
    made = file.create_dataset("values", SHAPE, np.uint8, chunks=SHAPE, **ZSTD)
    made.id.write_direct_chunk((0, 0, 0), b"\0" * 100)


BOMBS = [many_attributes, large_attribute, a_bomb, a_small_block, a_block_as_it_is, no_block]


@pytest.mark.parametrize("forge", BOMBS, ids=lambda forge: forge.__name__)
def test_that_a_forged_file_takes_no_memory_before_it_is_refused(forge):
    with h5py.File("x", "w", driver="core", backing_store=False, libver=("v110", "v110")) as file:
        forge(file)
        file.flush()
        data = sealed(file.id.get_file_image())
    tracemalloc.start()
    with pytest.raises(DamagedError, match="is damaged and was not opened"):
        labels_file.decode(data, SHAPE, PATH)
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken < 4 * len(data) + 2**20


def test_that_something_before_the_beginning_is_refused(labels):
    image = labels_file.encode(labels, 5)[: -labels_file.FOOTER.size]
    with pytest.raises(ProjectError):
        labels_file.decode(sealed(b"MZ" + bytes(510) + image), SHAPE, PATH)


def test_that_labels_larger_than_the_memory_are_refused_before_anything_is_made():
    data = sealed(b"any bytes")
    with pytest.raises(ProjectError, match=r"need 2,000\.0 GB of memory .* use another computer"):
        labels_file.decode(data, (1, 10**6, 10**6), PATH)


def test_that_noise_that_cannot_be_packed_comes_back(tmp_path):
    noise = np.random.default_rng(1).integers(0, 255, (5, 300, 300)).astype(np.uint8)
    back, _ = labels_file.decode(labels_file.encode(LabelMap(noise, noise), 1), noise.shape, PATH)
    assert np.array_equal(back.values, noise)


def test_that_what_is_no_hdf5_file_is_refused_though_the_footer_is_right():
    with pytest.raises(ProjectError):
        labels_file.decode(sealed(b"not HDF5 at all" * 100), SHAPE, PATH)
