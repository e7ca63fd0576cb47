"""U-Net Studio: paint a few pixels of each structure, a U-Net learns the rest, export masks."""

__version__ = "0.1.0"
RESEARCH_USE = "Research use only. Not a medical device."
