"""Keeping patients' images out of core dumps."""

from __future__ import annotations


def disable_core_dumps() -> None:
    """Keep a crash of this process, and of those it starts, from writing memory to the disk."""
    try:
        import resource
    except ImportError:  # Windows writes one only where somebody has set that up
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
