"""Counts how a flow ended, once its end is on record."""

from domain.flow import Flow
from domain.progress import NO_BALANCE, Progress
from domain.status import is_final
from metrics import catalogue as metrics


def count_end(flow: Flow, progress: Progress) -> None:
    """Count the outcome, and how long each of its steps took."""
    if (outcome := progress.outcome) is None:
        return
    metrics.ended(outcome.status, outcome.code, outcome.channel)
    if outcome.code == NO_BALANCE and outcome.channel:
        metrics.unsent(outcome.channel)
    for standing in progress.steps:
        step = flow.steps[standing.order - 1]
        if is_final(standing.status, step.until_seen):
            took = standing.updated_at - standing.started_at
            metrics.settled(step.channel, took.total_seconds())
