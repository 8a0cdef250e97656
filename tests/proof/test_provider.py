"""Reading the provider's record."""

import json
from pathlib import Path

from tests.proof.provider import Reported, Request, provided

LINES = [
    {"at": 1.0, "request": "f.1", "attempt": 1},
    {"at": 1.1, "answer": 429, "reference": "f.1", "attempt": 1},
    {"at": 2.0, "request": "f.1", "attempt": 2},
    {"at": 2.1, "message": "m", "reference": "f.1", "channel": "Sms"},
    {"at": 2.2, "answer": 202, "reference": "f.1", "attempt": 2},
    {"at": 3.0, "status": "delivered", "reason": None, "message": "m", "reference": "f.1"},
    {"at": 3.1, "report": "delivered", "reference": "f.1"},
    {"at": 3.5, "reported": "delivered", "reference": "f.1", "settled": False},
    {"at": 4.5, "reported": "delivered", "reference": "f.1", "settled": True},
    {"at": 5.0, "request": "f.2", "attempt": 1},
    {"at": 5.1, "report": "sent", "reference": "f.2"},
]


def test_requests_have_their_answers_and_reports_their_last(tmp_path: Path) -> None:
    """The judge asks who was asked, what came of it, and what was said in the end."""
    record = tmp_path / "record"
    record.write_text("\n" + "\n".join(map(json.dumps, LINES)) + "\n", "utf-8")
    found = provided(record)
    assert found.requests["f.1"] == [
        Request(1.0, "f.1", 1, 429, 1.1),
        Request(2.0, "f.1", 2, 202, 2.2, taken=True),
    ]
    assert found.requests["f.2"] == [Request(5.0, "f.2", 1)]
    assert found.reports["f.1"] == [Reported(3.1, "f.1", "delivered", True, 4.5)]
    assert found.reports["f.2"] == [Reported(5.1, "f.2", "sent")]
