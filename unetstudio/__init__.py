"""U-Net Studio: paint a few pixels of each structure, a U-Net learns the rest, export masks."""

import os

__version__ = "0.1.0"
RESEARCH_USE = "Research use only. Not a medical device."

os.environ["HDF5_PLUGIN_PRELOAD"] = "::"  # HDF5 then loads no library from HDF5_PLUGIN_PATH, which a file could otherwise ask for
