"""The program's entry point: open the window, or hand a command to the command line."""

from __future__ import annotations

import sys
from pathlib import Path

from unetstudio.core_dumps import disable_core_dumps

APT = (
    "sudo apt-get install -y libegl1 libgl1 libxkbcommon-x11-0 libdbus-1-3 libfontconfig1 "
    "libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-image0 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 libxcb-randr0"
)
"""The command that installs what Qt's window needs on a bare Debian or Ubuntu."""

USAGE = """usage: unetstudio [PATH ...]        open the window: on a project, image files, folders, a DICOM series
       unetstudio --example         open the window on an example image
       unetstudio COMMAND --help    new, label, train, predict, export, evaluate, info, networks: without a window"""


def main(arguments: list[str] | None = None) -> int:
    """Open the window or run a command, and return the exit status."""
    from unetstudio import cli

    disable_core_dumps()
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and (arguments[0] in cli.COMMANDS or arguments[0] in ("--help", "-h", "--version")):
        return cli.main(arguments)
    unknown = [a for a in arguments if a.startswith("-") and a != "--example"]
    if unknown:
        print(f"{unknown[0]} is not known.\n{USAGE}", file=sys.stderr)
        return 2
    missing = [a for a in arguments if not a.startswith("-") and not Path(a).exists()]
    if missing:
        print(f"{missing[0]}: there is no such file or folder; check the path.", file=sys.stderr)
        return 2
    reason = missing_libraries()
    if reason:
        print(reason, file=sys.stderr)
        return 2
    from unetstudio.ui.application import run

    return run([Path(a).absolute() for a in arguments if a != "--example"], example="--example" in arguments)


def missing_libraries() -> str:
    """Return why Qt cannot open a window here and what to run, "" when it can. Qt itself would abort the process."""
    import ctypes
    import os

    try:
        import PySide6.QtWidgets  # noqa: F401 - whether it can be imported
    except ModuleNotFoundError as error:
        return f"The window cannot open: {error.name} is not installed. Install the program as the README says: pip install ."
    except ImportError as error:
        return f"The window cannot open: {error}.\nOn Debian or Ubuntu:\n  {APT}"
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM", "xcb").split(":")[0] != "xcb":
        return ""
    if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        return (
            "There is no screen here (DISPLAY is not set). Without a window: unetstudio new, label, train, predict (see unetstudio --help)."
        )
    if not os.environ.get("DISPLAY"):
        return ""
    for library in ("libxcb-cursor.so.0", "libxcb-icccm.so.4", "libxcb-keysyms.so.1", "libxkbcommon-x11.so.0", "libEGL.so.1"):
        try:
            ctypes.CDLL(library)
        except OSError:
            return f"The window cannot open: the system library {library} is missing.\nOn Debian or Ubuntu:\n  {APT}"
    return ""
