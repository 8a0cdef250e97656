"""New ids, and new secrets of 256 random bits each."""

import base64
import secrets

CALLBACK_KEY = "whsec_"
"""What Standard Webhooks begins a key with."""


def new_id() -> str:
    """An application's id: 24 hex digits, like Routee's."""
    return secrets.token_hex(12)


def new_secret() -> str:
    """What an application proves itself by."""
    return secrets.token_urlsafe(32)


def new_callback_key() -> str:
    """What callbacks are signed with, in the form of Standard Webhooks."""
    return CALLBACK_KEY + base64.b64encode(secrets.token_bytes(32)).decode()


def callback_key_place(application_id: str) -> str:
    """Where an application's callback keys are sealed."""
    # Not "key": those that were sealed before there could be several must still open.
    return f"callback secret|{application_id}"
