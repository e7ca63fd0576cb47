"""Notices about parts of other packages that were left out of the registries."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, SignalInstance

from unetstudio.registry import Reporter


class PluginWarnings(QObject):
    """Collects the warnings from its creation on, since tools load before there is a window to show anything in."""

    _warned = Signal(str)  # from whatever thread loads a registry

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: list[str] = []
        self._notice: SignalInstance | None = None
        self._warned.connect(self._take)
        self._reporter = Reporter(self._warned.emit)

    def pass_on(self, notice: SignalInstance) -> None:
        """Send the warnings collected so far, and all later ones, to a signal that takes a sentence and a level."""
        self._notice = notice
        waiting, self._waiting = self._waiting, []
        for sentence in waiting:
            self._take(sentence)

    def stop(self) -> None:
        """Stop collecting warnings."""
        self._reporter.close()

    def _take(self, sentence: str) -> None:
        if self._notice is None:
            self._waiting.append(sentence)
        else:
            self._notice.emit(sentence, "warning")
