"""Formatting of lengths, areas, volumes and counts, in the unit that is usual for the size."""

from __future__ import annotations

LENGTHS = ((10.0, 10.0, "cm"), (0.1, 1.0, "mm"), (1e-4, 1e-3, "µm"), (0.0, 1e-6, "nm"))
AREAS = ((100.0, 100.0, "cm²"), (0.01, 1.0, "mm²"), (0.0, 1e-6, "µm²"))
VOLUMES = ((1000.0, 1000.0, "cm³"), (1e-3, 1.0, "mm³"), (0.0, 1e-9, "µm³"))


def length_text(millimetres: float) -> str:
    """Format a length such as "50 µm"."""
    return _text(millimetres, LENGTHS)


def area_text(square_millimetres: float) -> str:
    """Format an area such as "0.3 mm²"."""
    return _text(square_millimetres, AREAS)


def volume_text(cubic_millimetres: float) -> str:
    """Format a volume such as "12.4 cm³"."""
    return _text(cubic_millimetres, VOLUMES)


def count_text(count: int, one: str, many: str = "") -> str:
    """Format a count such as "1,204 islands"; the plural `many` is by default `one` with an s."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _text(value: float, units: tuple[tuple[float, float, str], ...]) -> str:
    """Format three significant digits and the unit for the size; zero in the middle unit."""
    if value == 0:
        return f"0 {units[1][2]}"
    _, size, unit = next(entry for entry in units if abs(value) >= entry[0])
    return f"{float(f'{value / size:.3g}'):,.10g} {unit}"
