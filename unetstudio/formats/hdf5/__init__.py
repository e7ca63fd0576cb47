"""HDF5: data sets of ilastik and others, Imaris and BigDataViewer volumes; masks."""

from unetstudio.formats.hdf5.reader import Hdf5

__all__ = ["Hdf5"]
