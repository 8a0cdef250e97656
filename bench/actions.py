"""What a history costs where the engine is paid by the action, as Temporal Cloud is."""

from collections.abc import Mapping

BILLED = frozenset(
    {
        "WORKFLOW_EXECUTION_STARTED",
        "ACTIVITY_TASK_SCHEDULED",
        "TIMER_STARTED",
        "WORKFLOW_EXECUTION_SIGNALED",
        "WORKFLOW_EXECUTION_UPDATE_ACCEPTED",
        "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES",
    }
)
"""Events of which each is an action, of those that our histories have."""


def actions(events: Mapping[str, int]) -> int:
    """Of a history, by the numbers of its events.

    Each further attempt of an activity and each heartbeat is one more, and leaves no event.
    """
    return sum(number for event, number in events.items() if event in BILLED)
