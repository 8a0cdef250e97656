"""What kinds of flows there are: all that a search tells them apart by, but numbers and dates.

A facet is one of about a hundred combinations, and an account has flows of perhaps twenty. So a
search first asks which facets there are, lets its filters choose among them, and then finds rows
by equality, in an index that keeps each facet's flows in the order of time.
"""

from typing import NamedTuple, Self

from domain.flow import Flow, Kind
from domain.progress import FlowStatus, Progress
from domain.status import Channel

# Their places stand in the database: only ever append.
_KINDS = (Kind.TRANSACTIONAL, Kind.STANDARD)
_STATUSES = (FlowStatus.QUEUED, FlowStatus.IN_PROGRESS, FlowStatus.SUCCEEDED, FlowStatus.FAILED)
_CHANNELS = (Channel.SMS, Channel.VIBER, Channel.VOICE)


class Facet(NamedTuple):
    """A flow's kind, its steps' channels, its status, and the channel that ended it."""

    kind: Kind
    channels: frozenset[Channel]
    status: FlowStatus
    ended_by: Channel | None

    @classmethod
    def of(cls, flow: Flow, progress: Progress) -> Self:
        """The facet of a flow that stands there."""
        return cls(
            kind=flow.kind,
            channels=frozenset(step.channel for step in flow.steps),
            status=progress.status,
            ended_by=progress.outcome.channel if progress.outcome else None,
        )

    @classmethod
    def read(cls, code: int) -> Self:
        """The facet of that code."""
        rest, ended_by = divmod(code, 10)
        rest, status = divmod(rest, 10)
        channels, kind = divmod(rest, 10)
        return cls(
            kind=_KINDS[kind],
            channels=frozenset(
                channel for place, channel in enumerate(_CHANNELS) if channels & 1 << place
            ),
            status=_STATUSES[status],
            ended_by=_CHANNELS[ended_by - 1] if ended_by else None,
        )

    @property
    def code(self) -> int:
        """As the database keeps it: one digit each, the set of channels in front."""
        channels = sum(1 << _CHANNELS.index(channel) for channel in self.channels)
        kind = _KINDS.index(self.kind)
        status = _STATUSES.index(self.status)
        ended_by = _CHANNELS.index(self.ended_by) + 1 if self.ended_by else 0
        return channels * 1000 + kind * 100 + status * 10 + ended_by
