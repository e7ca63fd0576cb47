"""The bar over the canvas: tools and the options of the chosen one, undo, zoom, planes of a volume, opacity of the overlay."""

from __future__ import annotations

from dataclasses import fields, replace

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from unetstudio.data.plane import Plane
from unetstudio.tools.tool import Tool
from unetstudio.ui.actions import Actions
from unetstudio.ui.display import DisplayOptions
from unetstudio.ui.forms import Form
from unetstudio.ui.session import Session
from unetstudio.ui.sign import Sign

PLANES = ("plane_z", "plane_y", "plane_x")


class ToolBar(QFrame):
    """Tools, view and opacity. Buttons never take the focus by a click, so that keys still reach the canvas."""

    def __init__(self, session: Session, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("toolbar")
        self._session = session
        self._actions = actions
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(8, 4, 8, 4)
        self._layout.setSpacing(2)
        self._tools = QActionGroup(self)
        for name in session.annotation.tools.names:
            action = actions[f"tool_{name}"]
            action.setCheckable(True)
            self._tools.addAction(action)
            self._button(f"tool_{name}")
        self._separate()
        self._options = QWidget()
        self._options_layout = QHBoxLayout(self._options)
        self._options_layout.setContentsMargins(4, 0, 4, 0)
        self._options.setMinimumWidth(200)
        self._form: Form | None = None
        self._layout.addWidget(self._options)
        self._separate()
        self._button("undo")
        self._button("redo")
        self._layout.addStretch(1)
        self._planes = [self._button(name) for name in PLANES]
        group = QActionGroup(self)
        for name in PLANES:
            actions[name].setCheckable(True)
            group.addAction(actions[name])
        self._plane_line = self._separate()
        self._button("fit")
        self._button("actual_size")
        self.zoom = QLabel()
        self.zoom.setProperty("role", "muted")
        self.zoom.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.zoom.setMinimumWidth(self.fontMetrics().horizontalAdvance("6400 % "))
        self.zoom.setAccessibleName("Zoom")
        self._layout.addWidget(self.zoom)
        self._separate()
        self.opacity = self._opacity_slider()
        session.annotation.tools.chosen.connect(self._show_tool)
        session.annotation.tools.options_changed.connect(self._show_options)
        session.cursor.moved.connect(self._show_axis)
        session.display.changed.connect(self._show_opacity)
        session.case_opened.connect(self._show_planes)
        self._show_tool(session.annotation.tools.name)
        self._show_axis(session.cursor.plane)
        self._show_planes()

    def show_zoom(self, factor: float) -> None:
        """Show screen pixels per voxel as a percentage; nothing while there is no image."""
        if self._session.case is None:
            self.zoom.clear()
            return
        percent = factor * 100
        self.zoom.setText(f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %")

    def _button(self, action: str) -> QToolButton:
        button = QToolButton()
        button.setDefaultAction(self._actions[action])
        button.setIconSize(QSize(20, 20))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(self._actions[action].text())
        self._layout.addWidget(button)
        return button

    def _separate(self) -> QFrame:
        line = QFrame()
        line.setProperty("role", "separator")
        line.setFixedSize(1, 22)
        self._layout.addSpacing(6)
        self._layout.addWidget(line)
        self._layout.addSpacing(6)
        return line

    def _opacity_slider(self) -> QSlider:
        sign = Sign("opacity", 18)
        sign.setToolTip("Opacity of the prediction  (, and . or Alt + wheel)")
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(0, 100)
        slider.setFixedWidth(80)
        slider.setToolTip(sign.toolTip())
        slider.setAccessibleName("Opacity of the prediction")
        slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        slider.setValue(round(self._session.display.options.overlay_opacity * 100))
        slider.valueChanged.connect(self._set_opacity)
        self._layout.addWidget(sign)
        self._layout.addSpacing(4)
        self._layout.addWidget(slider)
        return slider

    def _show_tool(self, name: str) -> None:
        self._actions[f"tool_{name}"].setChecked(True)
        if self._form is not None:
            self._options_layout.removeWidget(self._form)
            self._form.deleteLater()
            self._form = None
        tool = self._session.annotation.tools.tool
        if tool is not None and fields(tool):
            self._form = Form(tool, row=True)
            self._form.changed.connect(self._take_options)
            self._options_layout.addWidget(self._form)

    def _take_options(self, tool: Tool) -> None:
        name = self._session.annotation.tools.name
        self._session.annotation.tools.set_options(name, **{f.name: getattr(tool, f.name) for f in fields(tool)})

    def _show_options(self, name: str) -> None:
        if name == self._session.annotation.tools.name and self._form is not None:
            self._form.set_value(self._session.annotation.tools[name])

    def _show_axis(self, plane: Plane) -> None:
        self._actions[PLANES[plane.axis]].setChecked(True)

    def _set_opacity(self, percent: int) -> None:
        display = self._session.display
        display.show(replace(display.options, overlay_opacity=percent / 100))

    def _show_opacity(self, before: DisplayOptions) -> None:
        opacity = self._session.display.options.overlay_opacity
        if opacity != before.overlay_opacity:
            self.opacity.setValue(round(opacity * 100))

    def _show_planes(self) -> None:
        volume = self._session.scan is not None and self._session.scan.is_volume
        for part in (*self._planes, self._plane_line):
            part.setVisible(volume)
