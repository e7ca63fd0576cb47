"""The command `export-network`: writes a trained network as ONNX."""

from __future__ import annotations

from pathlib import Path

from unetstudio.atomic_file import make_folder
from unetstudio.commands.output import Output
from unetstudio.networks.onnx_export import export_network as write_network
from unetstudio.project.checkpoints import require
from unetstudio.project.output_guard import guard_onnx


def export_network(source: Path, out: Path, output: Output, *, force: bool = False) -> None:
    """Export the checkpoint `source`, or the one that the project `source` predicts with, and its card."""
    if source.is_dir():
        source = require(source / "checkpoints" if (source / "checkpoints").is_dir() else source).path
    guard_onnx(out, force=force)
    make_folder(out.parent)
    written = write_network(source, out)
    files = {"path": str(written.path), "card": str(written.card), "text": str(written.text)}
    output.event("network_exported", **files, checkpoint=source.stem, difference=written.difference)
    output.say(f"{written.path}, and what to know about it in {written.text.name} and {written.card.name}.")
