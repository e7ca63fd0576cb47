"""The table of docs/formats.md: what each format can hold, and the program against which reading and writing are checked.

It is made from the registry of formats and the samples of the trials: `pytest tests/formats/trials/test_table.py --figures` writes it.
"""

from __future__ import annotations

from pathlib import Path

from formats.trials.samples import ELSEWHERE, MASK_READERS, READERS, WRITERS, load

from unetstudio.formats import FORMATS, Format

BEGIN, END = "<!-- formats -->", "<!-- end of formats -->"
HEAD = ("Format", "Endings", "Image in", "Mask in", "Mask out")


def table() -> str:
    """Return the table as Markdown, in the order of the formats' titles."""
    load()
    rows = [_row(name, variant) for name, variant in sorted(FORMATS.items(), key=lambda entry: entry[1].title.lower())]
    return "\n".join(_line(cells) for cells in (HEAD, ("---",) * len(HEAD), *rows))


def inserted(text: str) -> str:
    """Return a document with the table between its two marks."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def write(document: Path) -> None:
    """Write the table into a document."""
    document.write_text(inserted(document.read_text("utf-8")), "utf-8")


def _row(name: str, variant: Format) -> tuple[str, ...]:
    read = [one.checked for one in READERS.get(name, ())]
    masks = [one.checked for one in MASK_READERS.get(name, ())]
    written = [WRITERS[name].checked] if name in WRITERS else []
    if name in ELSEWHERE:
        read, masks, written = read or [ELSEWHERE[name]], masks or [ELSEWHERE[name]], written or [ELSEWHERE[name]]
    elif not masks:
        masks = ["its own masks" if variant.writes else "as the image"]
    endings = ", ".join(f"`{suffix}`" for suffix in variant.suffixes) or "by content"
    cells = (read if variant.images else [], masks, written if variant.writes else [])
    return (variant.title, endings, *(", ".join(_once(cell)) or "–" for cell in cells))


def _once(texts: list[str]) -> list[str]:
    """Return the programs in several texts, each once."""
    return list(dict.fromkeys(program.strip() for text in texts for program in text.split(",")))


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"
