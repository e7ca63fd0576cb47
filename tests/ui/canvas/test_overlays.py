"""The properties of every overlay, and the legends."""

from __future__ import annotations

import numpy as np
import pytest

from unetstudio.ui.canvas.overlays.overlay import OVERLAYS, Predicted
from unetstudio.ui.display import DisplayOptions
from unetstudio.worker.messages import NetworkChoice

GATED, PLAIN = (NetworkChoice("a", "A", "", (2,), shows_attention=gated) for gated in (True, False))


def test_that_the_overlays_stand_in_the_order_of_the_menu() -> None:
    assert list(OVERLAYS)[:5] == ["classes", "probability", "uncertainty", "attention", "none"]


def test_that_each_overlay_has_a_menu_entry_of_its_own() -> None:
    titles = [overlay.title for _, overlay in OVERLAYS.items()]
    assert all(titles) and len(set(titles)) == len(titles)


def test_that_the_segmentation_is_shown_at_first() -> None:
    assert DisplayOptions().overlay == "classes"


@pytest.mark.parametrize("name", list(OVERLAYS))
def test_that_only_attention_asks_for_a_network_that_has_it(name: str) -> None:
    overlay = OVERLAYS[name]
    assert overlay.offered(GATED)
    assert overlay.offered(PLAIN) == overlay.offered(None) == (not overlay.maps_attention) == (name != "attention")


def test_that_the_legend_of_attention_shows_how_far_the_gates_were_open() -> None:
    attention = OVERLAYS["attention"]
    assert "appears after the next prediction" in attention.legend(Predicted())
    assert "dark 41 %, bright 97 %" in attention.legend(Predicted(attention=np.zeros((1, 2, 2), np.uint8), attention_limits=(0.41, 0.97)))
