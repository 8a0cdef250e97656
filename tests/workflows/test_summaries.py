"""What ops read in the Temporal UI."""

from datetime import timedelta

from domain.flow import Publication
from domain.progress import DeliveryReport, Progress
from domain.status import Status
from tests.samples import a_flow, sms, viber, voice
from workflows import summaries


def test_a_flow_is_named_by_its_channels_and_its_masked_recipient() -> None:
    """A number once, and never whole."""
    flow = a_flow(viber(), sms(), voice())
    assert summaries.of_flow(flow) == "Viber → Sms → Voice · +3069****0101"


def test_a_flow_to_many_names_one_of_them() -> None:
    """The UI reads summaries as markdown, where two masked numbers would be emphasis."""
    flow = a_flow(*(sms(f"+3069000001{place:02}") for place in range(10, 20)))
    summary = summaries.of_flow(flow)
    assert summary.endswith(" · +3069****0110 and 9 more")
    assert len(summary) <= 200


def test_activities_and_timers_say_what_they_are_for() -> None:
    """The step's place, its channel, and what happens."""
    step, *_ = a_flow(viber(ttl=10)).steps
    assert summaries.of_send(step) == "1 Viber · send"
    assert summaries.of_ttl(step) == "1 Viber · ttl 10 min"


def test_a_ttl_is_readable_in_its_own_unit() -> None:
    """Seconds, minutes or hours."""
    flow = a_flow(sms(), sms(), sms(), ttls=[30, 90, 72_000])
    assert [summaries.of_ttl(step).partition("ttl ")[2] for step in flow.steps] == [
        "30 s",
        "1.5 min",
        "20 h",
    ]


def test_a_publication_names_the_step_that_moved() -> None:
    """Told, or only recorded."""
    flow = a_flow()
    begun = Progress.of(flow).begun(flow.steps[0], flow.created_at)
    report = DeliveryReport(order=1, status=Status.EXPIRED, at=flow.created_at)
    moved = begun.after(flow, report)

    told, recorded = Publication.TOLD, Publication.RECORDED
    said = summaries.of_publication
    assert said(flow, Progress.of(flow), recorded) == "record 0 · Queued"
    assert said(flow, begun, told) == "callback 1 · 1 Viber · InProgress"
    assert said(flow, moved, told) == "callback 2 · 1 Viber EXPIRED · InProgress"
    assert said(flow, moved, Publication.UNWANTED) == "record 2 · 1 Viber EXPIRED · InProgress"
    untold = a_flow(strategy=None)
    assert said(untold, Progress.of(untold), told) == "record 0 · Queued"


def test_the_table_shows_every_step() -> None:
    """Those that were not tried yet, too; no number whole."""
    flow = a_flow(viber(), sms())
    progress = Progress.of(flow).begun(flow.steps[0], flow.created_at)
    lines = summaries.table(flow, progress).splitlines()

    assert lines[0] == "**InProgress**"
    assert "being sent" in lines[4]
    assert "Sms" in lines[5]
    assert "+306900000101" not in "\n".join(lines)


def test_the_headline_says_how_it_ended() -> None:
    """By which channel, or why not."""
    flow = a_flow(viber())
    begun = Progress.of(flow).begun(flow.steps[0], flow.created_at)
    later = flow.created_at + timedelta(seconds=1)

    def after(status: Status) -> str:
        report = DeliveryReport(order=1, status=status, at=later)
        return summaries.table(flow, begun.after(flow, report)).splitlines()[0]

    assert after(Status.DELIVERED) == "**Succeeded by Viber**"
    assert after(Status.EXPIRED) == "**Failed, statusCode 2**"
