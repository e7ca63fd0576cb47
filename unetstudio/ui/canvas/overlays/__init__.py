"""The overlays over the image, one file each; the order of the imports is that of the menu and of the key that steps through them."""
# ruff: noqa: I001  (the order of the imports means something)

from unetstudio.ui.canvas.overlays import classes, probability, uncertainty, attention, no_overlay

__all__ = ["attention", "classes", "no_overlay", "probability", "uncertainty"]
