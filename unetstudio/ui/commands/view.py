"""Commands that change what is seen and no label: zoom, overlays, slices and planes, theme."""

from __future__ import annotations

from unetstudio.ui.commands.window import Window


def fit(window: Window) -> None:
    """Show the whole image."""
    window.canvas.fit()


def actual_size(window: Window) -> None:
    """Show one voxel per screen pixel."""
    window.canvas.zoom_100()


def zoom(window: Window, factor: float) -> None:
    """Zoom about the middle."""
    window.canvas.zoom_by(factor)


def toggle_outline(window: Window) -> None:
    """Switch between outlines and fills."""
    window.session.display.set(outline=not window.session.display.outline)


def toggle_labels(window: Window) -> None:
    """Hide the labels, or show them again."""
    window.session.display.set(show_labels=not window.session.display.show_labels)


def next_overlay(window: Window) -> None:
    """Show the next of the overlays there are, the first after the last."""
    overlays, display = window.session.overlays, window.session.display
    index = overlays.index(display.overlay) if display.overlay in overlays else -1
    display.set(overlay=overlays[(index + 1) % len(overlays)])


def change_opacity(window: Window, by: float) -> None:
    """Make the overlay fainter or stronger, within 0..1."""
    opacity = window.session.display.overlay_opacity + by
    window.session.display.set(overlay_opacity=round(min(max(opacity, 0.0), 1.0), 2))


def step_slice(window: Window, by: int) -> None:
    """Go to another slice along the axis looked along."""
    display, scan = window.session.display, window.session.scan
    if scan is not None:
        display.set(index=min(max(display.index + by, 0), scan.shape[display.axis] - 1))


def look_along(window: Window, axis: int) -> None:
    """Show another plane of the volume, at the slice seen last in that direction."""
    scan = window.session.scan
    if scan is not None and window.slices.look_along(scan, axis):
        window.canvas.fit()


def toggle_theme(window: Window) -> None:
    """Switch between light and dark."""
    window.appearance.toggle()


def follow_system_theme(window: Window) -> None:
    """Be light or dark as the desktop is."""
    window.appearance.choose("system")


def toggle_full_screen(window: Window) -> None:
    """Fill the whole screen, or go back."""
    window.toggle_full_screen()


def show_export(window: Window) -> None:
    """Open the export section."""
    window.show_section("export")
