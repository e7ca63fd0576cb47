"""Outlines of regions, as annotation formats have them, and the masks that they fill."""
