"""The modes of the canvas: uses of the left button that change no label. Each has a button and a key like a tool."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mode:
    """One mode: `shortcut` is one key, `icon` a file name in resources/icons without .svg, `hint` one sentence for the status bar."""

    title: str
    shortcut: str
    icon: str
    hint: str


PICK = Mode("Pick class", "I", "pick", "Click a label to make its class the active one.")
PAN = Mode("Pan", "H", "pan", "Drag to move the image; holding Space does the same with any tool.")

MODES = {"pick": PICK, "pan": PAN}
