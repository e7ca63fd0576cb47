"""The project folder on disk: manifest, labels, journal of strokes, lock, checkpoints; every byte goes through `durable`."""
