"""Undo and redo."""

from dataclasses import dataclass

from unetstudio.data.history import CaseHistories, History


@dataclass(frozen=True)
class Step:
    name: str
    nbytes: int = 10

    def inverse(self) -> "Step":
        return Step(f"not {self.name}", self.nbytes)


def filled(*names: str, bytes_kept: int = 1000) -> History[Step]:
    history: History[Step] = History(bytes_kept)
    for name in names:
        history.push(Step(name))
    return history


def test_that_changes_are_undone_from_the_last_and_redone_in_order():
    history = filled("a", "b", "c")
    assert [history.undo().name for _ in range(3)] == ["c", "b", "a"] and history.undo() is None
    assert [history.redo().name for _ in range(3)] == ["a", "b", "c"] and history.redo() is None


def test_that_a_new_change_forgets_what_was_undone():
    history = filled("a", "b")
    history.undo()
    history.push(Step("c"))
    assert (history.can_redo, history.can_undo, len(history)) == (False, True, 2)


def test_that_the_oldest_go_when_memory_is_used_up():
    history = filled("a", "b", "c", "d", bytes_kept=25)
    assert [history.undo().name, history.undo().name] == ["d", "c"] and not history.can_undo


def test_that_one_change_larger_than_all_memory_can_still_be_undone():
    history: History[Step] = History(5)
    history.push(Step("huge", 100))
    assert history.undo().name == "huge"


def test_that_memory_is_free_again_after_undo_and_another_change():
    history = filled("a", "b", bytes_kept=25)
    for _ in range(5):
        history.undo()
        history.push(Step("x"))
    assert len(history) == 2


def opened(histories: CaseHistories[Step], *cases: str) -> None:
    """Open each case and make a change in it."""
    for case in cases:
        histories.open(case, History(), changed=False)
        histories.current.push(Step(case))


def test_that_each_case_has_a_history_of_its_own():
    histories: CaseHistories[Step] = CaseHistories()
    opened(histories, "one", "two")
    histories.open("one", History(), changed=False)
    assert histories.current.undo().name == "one" and histories.current.undo() is None


def test_that_the_history_of_labels_that_changed_meanwhile_begins_anew():
    histories: CaseHistories[Step] = CaseHistories()
    opened(histories, "one")
    fresh = filled("import")
    histories.open("one", fresh, changed=True)
    assert histories.current is fresh


def test_that_the_histories_of_cases_opened_long_ago_make_room():
    histories: CaseHistories[Step] = CaseHistories(25)
    opened(histories, "one", "two", "three")
    histories.open("two", History(), changed=False)
    assert histories.current.can_undo
    histories.open("one", History(), changed=False)
    assert not histories.current.can_undo


def test_that_closing_a_case_hides_its_history_and_another_project_has_none():
    histories: CaseHistories[Step] = CaseHistories()
    opened(histories, "one")
    histories.close()
    assert not histories.current.can_undo
    histories.open("one", History(), changed=False)
    assert histories.current.can_undo
    histories.clear()
    assert not histories.current.can_undo
    histories.open("one", History(), changed=False)
    assert not histories.current.can_undo
