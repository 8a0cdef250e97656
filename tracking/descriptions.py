"""A sentence for each detailed status (contract.md §7.3), in our own words."""

from collections.abc import Mapping

DESCRIPTIONS: Mapping[str, str] = {
    "Queued": "Handed over, waiting to be sent.",
    "Sent": "Sent to the network.",
    "Initiated": "The call was started.",
    "Ringing": "The telephone is ringing.",
    "In Progress": "The call is being held.",
    "Delivered": "Delivered to the recipient.",
    "Seen": "Read by the recipient.",
    "Completed": "The call was answered and held to its end.",
    "Undelivered": "Could not be delivered.",
    "Failed": "Could not be processed.",
    "Unsent": "Not sent: the balance is not enough.",
    "Terminated": "The call was ended because the balance ran out.",
    "Busy": "The line was engaged.",
    "No Answer": "Nobody answered the call.",
    "Expired": "Not delivered before its time to live ran out.",
    "TTL Expired": "Not delivered before its time to live ran out.",
    "Timed Out": "Nothing was heard of it in time.",
    "Not Viber User": "The number has no Viber account.",
    "Opted Out": "The recipient does not accept messages of this sender.",
    "System Failure": "The platform could not process it.",
    "Message Rejected": "The platform did not accept it.",
    "Unsupported Equipment": "The recipient's device cannot show it.",
    "Undelivered on Handset": "The telephone is off or out of reach.",
    "Unknown Number": "The number is unknown.",
    "Roaming": "The recipient is abroad and cannot be reached.",
    "Call Barred": "The recipient's network bars it.",
    "Unknown Status": "The network did not say what became of it.",
    "Carrier Violation": "The carrier refused its content.",
}


def description(detailed_status: str) -> str:
    """The sentence; for a word that no table has, the word itself."""
    return DESCRIPTIONS.get(detailed_status, detailed_status)
