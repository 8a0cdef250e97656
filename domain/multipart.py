"""What a long Sms has come to, of which the provider reports part by part (contract.md §10.1)."""

from collections.abc import Mapping

from domain.status import Channel, Status, is_final, ladder


def whole(parts: Mapping[int, Status], count: int) -> Status | None:
    """The message's status by those of the parts reported so far; None while nothing is final.

    One part that failed fails the message: what is left of it makes no sense. It is delivered once
    all of them are.
    """
    rungs = ladder(Channel.SMS)
    failed = [each for each in parts.values() if is_final(each) and each is not Status.DELIVERED]
    if failed:
        return max(failed, key=rungs.index)
    if sum(each is Status.DELIVERED for each in parts.values()) >= count:
        return Status.DELIVERED
    return None
