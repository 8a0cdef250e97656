"""What the database keeps sealed, by which key, and how it is sealed anew by the newest.

Row by row, each only if it is still what was read: so it may run beside everything else, and be
stopped and repeated.
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.schema import Column, Table

from storage.engine import reading, writing
from storage.keys import Keyring
from storage.seal import Sealer, Unsealable

BATCH = 200
"""Rows in a transaction."""

GLANCE = 5000
"""Rows that are looked at in one statement: of them only the keys' names are read."""

GONE = ""
"""In place of a key's name: sealed by one that is not in the list."""

_KEY, _GONE = "the key", "gone from the list"
"""Of what is glanced at: no key is called so."""

Values = Mapping[str, str]


@dataclass(frozen=True)
class Sealed:
    """The sealed columns of a table, and how a row's are sealed anew.

    `resealed` gives the new values of those that change; it raises Unsealable.
    """

    name: str
    table: Table
    key: Column[Any]
    columns: Sequence[Column[Any]]
    resealed: Callable[[Sealer, Row[Any]], Values]


@dataclass(frozen=True)
class Done:
    """How many rows of a batch were looked at, sealed anew, and could not be opened."""

    seen: int
    resealed: int = 0
    unsealable: int = 0


class Resealing:
    """Looks at the sealed columns of some tables.

    Every method raises SQLAlchemyError when the database is away.
    """

    def __init__(self, engine: AsyncEngine, keys: Keyring, places: Sequence[Sealed]) -> None:
        self._engine = engine
        self._keys = keys
        self._sealer = Sealer(keys)
        self._places = places

    async def rows(self) -> int:
        """How many rows there are to look at."""
        async with reading(self._engine) as connection:
            counts = [
                await connection.scalar(select(func.count()).select_from(each.table))
                for each in self._places
            ]
        return sum(each or 0 for each in counts)

    async def count(self, advance: Callable[[int], None]) -> Mapping[str, Mapping[str, int]]:
        """How many rows each key has sealed something in, by the key and the place's name.

        GONE stands for keys that are not in the list. `advance` hears how many rows were seen.
        """
        found = {kid: dict.fromkeys(self._names, 0) for kid in (*self._kids, GONE)}
        for place in self._places:
            async for batch in self._glances(place):
                for kid in found:
                    found[kid][place.name] += sum(bool(row[kid or _GONE]) for row in batch)
                advance(len(batch))
        return found

    async def reseal(self) -> AsyncGenerator[Done, None]:
        """Seal by the newest key whatever another has sealed; after each batch, what was done."""
        for place in self._places:
            last = None
            while True:
                async with reading(self._engine) as connection:
                    rows = (await connection.execute(self._batch(place, last))).all()
                if not rows:
                    break
                last = rows[-1]._mapping[place.key]
                yield await self._sealed_anew(place, rows)

    @property
    def _kids(self) -> Sequence[str]:
        return [master.kid for master in self._keys.masters]

    @property
    def _names(self) -> Sequence[str]:
        return [place.name for place in self._places]

    async def _glances(self, place: Sealed) -> AsyncGenerator[Sequence[Mapping[str, Any]], None]:
        """Each row's keys, by their names; nothing that was sealed leaves the database."""
        by = {kid: _sealed_by(place, kid) for kid in self._kids}
        unknown = and_(_has_sealed(place), ~or_(*by.values()))
        marks = [held.label(kid) for kid, held in by.items()]
        last = None
        while True:
            query = select(place.key.label(_KEY), *marks, unknown.label(_GONE))
            query = _after(query, place, last).limit(GLANCE)
            async with reading(self._engine) as connection:
                rows = (await connection.execute(query)).mappings().all()
            if not rows:
                break
            last = rows[-1][_KEY]
            yield [dict(row) for row in rows]

    def _batch(self, place: Sealed, last: Any) -> Select[Any]:
        return _after(select(place.table), place, last).limit(BATCH)

    async def _sealed_anew(self, place: Sealed, rows: Sequence[Row[Any]]) -> Done:
        changes: list[tuple[Row[Any], Values]] = []
        unsealable = 0
        for row in rows:
            try:
                values = place.resealed(self._sealer, row)
            except Unsealable:
                unsealable += 1
                continue
            if values:
                changes.append((row, values))
        done = 0
        if changes:
            async with writing(self._engine) as connection:
                for row, values in changes:
                    done += await _changed(connection, place, row, values)
        return Done(len(rows), done, unsealable)


async def _changed(
    connection: AsyncConnection, place: Sealed, row: Row[Any], values: Values
) -> int:
    """1 if the row still was what was read; else 0, and it is left to another run."""
    was = row._mapping
    same = [column == was[column] for column in place.columns]
    change = update(place.table).where(place.key == was[place.key], *same).values(**values)
    return (await connection.execute(change)).rowcount


def _after(query: Select[Any], place: Sealed, last: Any) -> Select[Any]:
    query = query.order_by(place.key)
    return query if last is None else query.where(place.key > last)


def _sealed_by(place: Sealed, kid: str) -> ColumnElement[bool]:
    return or_(*(column.contains(f"v1.{kid}.") for column in place.columns))


def _has_sealed(place: Sealed) -> ColumnElement[bool]:
    return or_(*(column.contains("v1.") for column in place.columns))
