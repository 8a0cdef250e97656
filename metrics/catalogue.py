"""Every metric by its name. Labels are few words each: never an account, a number or an id."""

import functools
from collections.abc import Callable
from typing import ParamSpec

import structlog
from prometheus_client import Counter, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]  # the library annotates all but this

P = ParamSpec("P")

METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})

BRIEF = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
PATIENT = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 21600.0, 86400.0)

REQUESTS = Counter("failover_requests", "Requests answered.", ("route", "method", "status"))
REQUEST_SECONDS = Histogram(
    "failover_request_seconds", "From a request's head to its answer.", ("route", "method"),
    buckets=BRIEF,
)  # fmt: skip
REFUSALS = Counter("failover_refusals", "Requests answered with an error code.", ("route", "code"))
FLOWS_ACCEPTED = Counter("failover_flows_accepted", "Flows started.", ("kind",))
FLOWS_ENDED = Counter(
    "failover_flows_ended", "Flows whose outcome was recorded.", ("status", "code", "channel")
)
SENDS = Counter(
    "failover_sends", "Attempts to hand a step to a provider.", ("channel", "provider", "outcome")
)
SEND_SECONDS = Histogram(
    "failover_send_seconds", "The exchange with the provider.", ("channel", "provider"),
    buckets=BRIEF,
)  # fmt: skip
REPORTS = Counter("failover_reports", "Delivery reports taken.", ("provider", "status"))
STEPS_UNRECEIPTED = Counter(
    "failover_steps_without_receipts", "Steps accepted of which nobody will report.",
    ("channel", "provider"),
)  # fmt: skip
UNKNOWN_WORDS = Counter(
    "failover_unknown_statuses", "Statuses of a provider that no table knows.", ("provider",)
)
STEP_SECONDS = Histogram(
    "failover_step_seconds", "From a step's start to its final status.", ("channel",),
    buckets=PATIENT,
)  # fmt: skip
STEPS_UNSENT = Counter("failover_steps_unsent", "Steps unsent for lack of money.", ("channel",))
CALLBACKS = Counter("failover_callbacks", "Attempts to tell a client.", ("result",))
CALLBACK_SECONDS = Histogram(
    "failover_callback_seconds", "From an event to its receiver's 2xx.",
    buckets=(0.05, 0.1, 0.25, 0.5, *PATIENT),
)  # fmt: skip

_log = structlog.get_logger()


def _harmless(count: Callable[P, None]) -> Callable[P, None]:
    """Counting must never make a request or a send fail."""

    @functools.wraps(count)
    def counted(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            count(*args, **kwargs)
        except Exception as fault:
            _log.error("not counted", what=count.__name__, fault=type(fault).__name__)

    return counted


@_harmless
def answered(route: str, method: str, status: int, code: str | None, seconds: float) -> None:
    """A request of that route (its template) was answered; `code` is an error's."""
    known = method if method in METHODS else "other"
    REQUESTS.labels(route, known, str(status)).inc()
    REQUEST_SECONDS.labels(route, known).observe(seconds)
    if status >= 400:
        REFUSALS.labels(route, code or f"{status}000000").inc()


@_harmless
def accepted(kind: str) -> None:
    """A flow was started."""
    FLOWS_ACCEPTED.labels(kind).inc()


@_harmless
def ended(status: str, code: str | None, channel: str | None) -> None:
    """A flow's outcome was recorded."""
    FLOWS_ENDED.labels(status, code or "", channel or "").inc()


@_harmless
def settled(channel: str, seconds: float) -> None:
    """A step got its final status so long after its start."""
    STEP_SECONDS.labels(channel).observe(seconds)


@_harmless
def unsent(channel: str) -> None:
    """There was no money for a step."""
    STEPS_UNSENT.labels(channel).inc()


@_harmless
def sent(channel: str, provider: str, outcome: str, seconds: float) -> None:
    """An attempt to send ended: accepted, refused, not_sent or maybe_sent."""
    SENDS.labels(channel, provider, outcome).inc()
    SEND_SECONDS.labels(channel, provider).observe(seconds)


@_harmless
def reported(provider: str, status: str) -> None:
    """A provider's report was taken."""
    REPORTS.labels(provider, status).inc()


@_harmless
def unreceipted(channel: str, provider: str) -> None:
    """A step was accepted whose provider will not say what becomes of it."""
    STEPS_UNRECEIPTED.labels(channel, provider).inc()


@_harmless
def unknown(provider: str) -> None:
    """A provider's report or answer had a status that no table knows."""
    UNKNOWN_WORDS.labels(provider).inc()


@_harmless
def told(result: str) -> None:
    """An attempt to call a client back ended: delivered, retried, deferred or dead."""
    CALLBACKS.labels(result).inc()


@_harmless
def received(seconds: float) -> None:
    """A client took a callback so long after its event."""
    CALLBACK_SECONDS.observe(seconds)
