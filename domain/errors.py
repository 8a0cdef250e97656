"""What can go wrong for a client, in our own words; `api/errors.py` says it in HTTP's."""

from collections.abc import Mapping


class Refusal(Exception):
    """A request that cannot be served; `sentence` is meant for the client."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class InvalidRequest(Refusal):
    """Some members are wrong: their paths, and a sentence for each."""

    def __init__(self, properties: Mapping[str, str]) -> None:
        super().__init__("Validation Error!")
        self.properties = dict(properties)


class Unauthenticated(Refusal):
    """No valid access token."""


class BadCredentials(Refusal):
    """An unknown application, or a wrong secret."""


class Forbidden(Refusal):
    """A scope or role is missing."""


class InsufficientBalance(Refusal):
    """Not enough money for the first step, or the application's daily cap is reached."""


class UnknownFlow(Refusal):
    """No flow of this account has that tracking id."""


class UnknownCallback(Refusal):
    """No callback of this account has that id."""


class UnknownSender(Refusal):
    """No sender info of this account has that id."""


class UnknownReport(Refusal):
    """A report URL that we did not give out, or that has expired."""


class AlreadyFinal(Refusal):
    """The flow is over, or is being cancelled already."""


class KeyReused(Refusal):
    """The Idempotency-Key came before, with another body."""


class StillWaiting(Refusal):
    """The callback is still being delivered."""


class TooLarge(Refusal):
    """The body has too many bytes."""


class TooSlow(Refusal):
    """The body did not arrive in time."""


class TooManyRequests(Refusal):
    """A rate limit is used up; in `retry_after` whole seconds there is room for one more."""

    def __init__(self, sentence: str, retry_after: int) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class Unavailable(Refusal):
    """What we depend on is away; the same request may be sent again."""

    def __init__(self, sentence: str, tracking_id: str | None = None) -> None:
        super().__init__(sentence)
        self.tracking_id = tracking_id
