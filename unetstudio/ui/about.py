"""The dialog about the program: version, promises, the libraries it uses, and that it is for research only."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from unetstudio import RESEARCH_USE, __version__
from unetstudio.ui.resources import picture

WIDTH = 760

PROMISES = (
    ("G1", "A crash or a forced end, at any moment, takes at most the last second of your stroke, or what a slow disk is just flushing."),
    ("G2", "A power cut takes no stroke that was shown as saved, on a disk of this computer. A network drive is as safe as its server."),
    ("G3", "When saving fails, what was saved before stays whole, a red bar says so, and the window closes only at your word."),
    ("G4", "A damaged file is named by window and commands, the other images still open, and labels not yours are never shown as yours."),
    ("G5", "No fault of the learning, be it a crash, a hang or too little memory, costs a stroke or stops the window."),
    ("G6", "Opened twice, a project can be changed in one window only; the other one just shows it."),
    ("G7", "Your images are only read, never changed."),
    ("G8", "No file that you open can run code on this computer, and nothing leaves it: there is no network access."),
    ("G9", "An exported mask covers the same millimetres as the one you see, or it is not written."),
)
"""The promises that docs/reliability.md proves with figures under the same numbers; the README has the same words."""

STANDS_ON = (
    ("PySide6-Essentials", "LGPL-3.0"),
    ("torch", "BSD-3-Clause"),
    ("numpy", "BSD-3-Clause"),
    ("opencv-python-headless", "Apache-2.0"),
    ("scipy", "BSD-3-Clause"),
    ("scikit-image", "BSD-3-Clause"),
    ("h5py", "BSD-3-Clause"),
    ("hdf5plugin", "MIT"),
    ("pydicom", "MIT"),
    ("highdicom", "MIT"),
    ("nibabel", "MIT"),
    ("pynrrd", "MIT"),
    ("tifffile", "BSD-3-Clause"),
    ("imagecodecs", "BSD-3-Clause"),
    ("roifile", "BSD-3-Clause"),
    ("qimage2ndarray", "BSD-3-Clause"),
    ("safetensors", "Apache-2.0"),
    ("psutil", "BSD-3-Clause"),
    ("platformdirs", "MIT"),
    ("filelock", "MIT"),
    ("rich", "MIT"),
)


class About(QDialog):
    """The dialog that the Help menu opens."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("About U-Net Studio")
        self.setMinimumWidth(WIDTH)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 24, 28, 20)
        layout.setSpacing(8)
        layout.addLayout(_head(self.devicePixelRatioF()))
        warning = QLabel(RESEARCH_USE)
        warning.setProperty("role", "warning")
        layout.addSpacing(8)
        layout.addWidget(warning)
        layout.addSpacing(8)
        layout.addWidget(QLabel("What is promised about your work:"))
        layout.addLayout(_promises())
        shown = QLabel("Each of these is tried by tests. Their figures, and what could not be tried, are in docs/reliability.md.")
        shown.setProperty("role", "small")
        shown.setWordWrap(True)
        layout.addWidget(shown)
        layout.addSpacing(8)
        licence = QLabel("Free software under the Apache License 2.0. It stands on the work of others:")
        licence.setProperty("role", "muted")
        layout.addWidget(licence)
        libraries = QPlainTextEdit("\n".join(libraries_in_words()))
        libraries.setReadOnly(True)
        libraries.setFixedHeight(104)
        libraries.setAccessibleName("Libraries and their licences")
        layout.addWidget(libraries)
        layout.addSpacing(4)
        close = QPushButton("Close")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        layout.activate()
        self.resize(WIDTH, layout.totalHeightForWidth(WIDTH))


def libraries_in_words() -> list[str]:
    """Return name, version and licence of each library; one that is not installed is marked so."""
    return [f"{name} {_version(name)}, {licence}" for name, licence in STANDS_ON]


def _promises() -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(1, 1)
    for row, (number, words) in enumerate(PROMISES):
        name = QLabel(number)
        name.setProperty("role", "field")
        line = QLabel(words)
        line.setWordWrap(True)
        grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(line, row, 1)
    return grid


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"


def _head(ratio: float) -> QHBoxLayout:
    mark = QLabel()
    mark.setPixmap(picture("app", 48, ratio=ratio))
    name = QLabel("U-Net Studio")
    name.setProperty("role", "title")
    number = QLabel(f"Version {__version__}")
    number.setProperty("role", "muted")
    number.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    words = QVBoxLayout()
    words.setSpacing(0)
    words.addWidget(name)
    words.addWidget(number)
    head = QHBoxLayout()
    head.setSpacing(16)
    head.addWidget(mark)
    head.addLayout(words, 1)
    return head
