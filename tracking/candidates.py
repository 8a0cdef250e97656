"""The few flows that a `to` filter leaves, if they are few.

Answers by `recipients_by_number` what a number is or begins with, and by trigrams what it contains
or ends with: a GIN index on PostgreSQL, a full-text index beside the table on SQLite.
"""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, column, select, table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import END, TRIGRAMS, recipients
from tracking.filters import Operator
from tracking.patterns import Pattern

FEW = 1000
"""Where more numbers than that meet a pattern, flows are rather walked than fetched."""

_row = recipients.c
_trigrams = table(TRIGRAMS, column("rowid"))

# What makes a trigram at all. An ending is followed by the number's end, which makes one, too.
_SELECTIVE = {Operator.CONTAINS: r"[^\W_]{3}", Operator.ENDS_WITH: r"[^\W_]{2}$"}


async def candidates(
    connection: AsyncConnection, account: str, pattern: Pattern
) -> Sequence[str] | None:
    """The tracking ids of all flows that the pattern may admit; None if they are many."""
    if pattern.negated:
        return None
    if pattern.operator in (Operator.IS, Operator.STARTS_WITH):
        query = _by_number(account, pattern)
    elif re.search(_SELECTIVE[pattern.operator], pattern.alternatives[0]):
        query = _by_trigrams(connection.dialect.name, pattern)
    else:
        return None
    found = (await connection.execute(query.limit(FEW + 1))).all()
    if len(found) > FEW:
        return None
    return [row.tracking_id for row in found if row.account == account]


def _by_number(account: str, pattern: Pattern) -> Select[Any]:
    query = select(_row.tracking_id, _row.account)
    return query.where(_row.account == account, pattern.on(_row.number))


def _by_trigrams(dialect: str, pattern: Pattern) -> Select[Any]:
    """Of every account: whose a number is, the trigrams do not know."""
    query = select(_row.tracking_id, _row.account)
    if dialect != "sqlite":
        return query.where(pattern.on(_row.number))
    ending = END if pattern.operator is Operator.ENDS_WITH else ""
    phrase = (pattern.alternatives[0] + ending).replace('"', '""')
    matching = text(f"{TRIGRAMS} MATCH :phrase").bindparams(phrase=f'"{phrase}"')
    return query.join_from(_trigrams, recipients, _row.id == _trigrams.c.rowid).where(matching)
