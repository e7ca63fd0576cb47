"""OME-TIFF masks; images in OME-TIFF are read as any TIFF."""

from __future__ import annotations

import hashlib
import io
import uuid
from typing import Any

from unetstudio import RESEARCH_USE, __version__
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.masks.document import MaskDocument
from unetstudio.formats.outlines.regions import names_of

_ROWS = 64


class OmeTiff(Format):
    """Class values with voxel size and class names in OME-XML."""

    title = "OME-TIFF"
    suffixes = (".ome.tif",)
    volumes = True
    images = False
    writes = True
    receivers = "Fiji (Bio-Formats), QuPath, napari and OMERO open it as an image of class values with its voxel size."

    def recognises(self, head: bytes) -> bool:
        """Return False, so that it is read as TIFF."""
        del head
        return False

    def encode(self, document: MaskDocument) -> bytes:
        """Encode deflated pages, one per slice."""
        import tifffile

        labels, spacing = document.labels, document.geometry.spacing
        about: dict[str, Any] = {
            "axes": "ZYX",
            "Creator": f"U-Net Studio {__version__}",
            "UUID": f"urn:uuid:{uuid.UUID(bytes=hashlib.sha256(labels.tobytes()).digest()[:16])}",
            "Description": RESEARCH_USE,
            "MapAnnotation": {f"class {value}": name for value, name in names_of(document).items()},
        }
        if spacing is not None:
            along = zip("ZYX" if len(labels) > 1 else "YX", spacing if len(labels) > 1 else spacing[1:], strict=True)
            for axis, millimetres in along:
                about |= {f"PhysicalSize{axis}": millimetres * 1000, f"PhysicalSize{axis}Unit": "µm"}
        file = io.BytesIO()
        tifffile.imwrite(
            file,
            labels,
            ome=True,
            photometric="minisblack",
            compression="zlib",
            compressionargs={"level": 6},
            rowsperstrip=_ROWS,
            metadata=about,
        )
        return file.getvalue()


FORMATS.register("ome_tiff")(OmeTiff())
