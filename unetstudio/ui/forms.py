"""A form made from a dataclass: one row per field, with an editor chosen by the kind of its value and its `metadata`.

Metadata keys: `label`, `minimum`, `maximum`, `step`, `unit`, `choices` (values, pairs of value and words, or a dict of value to words),
`special` (words instead of the smallest number, such as "auto" for 0), `help` (tool tip), `hidden`.
"""

from __future__ import annotations

from dataclasses import Field, fields, replace
from enum import Enum
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QWidget

from unetstudio.ui.number_field import NumberField

Editor = NumberField | QCheckBox | QComboBox | QLineEdit


class Form(QWidget):
    """Emits `changed` with a new instance of the dataclass at every change; the one passed in is never altered."""

    changed = Signal(object)

    def __init__(self, value: Any, *, only: tuple[str, ...] = (), row: bool = False, parent: QWidget | None = None) -> None:
        """Build a row for each field; `only` picks fields by name, in that order; `row` puts all in one line, as in a tool bar."""
        super().__init__(parent)
        self._value = value
        self.editors: dict[str, Editor] = {}
        shown = [f for f in fields(value) if not f.metadata.get("hidden") and (f.name in only or not only)]
        if only:
            shown.sort(key=lambda f: only.index(f.name))
        if row:
            self._lay_out_in_a_row(shown)
        else:
            self._lay_out_in_lines(shown)

    @property
    def value(self) -> Any:
        """The dataclass with the values shown."""
        return self._value

    def set_value(self, value: Any) -> None:
        """Show another instance of the same dataclass without emitting `changed`."""
        self._value = value
        for name, editor in self.editors.items():
            _show(editor, getattr(value, name))

    def _lay_out_in_a_row(self, shown: list[Field[Any]]) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for field in shown:
            editor = self._editor(field)
            if not isinstance(editor, QCheckBox):
                layout.addWidget(self._label(field))
            layout.addWidget(editor)

    def _lay_out_in_lines(self, shown: list[Field[Any]]) -> None:
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(8)
        layout.setVerticalSpacing(6)
        layout.setColumnStretch(1, 1)
        for line, field in enumerate(shown):
            editor = self._editor(field)
            if isinstance(editor, QCheckBox):
                layout.addWidget(editor, line, 0, 1, 2)
            else:
                layout.addWidget(self._label(field), line, 0, Qt.AlignmentFlag.AlignVCenter)
                layout.addWidget(editor, line, 1)

    def _label(self, field: Field[Any]) -> QLabel:
        label = QLabel(words(field))
        label.setBuddy(self.editors[field.name])
        label.setToolTip(field.metadata.get("help", ""))
        label.setProperty("role", "field")
        return label

    def _editor(self, field: Field[Any]) -> Editor:
        editor = make_editor(field, getattr(self._value, field.name))
        editor.setToolTip(field.metadata.get("help", ""))
        editor.setObjectName(field.name)
        self.editors[field.name] = editor
        match editor:
            case NumberField():
                editor.changed.connect(lambda new, name=field.name: self._put(name, new))
            case QCheckBox():
                editor.toggled.connect(lambda new, name=field.name: self._put(name, new))
            case QComboBox():
                editor.currentIndexChanged.connect(lambda _, name=field.name, box=editor: self._put(name, box.currentData()))
            case QLineEdit():
                editor.editingFinished.connect(lambda name=field.name, line=editor: self._put(name, line.text()))
        return editor

    def _put(self, name: str, new: Any) -> None:
        if new != getattr(self._value, name):
            self._value = replace(self._value, **{name: new})
            self.changed.emit(self._value)


def words(field: Field[Any]) -> str:
    """Return the label of a field: the given one, or its name made readable."""
    return str(field.metadata.get("label") or field.name.replace("_", " ").capitalize())


def make_editor(field: Field[Any], value: Any) -> Editor:
    """Return a widget for a field's value."""
    metadata, label = field.metadata, words(field)
    choices = _choices(metadata.get("choices"), value)
    if choices:
        box = QComboBox()
        box.setAccessibleName(label)
        for choice, text in choices:
            box.addItem(text, choice)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(6)
        _show(box, value)
        return box
    if isinstance(value, bool):
        check = QCheckBox(label)
        check.setChecked(value)
        return check
    if isinstance(value, (int, float)):
        keys = ("minimum", "maximum", "step")
        limits = {key: metadata.get(key) for key in keys}
        return NumberField(value, **limits, unit=metadata.get("unit", ""), special=metadata.get("special", ""), name=label)
    line = QLineEdit(str(value))
    line.setAccessibleName(label)
    return line


def _choices(choices: Any, value: Any) -> list[tuple[Any, str]]:
    """Return pairs of value and words from `choices` in any of its forms; an Enum offers its members."""
    if choices is None:
        return [(member, str(member.value).replace("_", " ").capitalize()) for member in type(value)] if isinstance(value, Enum) else []
    if isinstance(choices, dict):
        return list(choices.items())
    return [pair if isinstance(pair, tuple) else (pair, str(pair)) for pair in choices]


def _show(editor: Editor, value: Any) -> None:
    """Show a value in its editor without a signal."""
    blocker = QSignalBlocker(editor)
    match editor:
        case NumberField():
            editor.set_value(value)
        case QCheckBox():
            editor.setChecked(value)
        case QComboBox():
            editor.setCurrentIndex(editor.findData(value))
        case QLineEdit():
            editor.setText(str(value))
    blocker.unblock()
