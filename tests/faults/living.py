"""`python -m faults.living FOLDER`: live the day of `story` in a separate process, and print each promise and each change of the disk."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from faults.story import NAME, tell
from faults.trace import Made, Named, Operation, Renamed, Sized, Synced, Unnamed, Written, recording

CALLS = {Written: "write", Sized: "size", Named: "link", Unnamed: "unlink", Renamed: "rename"}


def call(operation: Operation) -> str:
    """Return the system call of a change, "" for a promise."""
    match operation:
        case Synced(_, name):
            return name
        case Made(is_folder=is_folder):
            return "mkdir" if is_folder else "create"
    return CALLS.get(type(operation), "")


def say(what: object) -> None:
    """Print a line and flush it."""
    sys.stdout.write(f"{json.dumps(what)}\n")
    sys.stdout.flush()


def main(root: Path) -> None:
    def mark(*what: object) -> None:
        say(what)

    with recording(root) as recorder:
        found = len(recorder.operations)
        tell(root / NAME, mark)
    say(["calls", *filter(None, map(call, recorder.operations[found:]))])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
