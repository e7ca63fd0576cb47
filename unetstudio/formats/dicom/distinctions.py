"""What tells the images of one DICOM series or file apart (echo, phase, b-value, time ...), and the words for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from unetstudio.formats.dicom.header import first, text, value

if TYPE_CHECKING:
    from pydicom import Dataset

Tag = tuple[str, str]
"""The sequence of functional groups that holds an element in enhanced files, empty for the file itself, and the element."""

_IMAGE_TYPE = "image type"

_WORDS = {
    "M": "magnitude", "MAGNITUDE": "magnitude", "P": "phase", "PHASE": "phase", "R": "real", "REAL": "real", "I": "imaginary",
    "IMAGINARY": "imaginary", "W": "water", "WATER": "water", "F": "fat", "FAT": "fat", "IP": "in phase", "IN_PHASE": "in phase",
    "OP": "out of phase", "OPP_PHASE": "out of phase", "OUT_PHASE": "out of phase", "OUT_OF_PHASE": "out of phase", "ADC": "ADC",
}  # fmt: skip
"""Words for the values of ImageType and ComplexImageComponent; others are shown in lower case."""


@dataclass(frozen=True)
class Distinction:
    """A property that may differ between images: its word, and the tags that state it; with `ranked` its values are counted, not shown."""

    word: str
    tags: tuple[Tag, ...]
    ranked: bool = True


DISTINCTIONS = (
    Distinction("stack", (("FrameContentSequence", "StackID"),)),
    Distinction("segment", (("SegmentIdentificationSequence", "ReferencedSegmentNumber"),), ranked=False),
    Distinction("echo", (("MREchoSequence", "EffectiveEchoTime"), ("", "EchoTime"))),
    Distinction("echo", (("", "EchoNumbers"),)),
    Distinction("b", (("MRDiffusionSequence", "DiffusionBValue"), ("", "DiffusionBValue")), ranked=False),
    Distinction("direction", (("MRDiffusionSequence", "DiffusionGradientOrientation"), ("", "DiffusionGradientOrientation"))),
    Distinction(_IMAGE_TYPE, (("", "ComplexImageComponent"), ("MRImageFrameTypeSequence", "ComplexImageComponent"))),
    Distinction(_IMAGE_TYPE, (("MRImageFrameTypeSequence", "FrameType"), ("CTImageFrameTypeSequence", "FrameType"), ("", "ImageType"))),
    Distinction("inversion time", (("MRModifierSequence", "InversionTimes"), ("", "InversionTime")), ranked=False),
    Distinction("flip angle", (("MRTimingAndRelatedParametersSequence", "FlipAngle"), ("", "FlipAngle")), ranked=False),
    Distinction("kV", (("CTXRayDetailsSequence", "KVP"), ("", "KVP")), ranked=False),
    Distinction("energy", (("", "EnergyWindowVector"),)),
    Distinction("detector", (("", "DetectorVector"),)),
    Distinction("time", (("FrameContentSequence", "TemporalPositionIndex"), ("", "TemporalPositionIdentifier"))),
    Distinction("time", (("", "TimeSlotVector"),)),
    Distinction("heart phase", (("CardiacSynchronizationSequence", "NominalCardiacTriggerDelayTime"), ("", "RRIntervalVector"))),
    Distinction("heart phase", (("", "NominalPercentageOfCardiacPhase"), ("", "PhaseVector"))),
    Distinction("acquisition", (("FrameContentSequence", "FrameAcquisitionNumber"), ("", "AcquisitionNumber")), ranked=False),
    Distinction("time", (("", "FrameReferenceTime"),)),
    Distinction("time", (("", "AcquisitionDateTime"), ("", "AcquisitionTime"))),
    Distinction("kernel", (("CTReconstructionSequence", "ConvolutionKernel"), ("", "ConvolutionKernel"))),
    Distinction("thickness", (("PixelMeasuresSequence", "SliceThickness"), ("", "SliceThickness")), ranked=False),
    Distinction("image", (("", "DimensionIndexValues"),)),
)
"""All distinctions, most reliable first."""

MOMENTS = ("TriggerTime", "AcquisitionDateTime", "AcquisitionTime", "ContentTime")
"""Elements by which images at one place are put in order where no distinction holds for a whole volume."""

FILE_TAGS = sorted({keyword for one in DISTINCTIONS for sequence, keyword in one.tags if not sequence} | set(MOMENTS))
"""The elements of a file of one slice that state the distinctions."""

_POSITIONS = ("InStackPositionNumber", "ImagePositionPatient", "StackID", "PlanePositionSequence", "SliceVector")
_VECTORS = ("EnergyWindowVector", "DetectorVector", "TimeSlotVector", "RRIntervalVector", "PhaseVector")


def values_of(dataset: Dataset) -> tuple[str, ...]:
    """Return the value of each distinction of a file of one slice; empty where it is not stated."""
    return tuple(_stated(one, lambda tag: "" if tag[0] or tag[1] in _VECTORS else text(dataset, tag[1])) for one in DISTINCTIONS)


def values_of_frames(dataset: Dataset, frames: int) -> list[tuple[str, ...]]:
    """Return the value of each distinction of each frame of a file, from its functional groups, dimension indices and vectors."""
    shared = first(dataset, "SharedFunctionalGroupsSequence")
    per_frame = value(dataset, "PerFrameFunctionalGroupsSequence") or []
    vectors = {keyword: value(dataset, keyword) for keyword in _VECTORS}
    dimensions = _dimensions(dataset)

    def read(n: int) -> Callable[[Tag], str]:
        groups = [group for group in (per_frame[n] if n < len(per_frame) else None, shared) if group is not None]

        def one(tag: Tag) -> str:
            sequence, keyword = tag
            if keyword == "DimensionIndexValues":
                return _index(groups, dimensions)
            if keyword in _VECTORS:
                vector = vectors[keyword]
                return str(vector[n]) if hasattr(vector, "__len__") and len(vector) == frames else ""
            if sequence:
                return next((written for group in groups if (written := _in_group(group, sequence, keyword))), "")
            return text(dataset, keyword)

        return one

    return [tuple(_stated(distinction, read(n)) for distinction in DISTINCTIONS) for n in range(frames)]


def columns_of(all_values: Sequence[Sequence[str]], used: Collection[int]) -> dict[int, list[str]]:
    """Return the values that images have of each distinction in `used`, in order."""
    return {n: sorted({one[n] for one in all_values if one[n]}, key=order_key) for n in sorted(used)}


def label_of(values: Sequence[str], columns: Mapping[int, list[str]]) -> str:
    """Return words for an image by its values of the distinctions in `columns`: "echo 2, phase"."""
    words: dict[str, str] = {}
    for n, column in columns.items():
        distinction = DISTINCTIONS[n]
        if not values[n] or distinction.word in words:
            continue
        if distinction.word == _IMAGE_TYPE:
            words[_IMAGE_TYPE] = _image_type(values[n], column)
        else:
            shown = f"{column.index(values[n]) + 1}" if distinction.ranked else _short(values[n])
            words[distinction.word] = f"{distinction.word} {shown}"
    return ", ".join(word for word in words.values() if word)


def order_key(written: str) -> tuple[float, str]:
    """Return a key that puts numbers in order of size, before text."""
    try:
        return (float(written), "")
    except ValueError:
        return (float("inf"), written)


def _stated(distinction: Distinction, read: Callable[[Tag], str]) -> str:
    return next((written for tag in distinction.tags if (written := read(tag))), "")


def _in_group(group: Dataset, sequence: str, keyword: str) -> str:
    """Return an element of a frame's functional group; gradient directions and inversion times lie one sequence deeper."""
    item = first(group, sequence)
    if item is None:
        return ""
    deeper = first(item, "DiffusionGradientDirectionSequence") if keyword == "DiffusionGradientOrientation" else None
    return text(item if deeper is None else deeper, keyword)


def _dimensions(dataset: Dataset) -> list[int]:
    """Return which dimension indices count something else than positions."""
    from pydicom.datadict import keyword_for_tag

    items = value(dataset, "DimensionIndexSequence") or []
    pointers = [keyword_for_tag(item.get("DimensionIndexPointer", 0) or 0) for item in items]
    return [n for n, keyword in enumerate(pointers) if keyword not in _POSITIONS]


def _index(groups: Sequence[Dataset], dimensions: Sequence[int]) -> str:
    content = next((c for group in groups if (c := first(group, "FrameContentSequence")) is not None), None)
    if content is None or not dimensions:
        return ""
    indices = value(content, "DimensionIndexValues")
    listed = list(indices) if hasattr(indices, "__iter__") else [indices]
    return ".".join(f"{int(listed[n]):05d}" for n in dimensions if n < len(listed) and listed[n] is not None)


def _image_type(written: str, column: Sequence[str]) -> str:
    """Return the components of an image type that others do not share; "image type 2" where none is left."""
    components = {one: list(_components(one)) for one in column}
    common = set.intersection(*(set(one) for one in components.values()))
    own = [one for one in components[written] if one not in common]
    words = " ".join(_WORDS.get(one, one.lower().replace("_", " ")) for one in own if len(one) <= 16)
    return words or f"image type {column.index(written) + 1}"


def _components(written: str) -> Iterator[str]:
    return (part for one in written.strip("[]").split(",") if (part := one.strip(" '\"")))


def _short(written: str) -> str:
    try:
        return f"{float(written):g}"
    except ValueError:
        return written.strip("[]")[:16]
