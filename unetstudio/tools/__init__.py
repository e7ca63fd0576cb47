"""The tools that change labels, one file each; the order of the imports is the order of their buttons."""
# ruff: noqa: I001  (the order of the imports means something)

from unetstudio.tools import brush, eraser, polygon, lasso, fill

__all__ = ["brush", "eraser", "fill", "lasso", "polygon"]
