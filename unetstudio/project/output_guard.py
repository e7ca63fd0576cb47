"""The guard of every file that a command or a dialog writes: it never replaces an image, a file of a project, or what is not ours."""

from __future__ import annotations

from pathlib import Path

from unetstudio.errors import UserError
from unetstudio.formats.finding.recognition import format_name
from unetstudio.project.manifest_file import SUFFIX, is_project

HEAD = 4096
"""Number of bytes by which a file of an earlier run is recognised."""


def guard_output(path: Path, beginning: bytes = b"", *, force: bool = False) -> None:
    """Raise UserError unless a file may be written at `path`.

    An existing file may be replaced if it begins as what this program writes there, or with `force` if it is neither an image, nor of a
    project, nor a folder or device.
    """
    inside = next((folder for folder in path.absolute().parents if folder.suffix == SUFFIX or is_project(folder)), None)
    if inside is not None:
        raise UserError(
            f"{path.name} would lie in the project {inside.name}, which holds only the program's own files. Choose another folder."
        )
    if not path.exists() and not path.is_symlink():
        return
    if not path.is_file() or path.is_symlink():
        raise UserError(f"{path} is no ordinary file, so nothing is written over it. Choose another name.")
    if (kind := format_name(path)) is not None:
        raise UserError(f"{path.name} is an image or mask ({kind}) and is never written over. Choose another name.")
    if not force and not _begins_with(path, beginning):
        raise UserError(f"{path.name} is there already and not one of this program's. Choose another name, or say --force to replace it.")


def guard_onnx(path: Path, *, force: bool = False) -> None:
    """Guard a network file and the two cards that are written beside it."""
    path = path if path.suffix == ".onnx" else path.with_name(f"{path.name}.onnx")
    for name, beginning in ((path.name, b"\x08"), (f"{path.name}.json", b"{"), (f"{path.name}.md", b"#")):
        guard_output(path.with_name(name), beginning, force=force)


def _begins_with(path: Path, beginning: bytes) -> bool:
    """Whether a file begins so; an empty one may always be replaced, any other never without a beginning to compare."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise UserError(f"{path.name} cannot be read ({error.strerror}), so it is not written over. Choose another name.") from error
    return not head or (bool(beginning) and head.startswith(beginning[:HEAD]))
