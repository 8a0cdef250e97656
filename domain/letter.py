"""What is told to a client of one event, be it in a running flow or outside of one."""

from domain.wire import Moment, Wire


class Letter(Wire):
    """One event of a flow, for one address. `url` and `body` are sealed wherever it is stored.

    `event` names it, the same on every attempt: its webhook-id. `seq` is that of the flow's
    progress, none for a reply; `at` is when it happened.
    """

    event: str
    account: str
    application: str = ""
    tracking_id: str
    seq: int | None = None
    at: Moment
    url: str
    body: str
