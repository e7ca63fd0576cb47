"""What the readers of several formats share: arrays in files, axes, values, units, and checks of size."""
