"""The class list: what each operation returns, and that undo takes it back."""

from __future__ import annotations

import pytest

from unetstudio.data.classes_edit import ClassesEdit
from unetstudio.errors import UserError
from unetstudio.workspace.open_project import OpenProject


def test_that_a_class_is_added_in_a_colour_of_its_own(project: OpenProject) -> None:
    edit = project.classes.add("Cyst")
    assert edit == ClassesEdit(None, project.classes.table[2], 2)
    assert project.classes.table[2].name == "Cyst"
    assert len({known.colour for known in project.classes.table}) == 3


def test_that_a_class_without_a_name_is_numbered(project: OpenProject) -> None:
    project.classes.add()
    assert [known.name for known in project.classes.table] == ["Background", "Structure 1", "Structure 2"]


def test_that_a_name_that_is_taken_gets_a_number(project: OpenProject) -> None:
    assert project.classes.rename(1, "Background") is not None
    assert project.classes.table[1].name == "Background 2"


@pytest.mark.parametrize("operation", ["rename", "recolour", "show", "lock", "remove"])
def test_that_undo_takes_an_operation_back_and_redo_makes_it_again(project: OpenProject, operation: str) -> None:
    classes = project.classes
    before = classes.table
    edit = {
        "rename": lambda: classes.rename(1, "Cyst"),
        "recolour": lambda: classes.recolour(1, (1, 2, 3)),
        "show": lambda: classes.show(1, False),
        "lock": lambda: classes.lock(1, True),
        "remove": lambda: classes.remove(1),
    }[operation]()
    after = classes.table
    assert edit is not None and after != before
    classes.apply(edit.inverse())
    assert classes.table == before
    classes.apply(edit)
    assert classes.table == after


@pytest.mark.parametrize("operation", ["rename", "recolour", "show", "lock"])
def test_that_an_operation_without_effect_returns_nothing(project: OpenProject, operation: str) -> None:
    known = project.classes.table[1]
    arguments = {"rename": known.name, "recolour": known.colour, "show": known.visible, "lock": known.locked}
    assert getattr(project.classes, operation)(1, arguments[operation]) is None


def test_that_the_last_class_stays(project: OpenProject) -> None:
    assert project.classes.remove(1) is not None
    assert project.classes.remove(0) is None
    assert project.classes.table.values == (0,)


def test_that_a_class_beyond_the_last_value_is_refused(project: OpenProject) -> None:
    with pytest.raises(UserError, match="classes"):
        for _ in range(300):
            project.classes.add()


def test_that_only_classes_and_their_names_concern_learning(project: OpenProject) -> None:
    classes = project.classes
    edits = [classes.rename(1, "Cyst"), classes.recolour(1, (1, 2, 3)), classes.show(1, False), classes.lock(1, True), classes.remove(1)]
    assert [edit is not None and edit.concerns_learning for edit in edits] == [True, False, False, False, True]
