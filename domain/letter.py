"""What is told to a client outside of a running flow, as the engine stores it."""

from domain.wire import Moment, Wire


class Letter(Wire):
    """One event of a flow, for one address. `url` and `body` are sealed.

    `event` names it, the same on every attempt; `at` is when it happened.
    """

    event: str
    account: str
    tracking_id: str
    at: Moment
    url: str
    body: str
