"""Commands that change the view and no label: zoom, overlays, slices and planes, theme."""

from __future__ import annotations

from dataclasses import replace

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
    display = window.session.display
    display.show(replace(display.options, outline=not display.options.outline))


def toggle_labels(window: Window) -> None:
    """Hide the labels, or show them again."""
    display = window.session.display
    display.show(replace(display.options, show_labels=not display.options.show_labels))


def next_overlay(window: Window) -> None:
    """Show the next overlay, the first after the last."""
    overlays, display = window.session.overlays, window.session.display
    index = overlays.index(display.options.overlay) if display.options.overlay in overlays else -1
    display.show(replace(display.options, overlay=overlays[(index + 1) % len(overlays)]))


def change_opacity(window: Window, by: float) -> None:
    """Make the overlay fainter or stronger, within 0..1."""
    display = window.session.display
    opacity = round(min(max(display.options.overlay_opacity + by, 0.0), 1.0), 2)
    display.show(replace(display.options, overlay_opacity=opacity))


def step_slice(window: Window, by: int) -> None:
    """Show another slice along the current axis."""
    window.session.cursor.step(by)


def look_along(window: Window, axis: int) -> None:
    """Show another plane of the volume, at the slice seen last in that direction."""
    cursor = window.session.cursor
    if window.session.scan is not None and cursor.plane.axis != axis:
        cursor.look_along(axis)
        window.canvas.fit()


def toggle_theme(window: Window) -> None:
    """Switch between light and dark."""
    window.appearance.toggle()


def follow_system_theme(window: Window) -> None:
    """Follow the desktop's light or dark theme."""
    window.appearance.choose("system")


def toggle_full_screen(window: Window) -> None:
    """Enter or leave full screen."""
    window.toggle_full_screen()


def show_export(window: Window) -> None:
    """Open the export section."""
    window.show_section("export")
