"""HDF5 files in memory that several threads read and write at once stay apart: HDF5 takes two files of one name for one."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from unetstudio.data.labels import LabelMap
from unetstudio.data.prediction import Prediction
from unetstudio.project import labels_file, prediction_file

SHAPE = (1, 200, 200)


def map_of(value: int) -> LabelMap:
    return LabelMap(np.full(SHAPE, value, np.uint8))


def test_that_threads_that_read_labels_at_once_get_each_its_own():
    files = [labels_file.encode(map_of(value), 7) for value in range(4)]

    def read(value: int) -> bool:
        return all((labels_file.decode(files[value], SHAPE, Path("labels-1.h5"))[0].values == value).all() for _ in range(40))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(read, range(4)))


def test_that_threads_that_save_labels_at_once_save_each_its_own():
    def saved(value: int) -> bool:
        files = [labels_file.encode(map_of(value), 7) for _ in range(20)]
        return all((labels_file.decode(file, SHAPE, Path("labels-1.h5"))[0].values == value).all() for file in files)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(saved, range(4)))


def test_that_threads_that_keep_predictions_at_once_keep_each_its_own(tmp_path: Path):
    def kept(value: int) -> bool:
        folder = tmp_path / "study.unetstudio" / "cases" / f"{value:08}"
        folder.mkdir(parents=True)
        prediction = Prediction(SHAPE, (0, 1), f"{value}" * 64)
        prediction.probabilities[:] = value
        for _ in range(20):
            prediction_file.save(folder, prediction)
            found = prediction_file.load(folder, SHAPE)
            if found is None or not (found.probabilities == value).all():
                return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(kept, range(4)))
