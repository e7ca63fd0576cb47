"""Assumptions about the Qt binding itself."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, Signal


class Bell(QObject):
    """An object with a signal."""

    rung = Signal(bool)


def test_that_emitting_a_signal_costs_no_reference_to_true(qapp: object) -> None:
    bell = Bell()
    before = sys.getrefcount(True)
    for _ in range(50):
        bell.rung.emit(True)
    assert sys.getrefcount(True) > before - 25
