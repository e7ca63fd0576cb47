"""The display options of a case."""

from __future__ import annotations

from dataclasses import replace

from unetstudio.ui.display import Display, DisplayOptions


def test_that_a_change_carries_the_options_of_before(qapp: object) -> None:
    display, heard = Display(), []
    display.changed.connect(lambda before: heard.append((before, display.options)))
    display.show(replace(display.options, outline=True))
    display.show(replace(display.options, window=(1.0, 2.0)))
    first, second, third = DisplayOptions(), DisplayOptions(outline=True), DisplayOptions(outline=True, window=(1.0, 2.0))
    assert heard == [(first, second), (second, third)]


def test_that_showing_the_same_again_emits_no_signal(qapp: object) -> None:
    display, heard = Display(), []
    display.changed.connect(heard.append)
    display.show(replace(display.options, outline=False))
    assert heard == []
