"""The choice of mask formats for an export: the usual ones at hand, the others folded away in groups."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QVBoxLayout, QWidget

from unetstudio.data.case import Case
from unetstudio.formats import FORMATS, Format
from unetstudio.ui.panels.fold import Fold
from unetstudio.ui.panels.text import label
from unetstudio.workspace.export_plan import likely_suits, usual_format, writers

USUAL = ("png", "tiff", "nifti", "seg_nrrd", "dicom_seg", "geojson")
"""The formats that are shown at once, if they are there."""

GROUPS = ("Pictures", "Volumes", "Annotations", "For training elsewhere")
MORE = "More formats"
LONG_TITLE = 16
"""Letters of a title beyond which a format takes a whole row, so that the panel does not grow wider."""
IDENTITY = "Copy the patient's name and numbers\ninto the DICOM files"
IDENTITY_WARNING = "The DICOM files will name the patient, as the images do. Give them only to people who may know."


class FormatChoice(QWidget):
    """Check boxes of formats, of which those that suit none of the cases are grey; `changed` after a click by the user."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.checks: dict[str, QCheckBox] = {}
        self.by_hand = False  # ticked by the user: defaults no longer follow the kind of image
        self._cases: Sequence[Case] = ()
        self._last = ""  # the format ticked last
        self.more = Fold(MORE, QWidget(), name="export_more_formats")
        self.sentence = label(role="small", name="export_sentence")
        self.identity = check_box(
            "export_identity", IDENTITY, "Archives file masks with their patient by these; otherwise they are left out"
        )
        self.identity.setChecked(False)
        self.warning = label(IDENTITY_WARNING, "warning", "export_identity_warning")
        self._usual = QGridLayout()
        self._usual.setSpacing(6)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(self._usual)
        for part in (self.more, self.sentence, self.identity, self.warning):
            column.addWidget(part)
        self.identity.clicked.connect(self._tell)
        self._tell()

    @property
    def chosen(self) -> list[str]:
        """The names of the ticked formats that suit some case."""
        return [name for name, check in self.checks.items() if check.isChecked() and check.isEnabled()]

    @property
    def identified(self) -> bool:
        """Whether the patient's identity is to be copied."""
        return self.identity.isChecked() and not self.identity.isHidden()

    def offer(self) -> None:
        """List all formats; called when they are first shown, to keep the start short."""
        if self.checks:
            return
        known = dict(writers())
        usual = [name for name in USUAL if name in known]
        self._add(self._usual, usual)
        column = QVBoxLayout(self.more.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for group in GROUPS:
            names = [name for name, one in known.items() if name not in usual and _group(one) == group]
            if names:
                grid = QGridLayout()
                grid.setSpacing(6)
                self._add(grid, names)
                column.addWidget(label(group, "field"))
                column.addLayout(grid)
        self.more.setVisible(len(known) > len(usual))
        self.show_cases(self._cases)

    def choose(self, names: Sequence[str]) -> None:
        """Tick the formats that the user chose earlier."""
        self.by_hand = bool(names)
        self.identity.setChecked(False)
        for name, check in self.checks.items():
            check.setChecked(name in names)

    def show_cases(self, cases: Sequence[Case]) -> None:
        """Offer what suits these cases; without a choice by hand, or where none of it suits, tick what is usual for them."""
        self._cases = cases
        for name, check in self.checks.items():
            suiting = sum(likely_suits(FORMATS[name], case) for case in cases)
            check.setEnabled(bool(suiting) or not cases)
            check.setToolTip(_hint(FORMATS[name], suiting, cases))
        ticked = any(check.isChecked() for check in self.checks.values())
        if cases and (not self.by_hand or (ticked and not self.chosen)):
            usual = "nifti" if any(usual_format(case) == "nifti" for case in cases) else "png"
            for name, check in self.checks.items():
                check.setChecked(name == usual)
        elif not cases and not self.by_hand:
            for name, check in self.checks.items():
                check.setChecked(name == "png")
        self._tell()

    def _add(self, grid: QGridLayout, names: Sequence[str]) -> None:
        place = 0
        for name in names:
            wide = len(FORMATS[name].title) > LONG_TITLE
            place += place % 2 if wide else 0
            check = check_box(f"export_format_{name}", FORMATS[name].title, "")
            check.setChecked(False)
            check.clicked.connect(lambda ticked, name=name: self._click(name, ticked))
            self.checks[name] = check
            grid.addWidget(check, place // 2, place % 2, 1, 2 if wide else 1)
            place += 2 if wide else 1

    def _click(self, name: str, ticked: bool) -> None:
        self.by_hand = True
        self._last = name if ticked else ""
        self._tell()
        self.changed.emit()

    def _tell(self) -> None:
        """Say what the receiver will see, which cases become something else, and whether the patient will be named."""
        chosen = self.chosen
        shown_format = self._last if self._last in chosen else chosen[0] if chosen else ""
        sentences = [FORMATS[shown_format].receivers] if shown_format else []
        others = [case for case in self._cases if chosen and not any(likely_suits(FORMATS[name], case) for name in chosen)]
        if others:
            instead = " or ".join(sorted({FORMATS[usual_format(case)].title for case in others}))
            sentences.append(f"{len(others)} of the cases cannot be saved so and will be {instead}.")
        self.sentence.setText(" ".join(sentences))
        self.sentence.setVisible(any(sentences))
        folded = [FORMATS[name].title for name in chosen if name not in USUAL]
        titles = ", ".join(folded)
        self.more.button.setText(f"{MORE} ({titles if len(titles) <= LONG_TITLE else f'{len(folded)} ticked'})" if folded else MORE)
        self.identity.setVisible(any(FORMATS[name].identifies for name in chosen))
        self.warning.setVisible(self.identified)


def check_box(name: str, words: str, hint: str) -> QCheckBox:
    """Make a ticked check box."""
    check = QCheckBox(words)
    check.setObjectName(name)
    check.setToolTip(hint)
    check.setChecked(True)
    check.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return check


def _group(mask_format: Format) -> str:
    """Return the group under which a format is listed."""
    if mask_format.collects:
        return GROUPS[3]
    if mask_format.outlines:
        return GROUPS[2]
    return GROUPS[1] if mask_format.volumes else GROUPS[0]


def _hint(mask_format: Format, suiting: int, cases: Sequence[Case]) -> str:
    """Say what a format is for, or why it is grey."""
    if cases and not suiting:
        if mask_format.identifies:
            return f"{mask_format.title} refers to DICOM images, and none of the chosen cases is one."
        return f"{mask_format.title} holds single slices, and the chosen cases are volumes."
    sentence = mask_format.receivers or f"Class values as {mask_format.title}."
    return sentence if suiting == len(cases) else f"{sentence} It suits {suiting} of the {len(cases)} cases."
