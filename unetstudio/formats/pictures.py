"""Ordinary pictures (PNG, JPEG, BMP, GIF ...), decoded strictly by Pillow: a damaged file is an error and never half a picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.geometry import Geometry
from unetstudio.data.scan import Scan
from unetstudio.errors import FormatError
from unetstudio.formats.format import Format
from unetstudio.formats.masks.content import MaskContent, MaskGrid, content_of
from unetstudio.formats.masks.lossy import cleaned, cleaned_words, is_lossless_jpeg
from unetstudio.formats.masks.part_of_scan import mask_part
from unetstudio.formats.part import Part, key_of
from unetstudio.formats.voxel_files.memory_check import require_memory
from unetstudio.formats.voxel_files.several_images import chosen, first_of_several
from unetstudio.formats.voxel_files.voxels import is_inverting, looked_up, tidy, without_alpha

if TYPE_CHECKING:
    from PIL import Image

_PLAIN = {"1", "L", "I", "I;16", "I;16L", "I;16B", "F", "RGB"}
_ALPHA = {"LA", "RGBA"}
_ORIENTATION = 0x0112  # EXIF tag


class Picture(Format):
    """A format of flat pictures; a subclass names Pillow's decoder."""

    lossy: Literal["", "always", "sometimes"] = ""  # whether stored values differ from those that were saved
    decoder = ""
    animated = False  # whether a file can hold several frames

    def parts(self, path: Path) -> Sequence[Part]:
        """Return the frames of an animation."""
        from PIL import Image

        if not self.animated:
            return (Part(),)
        with Image.open(path, formats=[self.decoder]) as image:
            return frames(int(getattr(image, "n_frames", 1)))

    def read(self, source: Source) -> Scan:
        """Read (1 or 3, 1, Y, X) with EXIF orientation applied, palettes converted to colours, and alpha dropped."""
        data = source.path.read_bytes()
        parts = self.parts(source.path)
        frame = chosen(parts, source.part, source.path)
        with self._open(data, source.path, frame) as image:
            voxels = turned(self._colours(image, data, frame), orientation_of(image))
        return Scan(tidy(voxels, source.path), kind=self.title, notes=first_of_several(parts, source.part))

    def read_values(self, path: Path) -> tuple[NDArray[Any], Geometry]:
        """Read palette indices, or the greys of a grey palette that does not merely invert."""
        return self._values(path, 0)

    def _values(self, path: Path, frame: int) -> tuple[NDArray[Any], Geometry]:
        data = path.read_bytes()
        with self._open(data, path, frame) as image:
            if image.mode == "P":
                indices = np.asarray(image)
                palette = _palette(image)
                greys = looked_up(indices, palette)
                voxels = (greys if len(greys) == 1 and not is_inverting(palette) else indices[None])[:, None]
            else:
                voxels = self._colours(image, data, frame)
            voxels = turned(voxels, orientation_of(image))
        return tidy(voxels, path), Geometry()

    def _open(self, data: bytes, path: Path, frame: int) -> Image.Image:
        """Decode a frame of the picture as it is stored."""
        from PIL import Image

        Image.MAX_IMAGE_PIXELS = None  # `require_memory` replaces its limit of 89 megapixels, which microscopes exceed
        image = Image.open(io.BytesIO(data), formats=[self.decoder])
        width, height = image.size
        require_memory(path, width * height * 4, len(data))
        if frame:
            image.seek(frame)
        image.load()
        return image

    def _colours(self, image: Image.Image, data: bytes, frame: int) -> NDArray[Any]:
        """Return (C, 1, Y, X) as the picture is displayed, but for its orientation."""
        del data, frame
        if image.mode == "P":
            return looked_up(np.asarray(image), _palette(image))[:, None]
        if image.mode not in _PLAIN | _ALPHA:
            image = image.convert("RGB")
        voxels = channels_of(np.asarray(image))
        return without_alpha(voxels) if image.mode in _ALPHA else voxels

    def read_mask(self, path: Path, grid: MaskGrid | None) -> MaskContent:
        """Read class values with the colours of a palette; black and white that was saved with loss is cleaned, or refused."""
        parts = self.parts(path)
        key, notes = mask_part(parts, path, grid)
        values, geometry = self._values(path, chosen(parts, key, path)) if key else self.read_values(path)
        if self.lossy and not is_lossless_jpeg(path):
            if (clean := cleaned(values)) is not None:
                values, changed = clean
                return replace(content_of(values, geometry, path), notes=(cleaned_words(path, changed),) if changed else ())
            if self.lossy == "always" and values.dtype == np.uint8 and (values[0] == values[-1]).all():
                raise FormatError(
                    path,
                    "JPEG changes the values of a mask, and this one is not simply black and white; export it as PNG or TIFF instead.",
                )
        palette = None if self.lossy == "always" else self._mask_palette(path)
        content = content_of(values, geometry, path, palette=palette)
        return replace(content, notes=(*content.notes, *notes))

    def _mask_palette(self, path: Path) -> NDArray[np.uint8] | None:
        """Return the colours of the indices (N, 3); None where there is no palette, or one of greys."""
        from PIL import Image

        with Image.open(path, formats=[self.decoder]) as image:
            palette = _palette(image) if image.mode == "P" else None
        return None if palette is None or (palette == palette[:, :1]).all() else palette


def frames(count: int) -> tuple[Part, ...]:
    """Return the frames of an animation as images."""
    return (Part(),) if count < 2 else tuple(Part(key_of(t=n), f"frame {n + 1}") for n in range(count))


def channels_of(pixels: NDArray[Any]) -> NDArray[Any]:
    """Arrange pixels (Y, X) or (Y, X, C) as (C, 1, Y, X)."""
    return np.moveaxis(np.atleast_3d(pixels), -1, 0)[:, None]


def orientation_of(image: Image.Image) -> int:
    """Return the orientation in the picture's EXIF data: 1 for upright, up to 8."""
    return int(image.getexif().get(_ORIENTATION) or 1)


def orientation_in(exif: bytes) -> int:
    """Return the orientation in EXIF data, 1 for upright."""
    from PIL import Image

    values = Image.Exif()
    values.load(exif)
    return int(values.get(_ORIENTATION) or 1)


def turned(voxels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn and mirror (..., Y, X) from the orientation in which the picture is stored to upright."""
    match orientation:
        case 2:
            return voxels[..., ::-1]
        case 3:
            return voxels[..., ::-1, ::-1]
        case 4:
            return voxels[..., ::-1, :]
        case 5:
            return voxels.swapaxes(-1, -2)
        case 6:
            return np.rot90(voxels, -1, (-2, -1))
        case 7:
            return voxels.swapaxes(-1, -2)[..., ::-1, ::-1]
        case 8:
            return np.rot90(voxels, 1, (-2, -1))
    return voxels


def _palette(image: Image.Image) -> NDArray[np.uint8]:
    """Return the palette as (N, 3), red, green, blue."""
    flat = image.getpalette("RGB") or [0, 0, 0]
    return np.array(flat, np.uint8).reshape(-1, 3)
