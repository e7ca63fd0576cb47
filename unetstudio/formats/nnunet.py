"""The data set folder of nnU-Net (version 2): images, labels and dataset.json, ready for its planning."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio import RESEARCH_USE, __version__
from unetstudio.atomic_file import make_folder, replace_file
from unetstudio.data.case import Case, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.data.labels import UNLABELLED
from unetstudio.errors import FormatError, UserError
from unetstudio.formats.finding.recognition import format_of
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.masks.collector import Collector
from unetstudio.formats.masks.document import MaskDocument
from unetstudio.formats.pictures import Picture
from unetstudio.formats.scan_files import read

FOLDER = "Dataset001_UNetStudio"
"""Name of the folder, whose number and name nnU-Net allows to be changed."""

IMAGES, LABELS, DESCRIPTION = "imagesTr", "labelsTr", "dataset.json"
_BACKGROUND, _IGNORE = "background", "ignore"


class NnUnet(Format):
    """A folder with all cases: pictures stay pictures when all are, or else everything is NIfTI."""

    title = "nnU-Net data set"
    volumes = True
    images = False
    collects = True
    receivers = "nnU-Net (version 2) trains on it as it is; what is not annotated has its “ignore” label. The images are copied."

    def recognises(self, head: bytes) -> bool:
        """Return False: its files are read as what they are."""
        del head
        return False

    def collection(self, cases: Sequence[Case], stems: Sequence[str]) -> list[str]:
        """Name images, labels and description; raise UserError when the images have different numbers of channels."""
        if len({case.channels for case in cases}) > 1:
            raise UserError("nnU-Net needs the same number of channels in all images; export those alike as a data set of their own.")
        storage = _storage(cases)
        names = [f"{FOLDER}/{DESCRIPTION}"]
        for stem, case in zip(stems, cases, strict=True):
            names += [f"{FOLDER}/{IMAGES}/{stem}_{n:04}{storage.ending}" for n in range(1 if storage.pictures else case.channels)]
            names.append(f"{FOLDER}/{LABELS}/{stem}{storage.ending}")
        return names

    def collector(self, folder: Path, cases: Sequence[Case]) -> DataSet:
        """Make the folders."""
        return DataSet(folder / FOLDER, cases)


class DataSet(Collector):
    """A data set folder that is being written."""

    def __init__(self, folder: Path, cases: Sequence[Case]) -> None:
        self._folder, self._storage = folder, _storage(cases)
        self._channel_names = _channel_names(cases, self._storage)
        self._classes = ClassTable()
        self._training = 0
        self._unlabelled = False
        for one in (folder / IMAGES, folder / LABELS):
            make_folder(one)

    def add(self, stem: str, document: MaskDocument) -> Sequence[Path]:
        """Copy the image and write its labels."""
        ending, geometry = self._storage.ending, document.geometry
        written = []
        for n, data in enumerate(self._storage.images(_image_channels(document), geometry)):
            written.append(self._folder / IMAGES / f"{stem}_{n:04}{ending}")
            replace_file(written[-1], data)
        values = _values(document)
        written.append(self._folder / LABELS / f"{stem}{ending}")
        replace_file(written[-1], self._storage.labels(values, geometry))
        self._classes = document.classes
        self._unlabelled = self._unlabelled or bool((values == len(document.classes)).any())
        self._training += 1
        return written

    def finish(self) -> Sequence[Path]:
        """Write the description."""
        path = self._folder / DESCRIPTION
        description = {
            "channel_names": {str(n): name for n, name in enumerate(self._channel_names)},
            "labels": _label_values(self._classes, ignore=self._unlabelled),
            "numTraining": self._training,
            "file_ending": self._storage.ending,
            "description": f"Exported from U-Net Studio {__version__}. {RESEARCH_USE}",
        }
        replace_file(path, (json.dumps(description, indent=2, ensure_ascii=False) + "\n").encode())
        return (path,)


@dataclass(frozen=True)
class _Storage:
    """The kind of all files of a data set: PNG, in which colours share a file, or NIfTI with a file for each channel."""

    pictures: bool

    @property
    def ending(self) -> str:
        return ".png" if self.pictures else ".nii.gz"

    def images(self, channels: NDArray[Any], geometry: Geometry) -> Iterator[bytes]:
        """Encode an image (C, Z, Y, X)."""
        if self.pictures:
            yield _png(np.moveaxis(channels[:, 0], 0, -1) if len(channels) > 1 else channels[0, 0])
        else:
            yield from (_nifti(channel, geometry) for channel in channels)

    def labels(self, values: NDArray[np.uint8], geometry: Geometry) -> bytes:
        """Encode labels (Z, Y, X)."""
        return _png(values[0]) if self.pictures else _nifti(values, geometry)


def _storage(cases: Sequence[Case]) -> _Storage:
    """Return PNG when each image is a picture of whole numbers in grey or three colours, or else NIfTI."""
    return _Storage(all(not case.is_volume and case.channels in (1, 3) and _is_picture(case.source) for case in cases))


def _is_picture(source: Source) -> bool:
    return source.path.is_file() and isinstance(format_of(source.path), Picture)


def _image_channels(document: MaskDocument) -> NDArray[Any]:
    """Read the image (C, Z, Y, X); raise FormatError when it is another one than the labels are for."""
    if document.source is None:
        raise FormatError(document.name or "mask", "its image is not known, and nnU-Net needs both.")
    voxels: NDArray[Any] = read(document.source).array
    if voxels.shape[1:] != document.labels.shape:
        raise FormatError(document.source.path, "the image has another size than its labels; put the original back and export again.")
    return voxels


def _values(document: MaskDocument) -> NDArray[np.uint8]:
    """Return labels counted from 0 in the order of classes, and the number after the last where nothing is annotated."""
    channels = document.classes.channels()
    channels[channels == UNLABELLED] = len(document.classes)
    values: NDArray[np.uint8] = channels[document.labels]
    return values


def _label_values(classes: ClassTable, *, ignore: bool) -> dict[str, int]:
    """Return the value of each name: the first class has nnU-Net's own name for the background."""
    values = {_BACKGROUND: 0}
    for value, one in enumerate(classes):
        if value:
            values[one.name if one.name not in (_BACKGROUND, _IGNORE) else f"{one.name} class"] = value
    return values | ({_IGNORE: len(classes)} if ignore else {})


def _channel_names(cases: Sequence[Case], storage: _Storage) -> list[str]:
    """Name the channels: CT makes nnU-Net keep Hounsfield units comparable, other names only tell."""
    channels = cases[0].channels if cases else 1
    if all(case.kind.split()[-1:] == ["CT"] for case in cases) and channels == 1:
        return ["CT"]
    return ["R", "G", "B"] if storage.pictures and channels == 3 else [f"channel {n}" for n in range(channels)]


def _png(pixels: NDArray[Any]) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.png_encode(np.ascontiguousarray(pixels), level=6))


def _nifti(voxels: NDArray[Any], geometry: Geometry) -> bytes:
    """Encode (Z, Y, X); image and labels have the same header, which nnU-Net compares."""
    import nibabel

    image = nibabel.Nifti1Image(voxels.transpose(2, 1, 0), geometry.nifti_affine())
    image.header.set_xyzt_units("mm")
    return gzip.compress(image.to_bytes(), compresslevel=6, mtime=0)


FORMATS.register("nnunet")(NnUnet())
