"""The project folder on disk: manifest, labels, journals, lock, checkpoints; its files are written through `durable`."""
