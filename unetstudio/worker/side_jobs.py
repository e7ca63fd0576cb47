"""Jobs beside training and its predictions: looking at the computer and at networks, exporting one, and predicting for files."""

from __future__ import annotations

from unetstudio.worker import network_jobs
from unetstudio.worker.averaging import average_cases
from unetstudio.worker.file_messages import AverageCases, ExportNetwork, PredictFolder
from unetstudio.worker.folder_job import predict_folder
from unetstudio.worker.jobs import describe_device
from unetstudio.worker.messages import DescribeDevice, DescribeNetworks, OpenStudy, TaskRequest
from unetstudio.worker.stack import Running


def job_of(request: TaskRequest, study: OpenStudy | None) -> Running:
    """Make the job that answers a request of a task."""
    task = request.task
    match request:
        case DescribeDevice():
            return Running("device", describe_device(request.measure), task=task)
        case DescribeNetworks():
            return Running("networks", network_jobs.describe_networks(request), task=task)
        case ExportNetwork():
            return Running("network export", network_jobs.export(request), task=task)
        case PredictFolder():
            return Running("folder", predict_folder(request, study), task=task)
        case AverageCases():
            return Running("averaging", average_cases(request, study), task=task)
