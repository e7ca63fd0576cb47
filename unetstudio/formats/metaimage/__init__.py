"""MetaImage: volumes with their voxels inside (.mha) or beside them (.mhd), and label maps."""

from unetstudio.formats.metaimage.reader import MetaImage

__all__ = ["MetaImage"]
