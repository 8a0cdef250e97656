"""The documents that are generated from the code: what `make docs` writes into docs/."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import typer

from api.app import create_app
from domain.channels import MINUTE, SILENT_CALL, Sms, ViberTemplate, Voice
from domain.flow import Flow, Kind, Step
from domain.progress import (
    NO_BALANCE,
    NO_NEXT_STEP,
    NOT_TRIGGERED,
    SERVER_ERROR,
    DeliveryReport,
    Outcome,
    Progress,
)
from domain.status import SUCCESSES, Channel, Status, is_final, ladder, named
from domain.steps import RequestStep

app = typer.Typer(
    help="Print the documents that are generated from the code.", no_args_is_help=True
)


@app.command(epilog="Example: failover document openapi > docs/openapi.json")
def openapi() -> None:
    """Print the OpenAPI document of the API."""
    _print(openapi_json())


@app.command(epilog="Example: failover document channels > docs/failover.md")
def channels() -> None:
    """Print the failover table: what each channel allows, how reports count, how flows end."""
    _print(failover_markdown())


def _print(text: str) -> None:
    typer.echo(text.encode(), nl=False)  # bytes: the same in every locale


def openapi_json() -> str:
    """The OpenAPI document as it is committed."""
    return json.dumps(create_app().openapi(), indent=2, ensure_ascii=False) + "\n"


def failover_markdown() -> str:
    """The failover table as it is committed."""
    return "\n".join((*_head(), *_table(), *_ladders(), *_codes(), *_matrix()))


KINDS: tuple[type[RequestStep], ...] = (Sms, ViberTemplate, Voice)

FAILED_CALLS = tuple(status for status in Voice.allowed if status not in SUCCESSES)
"""What the documented matrix assumes that its Voice step fails over on."""

MEANINGS = {
    SERVER_ERROR: "the last step failed through a fault of this service",
    NO_BALANCE: "the step was not sent, or the call was cut, for want of balance",
    NO_NEXT_STEP: "the last step failed, and no step is left",
    NOT_TRIGGERED: "the step ended on a status that its `failoverOnStatuses` does not list",
}


def _head() -> Iterator[str]:
    yield "# The failover table"
    yield ""
    yield "Generated from `domain/` by `make docs`. Do not edit: change the code, and run it again."
    yield ""


def _table() -> Iterator[str]:
    yield "## What each channel allows"
    yield ""
    yield from _rows(
        ("", *(kind.channel for kind in KINDS)),
        (
            ("`ttl`", *map(_ttl, KINDS)),
            ("default `ttl`", *map(_default_ttl, KINDS)),
            ("allowed `failoverOnStatuses`", *(", ".join(each.allowed) for each in KINDS)),
            ("default `failoverOnStatuses`", *(", ".join(each.default) for each in KINDS)),
            ("nothing heard until then", *map(_silence, KINDS)),
        ),
    )
    yield ""
    yield "`failoverOnStatuses` are read in any case. A step's own status is in capitals for Viber"
    yield "and as here for Sms and Voice."
    yield f"A call has no `ttl` of its own: it is given {_number(SILENT_CALL / MINUTE)} minutes."
    yield "All of it holds on both endpoints: Viber messages of `/failover` and Viber templates of"
    yield "`/failover/transactional` differ in their content alone."
    yield ""


def _ladders() -> Iterator[str]:
    yield "## How reports count"
    yield ""
    yield "A report moves its step up the channel's ladder, or does nothing. So reports may come"
    yield "late, twice, out of order or in contradiction: the step ends on the same rung. Final"
    yield "statuses are **bold**: the step waits no longer."
    yield ""
    rows = [(str(channel), _ladder(channel)) for channel in Channel]
    rows.append(("Viber with `expireOnDelivery`", _ladder(Channel.VIBER, until_seen=True)))
    yield from _rows(("channel", "from the lowest rung to the highest"), rows)
    yield ""


def _codes() -> Iterator[str]:
    yield "## Why a flow failed"
    yield ""
    yield "`statusCode` is `null` unless the flow is Failed. The examples are flows of one step"
    yield "with the default `failoverOnStatuses`."
    yield ""
    examples = {}
    for kind, status, our_fault in (
        (Sms, Status.FAILED, True),
        (Voice, Status.UNSENT, False),
        (Sms, Status.UNDELIVERED, False),
        (Voice, Status.FAILED, False),
    ):
        outcome = _played([_step(1, kind, kind.default)], [status], our_fault)
        fault = ", by our fault" if our_fault else ""
        examples[outcome.code] = f"{kind.channel} {named(kind.channel, status)}{fault}"
    rows = ((f"`{code}`", meaning, examples[code]) for code, meaning in MEANINGS.items())
    yield from _rows(("statusCode", "meaning", "example"), rows)
    yield ""
    yield "A flow that is cancelled is Failed with `3`. A late success of an earlier step, if that"
    yield "step does not list it, ends a flow as Succeeded. The first outcome stays."
    yield ""


def _matrix() -> Iterator[str]:
    flow = (
        _step(1, Voice, FAILED_CALLS),
        _step(2, ViberTemplate, ViberTemplate.default),
        _step(3, Sms, Sms.default),
    )
    yield "## The documented matrix"
    yield ""
    yield "Voice, then Viber, then Sms, played by `domain/progress.py`. The Voice step lists"
    yield f"{', '.join(FAILED_CALLS)}; the others"
    yield "have their defaults. A dash is a step that was never begun."
    yield ""
    rows = []
    for statuses in _endings():
        outcome = _played(flow, statuses)
        cells = [named(step.channel, status) for step, status in zip(flow, statuses, strict=False)]
        cells += ["–"] * (len(flow) - len(cells))
        rows.append((*cells, outcome.status, outcome.code or "–", outcome.channel or "–"))
    yield from _rows(
        (*(step.channel for step in flow), "flow", "statusCode", "terminationChannel"), rows
    )
    yield ""


def _endings() -> Iterator[tuple[Status, ...]]:
    yield (Status.COMPLETED,)
    for call in FAILED_CALLS:
        yield call, Status.DELIVERED
    for text in (Status.DELIVERED, Status.UNDELIVERED, Status.FAILED):
        for call in FAILED_CALLS:
            yield call, Status.UNDELIVERED, text


def _step(order: int, kind: type[RequestStep], failures: tuple[Status, ...]) -> Step:
    return Step(
        order=order,
        channel=kind.channel,
        recipient="",
        ttl=MINUTE,
        failures=failures,
        silence=kind.silence,
        silence_reason=kind.silence_reason,
        content="",
    )


def _played(steps: Sequence[Step], statuses: Sequence[Status], our_fault: bool = False) -> Outcome:
    """How a flow ends whose steps end on those statuses, one after the other."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    flow = Flow(
        account="",
        application="",
        tracking_id="",
        kind=Kind.TRANSACTIONAL,
        steps=tuple(steps),
        created_at=moment,
    )
    progress = Progress.of(flow)
    for step, status in zip(flow.steps, statuses, strict=False):
        if progress.outcome:
            raise ValueError(f"the flow ended before {step.channel} {status}")
        report = DeliveryReport(order=step.order, status=status, at=moment, our_fault=our_fault)
        progress = progress.begun(step, moment).after(flow, report)
    if progress.outcome is None:
        raise ValueError(f"no outcome after {', '.join(statuses)}")
    return progress.outcome


def _ttl(kind: type[RequestStep]) -> str:
    field = kind.model_fields.get("ttl")
    if field is None:
        return "–"
    limits = {
        name: getattr(limit, name)
        for limit in field.metadata
        for name in ("ge", "le", "decimal_places")
        if hasattr(limit, name)
    }
    places = limits.get("decimal_places", 0)
    digits = "whole" if not places else f"at most {places} decimal place{'s' * (places > 1)}"
    return f"{_number(limits['ge'])}–{_number(limits['le'])} minutes, {digits}"


def _default_ttl(kind: type[RequestStep]) -> str:
    field = kind.model_fields.get("ttl")
    return "–" if field is None else f"{_number(field.default)} minutes"


def _silence(kind: type[RequestStep]) -> str:
    return f"{named(kind.channel, kind.silence)}, “{kind.silence_reason}”"


def _ladder(channel: Channel, until_seen: bool = False) -> str:
    return " → ".join(
        f"**{named(channel, status)}**" if is_final(status, until_seen) else named(channel, status)
        for status in ladder(channel, until_seen)
    )


def _number(value: float) -> str:
    return f"{float(value):g}"


def _rows(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heading)} |"
    yield "|" + "---|" * len(heading)
    for row in rows:
        yield f"| {' | '.join(row)} |"
