"""The review panel: display, post-processing and acceptance of the prediction, and the review state of the case."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QSizePolicy, QVBoxLayout, QWidget

from unetstudio.data.case import ReviewState
from unetstudio.ui.panels.clean_up import CleanUp
from unetstudio.ui.panels.overlay import OverlayControls
from unetstudio.ui.panels.segments import Segments
from unetstudio.ui.panels.swatch import swatch
from unetstudio.ui.panels.text import heading, label
from unetstudio.ui.resources import icon
from unetstudio.ui.session import Session

STATES = (
    (ReviewState.ACCEPTED, "Accepted", "The segmentation of this case is right"),
    (ReviewState.CORRECTED, "Corrected", "It is right now, after your corrections"),
    (ReviewState.REJECTED, "Rejected", "It is not usable"),
)


class ReviewPanel(QWidget):
    """Shows and changes `session.review` and `session.display`."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("review_panel")
        self._session = session
        self.overlay = OverlayControls(session)
        self.clean_up = CleanUp(session.review)
        self.accept_all = self._button(
            "accept_all", "Accept everything", "accept", "The whole segmentation becomes your labels, as one step that Ctrl+Z takes back"
        )
        self.accept_class = self._button("accept_class", "Accept this class", "", "The active class of the segmentation becomes labels")
        self.hint = label("Right-click an object in the image to accept it alone. What you painted always stays.", "small")
        self.states = Segments(STATES, name="review_state", clearable=True)
        self.next_button = self._button("next_unreviewed", "Next unreviewed", "next", "Go to the next case that nobody has judged yet (N)")
        self.unreviewed_left = label(role="small", name="unreviewed_left")
        self._lay_out()

        self.accept_all.clicked.connect(session.review.accept_all)
        self.accept_class.clicked.connect(lambda: session.review.accept_class(session.annotation.active_class))
        self.next_button.clicked.connect(session.review.next_unreviewed)
        self.states.chosen.connect(lambda state: session.review.set_state(state or ReviewState.UNREVIEWED))
        for signal in (session.case_opened, session.cases_changed, session.project_opened, session.project_closed):
            signal.connect(self._show_case)
        session.classes_changed.connect(self._show_class)
        session.annotation.active_class_changed.connect(self._show_class)
        session.review.prediction_changed.connect(self._show_prediction)
        session.review.segmentation_changed.connect(self._show_prediction)
        self._show_case()
        self._show_class()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.overlay)
        column.addSpacing(4)
        column.addWidget(heading("Clean up"))
        column.addWidget(self.clean_up)
        column.addSpacing(4)
        column.addWidget(heading("Accept into the labels"))
        for part in (self.accept_all, self.accept_class, self.hint):
            column.addWidget(part)
        column.addSpacing(4)
        column.addWidget(heading("This case is"))
        column.addWidget(self.states)
        column.addWidget(self.next_button)
        column.addWidget(self.unreviewed_left)

    def _button(self, name: str, words: str, picture: str, hint: str) -> QPushButton:
        button = QPushButton(words)
        if picture:
            button.setIcon(icon(picture))
        button.setObjectName(name)
        button.setToolTip(hint)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        return button

    def _show_case(self) -> None:
        case = self._session.case
        self.states.choose(None if case is None else case.case.review)
        self.states.setEnabled(case is not None and not self._session.read_only)
        unreviewed = sum(case.review == ReviewState.UNREVIEWED for case in self._session.cases)
        total = len(self._session.cases)
        self.unreviewed_left.setText(
            "" if not total else f"{unreviewed} of {total} not reviewed yet." if unreviewed else "Every case has been reviewed."
        )
        self.next_button.setEnabled(unreviewed > 0)
        self._show_prediction()

    def _show_class(self) -> None:
        classes, value = self._session.classes, self._session.annotation.active_class
        if value in classes:
            entry = classes[value]
            self.accept_class.setIcon(swatch(entry.colour))
            metrics = self.accept_class.fontMetrics()
            self.accept_class.setText(f"Accept only {metrics.elidedText(entry.name, Qt.TextElideMode.ElideRight, 130)}")
        self._show_prediction()

    def _show_prediction(self) -> None:
        """Enable accepting where there is a prediction."""
        predicted = self._session.review.prediction is not None and not self._session.read_only
        self.accept_all.setEnabled(predicted)
        self.accept_class.setEnabled(predicted and self._session.annotation.active_class in self._session.classes)
