"""What the engine knows us by: task queues, the workflow's type, search attributes."""

from collections.abc import Mapping

from temporalio.common import SearchAttributeKey

WORKFLOW = "failover"
REPORT_SIGNAL = "report"
CANCEL_UPDATE = "cancel"
ALREADY_FINAL = "AlreadyFinal"
"""Type of the error with which a flow that is over refuses to be cancelled."""

DELIVER = "deliver"
"""The activity that tells a client something outside of a running flow."""

REPLAY = "replay"
"""The activity that tells a client once more what it missed of a flow."""

FLOWS, SENDS, PUBLISH = "flows", "sends", "publish"
"""Task queues. Sends have their own, or the engine would hand them out past rate and fairness."""

ACCOUNT = SearchAttributeKey.for_keyword("FailoverAccount")
APPLICATION = SearchAttributeKey.for_keyword("FailoverApplication")
KIND = SearchAttributeKey.for_keyword("FailoverKind")
STATUS = SearchAttributeKey.for_keyword("FailoverStatus")
CHANNEL = SearchAttributeKey.for_keyword("FailoverChannel")
RECIPIENT_HASHES = SearchAttributeKey.for_keyword_list("FailoverRecipientHashes")

SEARCH_ATTRIBUTES = (ACCOUNT, APPLICATION, KIND, STATUS, CHANNEL, RECIPIENT_HASHES)

DYNAMIC_CONFIG: Mapping[str, str] = {
    "limit.maxIDLength": "255",
    "matching.enableFairness": "true",
    "matching.backlogNegligibleAge": '"1s"',
}
"""The server's settings on a laptop; production has them in deploy/temporal/."""


def workflow_id(account: str, tracking_id: str) -> str:
    """The workflow of a flow, always composed from the caller's own account."""
    return f"flow/{account}/{tracking_id}"


def letter_id(account: str, tracking_id: str, event: str) -> str:
    """The activity that delivers a letter; the same event twice is one."""
    return f"letter/{account}/{tracking_id}/{event}"


def replay_id(account: str, tracking_id: str) -> str:
    """The activity that tells a client once more what it missed of a flow."""
    return f"replay/{account}/{tracking_id}"


def repair_id(account: str, tracking_id: str) -> str:
    """The activity that publishes how a flow ended whose workflow no longer runs."""
    return f"repair/{account}/{tracking_id}"
