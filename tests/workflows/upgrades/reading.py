"""What a history says of the workers that made it."""

import json
from collections.abc import Sequence

from temporalio.client import WorkflowHistory


def failures(history: WorkflowHistory) -> Sequence[int]:
    """Why tasks of the flow failed: the causes, without those of repeated attempts."""
    return [
        event.workflow_task_failed_event_attributes.cause
        for event in history.events
        if event.HasField("workflow_task_failed_event_attributes")
    ]


def marks(history: WorkflowHistory, *, deprecated: bool = False) -> Sequence[str]:
    """The patches that the flow was marked with, as in force or as deprecated."""
    marked = [
        json.loads(event.marker_recorded_event_attributes.details["patch-data"].payloads[0].data)
        for event in history.events
        if event.HasField("marker_recorded_event_attributes")
    ]
    return [str(mark["id"]) for mark in marked if mark["deprecated"] is deprecated]


def builds(history: WorkflowHistory) -> Sequence[str]:
    """The build of the worker that did each task."""
    return [
        event.workflow_task_completed_event_attributes.worker_version.build_id
        for event in history.events
        if event.HasField("workflow_task_completed_event_attributes")
    ]
