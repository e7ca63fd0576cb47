"""Jobs beside training and its predictions: looking at the computer and at networks, exporting one, and predicting for files."""

from __future__ import annotations

from unetstudio.worker import network_jobs
from unetstudio.worker.file_messages import AverageCases, ExportNetwork, PredictFolder
from unetstudio.worker.jobs import average_cases, describe_device, predict_folder
from unetstudio.worker.messages import DescribeDevice, DescribeNetworks, OpenStudy
from unetstudio.worker.stack import Running

Aside = DescribeDevice | DescribeNetworks | ExportNetwork | PredictFolder | AverageCases


def job_of(request: Aside, study: OpenStudy | None) -> Running:
    """The job of a request, and the name under which it fails."""
    match request:
        case DescribeDevice():
            return Running("device", describe_device(request.measure))
        case DescribeNetworks():
            return Running("networks", network_jobs.describe_networks(request))
        case ExportNetwork():
            return Running("network export", network_jobs.export(request))
        case PredictFolder():
            return Running("folder", predict_folder(request, study))
        case AverageCases():
            return Running("averaging", average_cases(request, study))
