"""Receiving a message of our own other process from the pipe between the two."""

from __future__ import annotations

from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler

LONGEST = 2**30
"""Bytes of the longest message: about a tile of 255 classes."""


def receive_message(connection: Connection) -> object:
    """Wait for a message and decode it; None when it is damaged. Raises EOFError or OSError as `Connection.recv_bytes`."""
    message = connection.recv_bytes(LONGEST)
    try:
        return ForkingPickler.loads(message)
    except Exception:  # noqa: BLE001 - damaged bytes raise whatever the parts that they happen to name raise
        return None
