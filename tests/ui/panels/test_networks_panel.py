"""The choice of the network: the cards, the fate of the learned network, and its attention map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from ui.laid_open import clear
from ui.line import answer, end, task_of

from unetstudio.data.classes import ClassTable
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.inference.events import AttentionMapped
from unetstudio.project.checkpoints import CheckpointCard
from unetstudio.training.events import TrainingStarted
from unetstudio.ui.network_dialog import NetworkDialog
from unetstudio.ui.panels.learning import LearningPanel
from unetstudio.ui.panels.network_choice import size
from unetstudio.ui.panels.overlay import OverlayControls
from unetstudio.ui.session import Session
from unetstudio.worker.messages import (
    Answer,
    DescribeNetworks,
    NetworkChoice,
    NetworkCost,
    Request,
    ShowView,
    TaskEnded,
    Train,
    WorkerReady,
)

CHOICES = (
    NetworkChoice("unet", "U-Net", "The classic.", (2, 3), ("default", "published"), True, source="Ronneberger 2015"),
    NetworkChoice("attention_unet", "Attention U-Net", "Learns where to look.", (2, 3), ("default",), True, shows_attention=True),
    NetworkChoice("unet3d", "3D U-Net", "For volumes.", (3,), ("default",), True),
    NetworkChoice("unetr", "UNETR", "Sees the whole window.", (2, 3), ("default",), False),
)

PRESETS = {("unet", 2): (("default", 7_762_498), ("published", 31_030_658))}
SMALL = (("default", 500_000),)


def ready(session: Session, network: str = "unet") -> None:
    """Announce a worker with four networks and their costs, one of which learns."""
    up = WorkerReady(1, "CPU, 2 cores", CHOICES)
    session.worker.event_received.emit(up)
    if (description := session.networks.describe()) is not None:
        for choice in CHOICES:
            for dims in choice.dims:
                cost = NetworkCost(choice.name, dims, 482_466, (192,) * dims, 4, PRESETS.get((choice.name, dims), SMALL), "mine")
                session.worker.event_received.emit(Answer(description.id, cost))
        session.worker.event_received.emit(TaskEnded(description.id))
    session.learning.take(TrainingStarted(network, 2, 1000, (32, 32), 2, "CPU", 5))


@pytest.fixture
def sent(session: Session, monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """The requests to the worker, which does not exist."""
    requests: list[Request] = []
    monkeypatch.setattr(session.worker, "ask", requests.append)
    ready(session)
    return requests


@pytest.fixture
def dialog(sent: list[Request], session: Session, qtbot: QtBot) -> NetworkDialog:
    made = NetworkDialog(session)
    qtbot.addWidget(made)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    made.show()
    return made


def pick(dialog: NetworkDialog, name: str) -> None:
    dialog.list.cards[name].button.click()


def test_that_each_network_says_what_it_is_for_and_how_large_it_is_here(dialog: NetworkDialog) -> None:
    assert [card.button.text() for card in dialog.list.cards.values()] == [choice.title for choice in CHOICES]
    card = dialog.list.cards["attention_unet"]
    assert card.description.text() == "Learns where to look."
    assert card.figures.text() == "2D · 0.5 million parameters · not measured yet"
    assert card.button.accessibleDescription().startswith("Learns where to look. 2D · 0.5 million parameters")


def test_that_the_badges_show_what_suits_this_computer(dialog: NetworkDialog) -> None:
    badges = {name: card.badge.text() for name, card in dialog.list.cards.items()}
    assert badges["unet"] == "suits this computer" and badges["unetr"] == "slow on this computer"
    assert badges["unet3d"] == "for volumes only" and not dialog.list.cards["unet3d"].button.isEnabled()


def test_that_volumes_may_have_the_network_for_volumes(
    sent: list[Request], session: Session, lay_open: Callable[[Scan], None], qtbot: QtBot
) -> None:
    clear(session)
    lay_open(Scan(np.zeros((1, 12, 40, 40), np.uint8)))
    made = NetworkDialog(session)
    qtbot.addWidget(made)
    assert made.list.cards["unet3d"].button.isEnabled()
    assert made.list.cards["unet3d"].figures.text().startswith("3D")


def test_that_nothing_changes_before_another_network_is_picked_and_applied(
    dialog: NetworkDialog, session: Session, sent: list[Request]
) -> None:
    sent.clear()
    assert dialog.list.value == "unet" and not dialog.apply_button.isEnabled()
    assert dialog.consequence.text() == "U-Net is the network in use."
    pick(dialog, "attention_unet")
    assert dialog.consequence.text() == "Attention U-Net begins anew; what U-Net learned is kept in the project."
    assert not any(isinstance(request, Train) for request in sent)
    dialog.apply_button.click()
    (asked,) = [request for request in sent if isinstance(request, Train)]
    assert asked.settings.network == session.learning.settings.network == "attention_unet" and not asked.resume


def test_that_a_network_comes_in_forms_with_their_sizes(dialog: NetworkDialog, sent: list[Request]) -> None:
    forms = [dialog.preset.itemText(n) for n in range(dialog.preset.count())]
    assert forms == ["Sized for this computer", "Recommended, full size: 7.8 million parameters", "As published: 31.0 million parameters"]
    dialog.preset.setCurrentIndex(2)
    dialog.preset.activated.emit(2)
    dialog.apply_button.click()
    assert sent[-1] == Train(sent[-1].settings, resume=False) and sent[-1].settings.preset == "published"  # type: ignore[union-attr]


def test_that_a_network_that_learned_here_before_is_offered_its_own_checkpoint(
    sent: list[Request], session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    older, newer = (
        CheckpointCard("0" * 64, tmp_path / "a", "attention_unet", step, 1.0, score, "2026", ClassTable())
        for step, score in ((90, 0.5), (1200, 0.85))
    )
    monkeypatch.setattr("unetstudio.ui.network_dialog.cards", lambda _: [newer, older])
    made = NetworkDialog(session)
    qtbot.addWidget(made)
    pick(made, "attention_unet")
    qtbot.waitUntil(lambda: made.checkpoint is not None, timeout=10_000)
    assert made.list.cards["attention_unet"].figures.text().endswith("has learned here before")
    assert made.go_on.text() == "Go on from what it learned before (step 1,200, score 0.85)" and made.go_on.isChecked()
    assert made.consequence.text().startswith("Attention U-Net goes on from where it stopped;")
    made.go_on.click()
    assert made.consequence.text().startswith("Attention U-Net begins anew;")
    made.go_on.click()
    made._apply()
    assert isinstance(sent[-1], Train) and sent[-1].resume


def test_that_measuring_tries_what_can_be_chosen_and_shows_how_far_it_is(
    dialog: NetworkDialog, session: Session, sent: list[Request]
) -> None:
    dialog.measure_button.click()
    request = sent[-1]
    assert request == DescribeNetworks(task_of(request), (("unet", 2), ("attention_unet", 2), ("unetr", 2)), measure=True)
    assert not dialog.measure_button.isEnabled() and dialog.bar.isVisible()
    assert dialog.measure_button.text() == "Measuring 1 of 3 …"
    answer(session.worker, request, NetworkCost("unet", 2, 482_466, (192, 192), 4, (), "mine", 0.213, 310 * 2**20))
    assert (dialog.bar.value(), dialog.bar.maximum(), dialog.measure_button.text()) == (1, 3, "Measuring 2 of 3 …")
    assert dialog.list.cards["unet"].figures.text() == "2D · 0.5 million parameters · 0.21 s a step · 310 MB"
    end(session.worker, request, "It went wrong.")
    assert dialog.trouble.text() == "It went wrong." and dialog.trouble.isVisible()
    assert dialog.measure_button.isEnabled() and not dialog.bar.isVisible()
    dialog.measure_button.click()
    assert not dialog.trouble.isVisible()


def test_that_a_measurement_goes_on_while_the_dialog_is_closed_and_opened_again(
    dialog: NetworkDialog, session: Session, sent: list[Request], qtbot: QtBot
) -> None:
    dialog.measure_button.click()
    dialog.close()
    answer(session.worker, sent[-1], NetworkCost("unet", 2, 482_466, (192, 192), 4, (), "mine", 0.213, 310 * 2**20))
    again = NetworkDialog(session)
    qtbot.addWidget(again)
    again.show()
    assert again.bar.isVisible() and again.measure_button.text() == "Measuring 2 of 3 …"
    end(session.worker, sent[-1])
    assert not again.bar.isVisible() and again.measure_button.text() == "Measure on this computer"


def test_that_a_description_that_fails_says_why(session: Session, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    requests: list[Request] = []
    monkeypatch.setattr(session.worker, "ask", requests.append)
    session.worker.event_received.emit(WorkerReady(1, "CPU, 2 cores", CHOICES))
    made = NetworkDialog(session)
    qtbot.addWidget(made)
    made.show()
    assert isinstance(requests[-1], DescribeNetworks) and not made.trouble.isVisible()
    end(session.worker, requests[-1], "It went wrong.")
    assert made.trouble.text() == "It went wrong." and made.trouble.isVisible()


def test_that_arrow_keys_go_from_network_to_network(dialog: NetworkDialog, qtbot: QtBot) -> None:
    dialog.list.cards["unet"].button.setFocus()
    qtbot.keyClick(dialog.list.cards["unet"].button, Qt.Key.Key_Down)
    assert dialog.list.value == "attention_unet" and dialog.apply_button.isEnabled()


def test_that_tab_goes_from_the_network_in_use_to_its_forms_and_on(dialog: NetworkDialog) -> None:
    assert dialog.focusWidget() is dialog.list.cards["unet"].button
    passed = [dialog.list.cards["unet"].button]
    while passed[-1] is not dialog.apply_button:
        passed.append(passed[-1].nextInFocusChain())
    seen = [widget for widget in passed if widget in (dialog.preset, dialog.go_on, dialog.measure_button, dialog.close_button)]
    assert seen == [dialog.preset, dialog.go_on, dialog.measure_button, dialog.close_button]


def test_that_all_of_a_card_can_be_clicked(dialog: NetworkDialog, qtbot: QtBot) -> None:
    qtbot.mouseClick(dialog.list.cards["unetr"], Qt.MouseButton.LeftButton)
    assert dialog.list.value == "unetr"


def test_that_the_learning_panel_names_the_network(sent: list[Request], session: Session, qtbot: QtBot) -> None:
    panel = LearningPanel(session)
    qtbot.addWidget(panel)
    assert panel.network_button.text() == "Network: U-Net …" and panel.network_button.isEnabled()
    session.learning.choose_network("unetr")
    assert panel.network_button.text() == "Network: UNETR …"


def test_that_sizes_read_as_people_write_them() -> None:
    assert [size(n) for n in (100, 310 * 2**20, int(2.44 * 2**30))] == ["1 MB", "310 MB", "2.4 GB"]


# ----------------------------------------------------------------------------------------------------------- attention


def offered(controls: OverlayControls) -> list[str]:
    return [controls.mode.itemData(n) for n in range(controls.mode.count())]


def test_that_attention_is_offered_while_the_network_has_it(
    sent: list[Request], session: Session, on_screen: Callable[[QWidget], None]
) -> None:
    controls = OverlayControls(session)
    on_screen(controls)
    assert "attention" not in offered(controls)
    ready(session, "attention_unet")
    assert "attention" in offered(controls)
    session.display.show(replace(session.display.options, overlay="attention"))
    assert controls.legend.isVisible() and "appears" in controls.legend.text()
    assert session.case is not None
    region = Region.whole(session.case.case.shape)
    session.attention.take(AttentionMapped(session.case.id, region, np.full(region.shape, 9, np.uint8), 0.41, 0.97, "id"))
    assert "dark 41 %, bright 97 %" in controls.legend.text()
    ready(session, "unet")
    assert "attention" not in offered(controls) and session.display.options.overlay == "classes"


def test_that_choosing_attention_from_the_list_asks_for_it(sent: list[Request], session: Session, qtbot: QtBot) -> None:
    ready(session, "attention_unet")
    controls = OverlayControls(session)
    qtbot.addWidget(controls)
    assert session.case is not None
    session.worker_sync.show_view(Region.whole(session.case.case.shape), (0, 0, 0))
    controls.mode.setCurrentIndex(controls.mode.findData("attention"))
    controls.mode.activated.emit(controls.mode.currentIndex())
    asked = sent[-1]
    assert isinstance(asked, ShowView) and asked.attention


def test_that_a_map_of_another_case_or_older_weights_is_not_mixed_in(sent: list[Request], session: Session) -> None:
    assert session.case is not None
    shape, attention = session.case.case.shape, session.attention
    part = Region((0, 0, 0), (1, 4, 4))
    attention.take(AttentionMapped("another", part, np.full(part.shape, 9, np.uint8), 0, 1, "a"))
    assert attention.values is None
    attention.take(AttentionMapped(session.case.id, part, np.full(part.shape, 9, np.uint8), 0, 1, "a"))
    assert attention.values is not None and attention.values.shape == shape and attention.values.sum() == 9 * 16
    attention.take(AttentionMapped(session.case.id, Region((0, 8, 8), (1, 9, 9)), np.full((1, 1, 1), 7, np.uint8), 0, 1, "b"))
    assert attention.values.sum() == 7
