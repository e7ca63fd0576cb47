"""Benchmark of a brush move on the canvas, from the event to the repainted pixels, against recomposing the whole image.

    python benchmarks/canvas.py [--sizes 1024 4096 8192] [--brushes 5 50 500] [--moves 200]

It runs offscreen, on a canvas of 1400 x 950 pixels, with the image fitted and at 100 %. `move` is one mouse event: brush, composition of
its rectangle, repaint. `release` ends the stroke. `whole` blends labels over the whole image in NumPy and hands it to Qt, in the same run
on the same data. Limits: median 5 ms, 95 % 16 ms, the same at every image size.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtWidgets import QApplication

from unetstudio.data.case import Case, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.history import History
from unetstudio.data.labels import LabelMap
from unetstudio.data.scan import Scan
from unetstudio.ui.canvas.canvas import Canvas
from unetstudio.ui.session import Session
from unetstudio.workspace.open_project import new_project
from unetstudio.workspace.project_writer import LoadedCase

COLOURS = [(86, 180, 233), (230, 159, 0)]


def main() -> None:
    """Print a table, one row per image size, zoom and brush."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1024, 4096, 8192])
    parser.add_argument("--brushes", type=int, nargs="+", default=[5, 50, 500])
    parser.add_argument("--moves", type=int, default=200)
    arguments = parser.parse_args()
    app = QApplication([])
    print(f"{'image':>6} {'zoom':>6} {'brush':>5} | {'move':>6} {'95 %':>6} {'max':>6} | {'release':>7} {'undo':>6} | {'whole':>7}  ms")
    for size in arguments.sizes:
        session = opened(size)
        canvas = Canvas(session)
        canvas.resize(1400, 950)
        canvas.show()
        app.processEvents()
        naive = whole_image(session)
        for zoom in ("fit", "100 %"):
            canvas.fit() if zoom == "fit" else canvas.zoom_100()
            app.processEvents()
            for brush in arguments.brushes:
                moves, release, undo = stroke(app, canvas, brush, arguments.moves)
                median, most = np.percentile(moves, [50, 95])
                print(
                    f"{size:>6} {zoom:>6} {brush:>5} | {median:>6.2f} {most:>6.2f} {max(moves):>6.2f} | {release:>7.2f} {undo:>6.2f} |"
                    f" {naive:>7.1f}"
                )
        canvas.close()
        session.shut_down()


def opened(size: int) -> Session:
    """Open a session with a noise image of `size` x `size` pixels and a predicted segmentation."""
    rng = np.random.default_rng(0)
    session = Session()
    session.start_worker = lambda: None
    folder = Path(tempfile.mkdtemp())
    project = new_project(folder / "canvas.unetstudio", ClassTable.named(["background", "structure"], COLOURS), folder)
    session.show_project(project)
    scan = Scan(rng.integers(60, 160, (1, 1, size, size), np.uint8))
    case = Case("a" * 16, "a", Source(folder / "a.png"), "a" * 64, scan.shape, 1)
    session.announce(project.cases.add(case))
    session.case_opener.requested = case.id
    session.case_opener.show(project, LoadedCase(case, scan, LabelMap.unlabelled(scan.shape), 0, History(), None, ""))
    session.review.segmentation = (scan.voxels[0] > 110).astype(np.uint8)
    return session


def stroke(app: QApplication, canvas: Canvas, brush: int, count: int) -> tuple[list[float], float, float]:
    """Return the milliseconds of each move of a spiral stroke, of its release and of its undo."""
    annotation = canvas.session.annotation
    annotation.tools.set_options("brush", size=brush)
    turn = np.linspace(0, 12 * np.pi, count)
    way = np.stack([700 + turn * 9 * np.cos(turn), 475 + turn * 9 * np.sin(turn)], axis=1)
    send(app, canvas, QEvent.Type.MouseButtonPress, way[0])
    moves = [send(app, canvas, QEvent.Type.MouseMove, at) for at in way[1:]]
    release = send(app, canvas, QEvent.Type.MouseButtonRelease, way[-1])
    start = time.perf_counter()
    annotation.undo()
    app.processEvents()
    return moves, release, (time.perf_counter() - start) * 1e3


def send(app: QApplication, canvas: Canvas, kind: QEvent.Type, at: np.ndarray) -> float:
    """Return the milliseconds from sending an event until it is handled and its changes are painted."""
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    button = none if kind == QEvent.Type.MouseMove else left
    held = none if kind == QEvent.Type.MouseButtonRelease else left
    place = QPointF(float(at[0]), float(at[1]))
    start = time.perf_counter()
    app.sendEvent(canvas, QMouseEvent(kind, place, place, button, held, Qt.KeyboardModifier.NoModifier))
    taken = (time.perf_counter() - start) * 1e3
    app.processEvents()
    return taken


def whole_image(session: Session) -> float:
    """Return the milliseconds to blend the label colours over the whole image and make a picture of it."""
    voxels, labels = session.scan.voxels[0, 0], session.labels.values[0]
    colours = np.zeros((256, 3), np.float32)
    colours[: len(COLOURS)] = COLOURS
    start = time.perf_counter()
    alpha = np.where(labels == 255, 0, 0.55).astype(np.float32)[..., None]
    picture = (voxels[..., None] * (1 - alpha) + colours[labels] * alpha).astype(np.uint8)
    QImage(picture.data, picture.shape[1], picture.shape[0], 3 * picture.shape[1], QImage.Format.Format_RGB888).convertToFormat(
        QImage.Format.Format_RGB32
    )
    return (time.perf_counter() - start) * 1e3


if __name__ == "__main__":
    main()
