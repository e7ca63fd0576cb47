"""OME-Zarr: multi-resolution images in folders of chunks, or in a zip file."""

from unetstudio.formats.ome_zarr.reader import OmeZarr

__all__ = ["OmeZarr"]
