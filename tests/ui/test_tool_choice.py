"""Tools, their options, and the chosen tool or mode."""

from __future__ import annotations

import pytest

from unetstudio.tools.brush import MAX_SIZE
from unetstudio.ui.canvas.modes import PAN, PICK
from unetstudio.ui.tool_choice import ToolChoice


@pytest.fixture
def tools(qapp: object) -> ToolChoice:
    return ToolChoice()


def test_that_tools_come_before_modes_in_the_order_of_the_bar(tools: ToolChoice) -> None:
    assert tools.names[:5] == ("brush", "eraser", "polygon", "lasso", "fill")
    assert tools.names[-2:] == ("pick", "pan")


def test_that_a_mode_is_chosen_instead_of_a_tool(tools: ToolChoice) -> None:
    assert tools.tool is tools["brush"] and tools.mode is None
    tools.choose("pick")
    assert tools.tool is None and tools.mode is PICK and tools.size is None and tools.hint == PICK.hint
    tools.choose("pan")
    assert tools.mode is PAN
    tools.choose("fill")
    assert tools.tool is tools["fill"] and tools.mode is None and tools.hint == tools["fill"].hint


def test_that_choosing_the_same_again_emits_no_signal(tools: ToolChoice) -> None:
    heard: list[str] = []
    tools.chosen.connect(heard.append)
    for name in ("brush", "lasso", "lasso"):
        tools.choose(name)
    assert heard == ["lasso"]


def test_that_a_size_stays_within_the_limits_of_its_tool(tools: ToolChoice) -> None:
    tools.resize(MAX_SIZE + 50)
    assert tools.size == MAX_SIZE
    tools.resize(-3)
    assert tools.size == 1


@pytest.mark.parametrize("name", ["fill", "pan"])
def test_that_what_has_no_size_is_not_resized(tools: ToolChoice, name: str) -> None:
    heard: list[str] = []
    tools.options_changed.connect(heard.append)
    tools.choose(name)
    tools.resize(7)
    assert tools.size is None and heard == []
