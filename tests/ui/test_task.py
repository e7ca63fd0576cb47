"""The handle of long work."""

from __future__ import annotations

import gc

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from unetstudio.ui.task import Task, Tasks, TaskState


def test_that_a_task_reports_progress_problems_and_its_result() -> None:
    task, changes, ends = Task("Exporting"), [], []
    task.changed.connect(lambda: changes.append((task.done, task.total, tuple(task.problems))))
    task.ended.connect(lambda: ends.append(task.state))
    task.progress(1, 3)
    task.problem("a.png could not be read.")
    task.finish("out")
    assert changes == [(1, 3, ()), (1, 3, ("a.png could not be read.",))]
    assert (ends, task.result, task.running) == ([TaskState.DONE], "out", False)


def test_that_a_task_ends_once() -> None:
    task, ends = Task("Exporting"), []
    task.ended.connect(lambda: ends.append(task.state))
    task.fail("The disk is full.")
    task.finish("late")
    task.stop()
    task.progress(1, 1)
    assert (ends, task.error, task.result, task.done) == ([TaskState.FAILED], "The disk is full.", None, 0)


def test_that_stopping_a_task_stops_its_work_once() -> None:
    stops: list[str] = []
    task = Task("Exporting")
    task.on_stop(lambda: stops.append("stopped"))
    task.stop()
    task.stop()
    assert (stops, task.state, task.can_stop) == (["stopped"], TaskState.STOPPED, False)


def test_that_who_asks_for_the_end_of_a_task_hears_of_it_also_when_it_is_over() -> None:
    task, ends = Task("Exporting"), []
    task.when_ended(lambda: ends.append("while it ran"))
    task.fail("The disk is full.")
    task.when_ended(lambda: ends.append("afterwards"))
    assert ends == ["while it ran", "afterwards"]


def test_that_a_stop_function_may_end_its_task_in_its_own_words() -> None:
    tasks, ends = Tasks(), []
    task = tasks.begin("Exporting")
    task.on_stop(lambda: task.fail("The export was stopped."))
    task.ended.connect(lambda: ends.append(task.state))
    task.stop()
    assert (ends, task.error, tasks.running) == ([TaskState.FAILED], "The export was stopped.", ())


def test_that_a_task_announces_when_it_becomes_stoppable() -> None:
    task, changes = Task("Exporting"), []
    task.changed.connect(lambda: changes.append(task.can_stop))
    task.on_stop(lambda: None)
    task.on_stop(None)
    assert changes == [True, False]


def test_that_no_two_tasks_have_the_same_id() -> None:
    tasks = Tasks()
    assert len({tasks.begin("a").id, tasks.begin("b").id, Task("c").id}) == 3


def test_that_running_tasks_are_listed_until_they_end() -> None:
    tasks, begun = Tasks(), []
    tasks.begun.connect(begun.append)
    first, second, third = (tasks.begin(name) for name in "abc")
    first.finish()
    assert tasks.running == (second, third) and begun == [first, second, third]
    for task in tasks.running:
        task.stop()
    assert tasks.running == () and second.state is third.state is TaskState.STOPPED


def test_that_slots_of_an_ended_task_may_hold_all_that_is_left_of_the_window(qapp: QApplication) -> None:
    tasks = Tasks()
    task, ends, gone = tasks.begin("a"), [], []
    task.ended.connect(lambda tasks=tasks: ends.append(tasks.running))
    task.destroyed.connect(lambda: gone.append("task"))
    task.finish()
    del tasks
    gc.collect()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert (ends, gone) == ([()], ["task"])
