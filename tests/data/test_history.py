"""Undo and redo."""

from dataclasses import dataclass

from unetstudio.data.history import History


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
