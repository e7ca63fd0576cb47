"""About the program: version, what it promises, whose work it stands on, and that it is for research only."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from unetstudio import RESEARCH_USE, __version__
from unetstudio.ui.resources import picture

PROMISES = (
    "Nothing leaves this computer: the program opens no network connection.",
    "Every finished stroke is on the disk before it is called saved.",
    "Your images are never changed or copied.",
    "What you paint is never overruled by a prediction.",
    "A project from a stranger cannot run code on this computer.",
)

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
    ("nibabel", "MIT"),
    ("tifffile", "BSD-3-Clause"),
    ("imagecodecs", "BSD-3-Clause"),
    ("qimage2ndarray", "BSD-3-Clause"),
    ("safetensors", "Apache-2.0"),
    ("psutil", "BSD-3-Clause"),
    ("platformdirs", "MIT"),
    ("rich", "MIT"),
)


class About(QDialog):
    """Words that can be selected and copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("About U-Net Studio")
        self.setMinimumWidth(560)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 24, 28, 20)
        layout.setSpacing(8)
        layout.addLayout(_head(self.devicePixelRatioF()))
        warning = QLabel(RESEARCH_USE)
        warning.setProperty("role", "warning")
        layout.addSpacing(8)
        layout.addWidget(warning)
        layout.addSpacing(8)
        for promise in PROMISES:
            line = QLabel(f"•  {promise}")
            line.setWordWrap(True)
            layout.addWidget(line)
        layout.addSpacing(8)
        licence = QLabel("Free software under the Apache License 2.0. It stands on the work of others:")
        licence.setProperty("role", "muted")
        layout.addWidget(licence)
        libraries = QPlainTextEdit("\n".join(libraries_in_words()))
        libraries.setReadOnly(True)
        libraries.setFixedHeight(132)
        libraries.setAccessibleName("Libraries and their licences")
        layout.addWidget(libraries)
        layout.addSpacing(4)
        close = QPushButton("Close")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)


def libraries_in_words() -> list[str]:
    """Name, version and licence of each library; a missing one is said to be missing."""
    return [f"{name} {_version(name)}, {licence}" for name, licence in STANDS_ON]


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
