"""Arrays of NumPy: single (.npy) and in archives (.npz), never as pickles."""

from unetstudio.formats.numpy_files.npy import Npy
from unetstudio.formats.numpy_files.npz import Npz

__all__ = ["Npy", "Npz"]
