"""Reporting of a job's error, and detection of errors after which the whole worker must end."""

from __future__ import annotations

import sys
import traceback

from unetstudio.errors import UserError
from unetstudio.networks.device import is_device_lost, is_out_of_memory
from unetstudio.worker.cause import DEVICE_LOST
from unetstudio.worker.messages import JobFailed


def failure(job: str, error: Exception, case: str = "") -> JobFailed:
    """Describe an error for the reader; that of a bug includes its traceback."""
    if isinstance(error, UserError):
        return JobFailed(job, str(error), case=case)
    if is_out_of_memory(error):
        return JobFailed(job, "Memory did not suffice for this. Close other programs, or choose a smaller network.", case=case)
    if is_device_lost(error):
        return JobFailed(job, f"The GPU failed ({str(error).splitlines()[0][:160]}); the learner begins anew with it.", case=case)
    text = f"Something went wrong in the learner ({type(error).__name__}); your work is safe, and painting goes on."
    return JobFailed(job, text, "".join(traceback.format_exception(error)), case)


def end_if_lost(error: Exception) -> None:
    """End the process when it can no longer use its GPU; its supervisor starts another."""
    if is_device_lost(error):
        sys.exit(DEVICE_LOST)
