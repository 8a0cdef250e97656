"""A recipient's reply to a Viber message, as its client is told of it (contract.md §9)."""

from pydantic import Field

from domain.wire import Moment, Wire


class InboundMessage(Wire):
    """What is POSTed to the step's `inboundUrl`. The members of a campaign are not ours."""

    from_: str = Field(alias="from")
    to: str
    message: str
    sent_date: Moment
    campaign_name: None = None
    campaign_tracking_id: None = None
    reference_tracking_id: str
    direction: str = "Inbound"
    media: str | None = None
    filename: str | None = None
    label: str | None = None
