"""Reads steps the two ways in which they are read: from a decoded body, and from sealed JSON."""

import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.channels import AnyStep, TransactionalStep, opened
from domain.flow import Kind

_ANY_STEP: TypeAdapter[AnyStep] = TypeAdapter(TransactionalStep)
_KINDS = ("Sms", "Viber", "Voice", "SAY", "PLAY")


def read(step: Any) -> AnyStep:
    """The step, which either way must be the same."""
    decoded = _ANY_STEP.validate_python(step)
    assert opened(json.dumps(step), Kind.TRANSACTIONAL) == decoded
    return decoded


def faults(step: Any) -> dict[str, str]:
    """What is wrong with a refused step: a sentence by path, the same paths either way."""
    with pytest.raises(ValidationError) as decoded:
        _ANY_STEP.validate_python(step)
    with pytest.raises(ValidationError) as sealed:
        opened(json.dumps(step), Kind.TRANSACTIONAL)
    assert set(_by_path(sealed.value)) == set(_by_path(decoded.value))
    return _by_path(decoded.value)


def _by_path(error: ValidationError) -> dict[str, str]:
    return {
        ".".join(str(part) for part in fault["loc"] if part not in _KINDS): fault["msg"]
        for fault in error.errors()
    }
