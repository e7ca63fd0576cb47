"""The plan of an export: which formats hold which case, and the names of all files before any is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from unetstudio.data.case import Case
from unetstudio.errors import UserError
from unetstudio.formats import FORMATS, Format
from unetstudio.formats.masks.output_record import stems
from unetstudio.formats.masks.usual import usual_mask


@dataclass(frozen=True)
class PlannedCase:
    """A case, its file stem, the mask files of its own with their formats, and the formats that collect it with others."""

    case: Case
    stem: str
    files: tuple[tuple[str, Format], ...]
    collected_by: tuple[str, ...]


@dataclass(frozen=True)
class ExportPlan:
    """The planned cases, the names of the files that they share, and sentences on what is written instead of what was chosen."""

    cases: tuple[PlannedCase, ...]
    shared: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """The names of all mask files, relative to the folder."""
        return [name for planned in self.cases for name, _ in planned.files] + list(self.shared)

    def collected_by(self, name: str) -> list[Case]:
        """Return the cases that a format collects."""
        return [planned.case for planned in self.cases if name in planned.collected_by]

    @property
    def collecting(self) -> list[str]:
        """The formats that collect cases."""
        return list(dict.fromkeys(name for planned in self.cases for name in planned.collected_by))


def writers() -> list[tuple[str, Format]]:
    """Return name and format of each in which masks can be exported."""
    return [(name, mask_format) for name, mask_format in FORMATS.items() if mask_format.writes or mask_format.collects]


def likely_suits(mask_format: Format, case: Case) -> bool:
    """Whether a format can hold a case, as far as can be told without looking at its files, which may lie on a slow disk."""
    if mask_format.identifies:
        return case.kind.startswith("DICOM")
    return mask_format.suits(case.source, volume=case.is_volume)


def usual_format(case: Case) -> str:
    """Return the format of a case when nothing else is chosen."""
    return usual_mask(case.shape, case.geometry, case.kind)


def plan(cases: Sequence[Case], formats: Sequence[str]) -> ExportPlan:
    """Plan an export in the chosen formats; a case that none of them can hold gets its usual one, and a note says so."""
    for name in formats:
        if FORMATS[name] not in [mask_format for _, mask_format in writers()]:
            raise UserError(f"Masks cannot be saved as {FORMATS[name].title}; choose PNG, TIFF, NIfTI or HDF5.")
    planned, instead = [], dict[str, list[Case]]()
    for case, stem in zip(cases, stems(cases), strict=True):
        fitting = [name for name in dict.fromkeys(formats) if FORMATS[name].suits(case.source, volume=case.is_volume)]
        if formats and not fitting:
            instead.setdefault(usual_format(case), []).append(case)
        alone = [name for name in fitting if not FORMATS[name].collects] if fitting else [usual_format(case)]
        planned.append(PlannedCase(case, stem, _files(stem, alone), tuple(name for name in fitting if FORMATS[name].collects)))
    shared: list[str] = []
    made = ExportPlan(tuple(planned), (), tuple(_instead(taken, formats, of) for taken, of in instead.items()))
    for name in made.collecting:
        together = [one for one in planned if name in one.collected_by]
        shared += FORMATS[name].collection([one.case for one in together], [one.stem for one in together])
    return ExportPlan(made.cases, tuple(shared), made.notes)


def _files(stem: str, formats: Sequence[str]) -> tuple[tuple[str, Format], ...]:
    """Name a case's own mask files; a second one of the same suffix is told apart by its format."""
    files: dict[str, Format] = {}
    for name in formats:
        suffix = FORMATS[name].suffixes[0]
        plain = f"{stem}{suffix}"
        files[plain if plain not in files else f"{stem}-{name}{suffix}"] = FORMATS[name]
    return tuple(files.items())


def _instead(taken: str, formats: Sequence[str], cases: Sequence[Case]) -> str:
    """Say that cases are saved in another format than the chosen ones."""
    chosen = " or ".join(FORMATS[name].title for name in dict.fromkeys(formats))
    if len(cases) == 1:
        return f"{cases[0].name} cannot be saved as {chosen}; it was saved as {FORMATS[taken].title} instead."
    return f"{len(cases)} cases cannot be saved as {chosen}; they were saved as {FORMATS[taken].title} instead."
