"""What ops read in the Temporal UI: a line for each thing, a table of steps for the flow."""

from domain.flow import Flow, Publication, Step
from domain.progress import Progress
from domain.status import named


def of_flow(flow: Flow) -> str:
    """Viber → Sms · +3069****0101."""
    channels = " → ".join(step.channel for step in flow.steps)
    first, *more = dict.fromkeys(step.recipient for step in flow.steps)
    others = f" and {len(more)} more" if more else ""
    return f"{channels} · {first}{others}"


def of_send(step: Step) -> str:
    """1 Viber · send."""
    return f"{step.order} {step.channel} · send"


def of_question(step: Step) -> str:
    """1 Viber · ask."""
    return f"{step.order} {step.channel} · ask"


def of_ttl(step: Step) -> str:
    """1 Viber · ttl 10 min."""
    return f"{step.order} {step.channel} · ttl {_readable(step.ttl)}"


def of_publication(flow: Flow, progress: Progress, how: Publication) -> str:
    """Callback 3 · Viber EXPIRED, or what is only recorded."""
    what = "callback" if how is Publication.TOLD and flow.callback else "record"
    last = progress.steps[-1] if progress.steps else None
    step = flow.step(last.order) if last else None
    status = named(step.channel, last.status) if step and last and last.status else ""
    where = f" · {step.order} {step.channel} {status}".rstrip() if step else ""
    return f"{what} {progress.seq}{where} · {progress.status}"


def table(flow: Flow, progress: Progress) -> str:
    """The flow's steps as a markdown table."""
    rows = [("step", "channel", "recipient", "status", "reason", "provider", "at (UTC)")]
    for step in flow.steps:
        standing = progress.step(step.order)
        place = (str(step.order), step.channel, step.recipient)
        if standing is None:
            rows.append((*place, "", "", "", ""))
            continue
        status = named(step.channel, standing.status) if standing.status else "being sent"
        at = f"{standing.updated_at:%H:%M:%S}"
        rows.append((*place, status, standing.reason, standing.provider, at))
    head, *body = ("".join(f"| {cell}{_GAP}" for cell in row) + "|" for row in rows)
    return "\n".join((f"**{_headline(progress)}**", "", head, "|:---" * len(rows[0]) + "|", *body))


_GAP = "\u2003"  # the UI draws tables without any space between their columns


def _headline(progress: Progress) -> str:
    outcome = progress.outcome
    if outcome is None:
        return str(progress.status)
    if outcome.code is not None:
        return f"{outcome.status}, statusCode {outcome.code}"
    return f"{outcome.status} by {outcome.channel}"


def _readable(seconds: float) -> str:
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.4g} {unit}"
    return f"{seconds:.4g} s"
