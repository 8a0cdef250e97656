"""The search of flows: which of them stand on a page, and how many there are in all.

A page is found in one of two ways. Where a `to` filter leaves few flows, they are fetched and
sorted. Otherwise the flows are walked in the order of time, in an index that holds all that
filters look at: what many flows have, a walk meets soon. Counting reads the same index.

Everything here looks at snapshots. A report that has just arrived shows in its flow at once, but a
`status` or `terminationChannel` filter only sees it once the workflow has recorded its next
snapshot, usually within a second.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    asc,
    case,
    desc,
    func,
    not_,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.engine import reading
from storage.tables import recipients
from tracking.candidates import candidates
from tracking.facets import Facet
from tracking.filters import Field, Operator, Search
from tracking.patterns import Pattern

# On PostgreSQL: plans are made for the values, as the best one depends on them; compiling a plan
# takes longer than running it; and no search may keep a processor busy for long.
_SETTINGS = text(
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true),"
    " set_config('jit', 'off', true), set_config('statement_timeout', '5s', true)"
)

_row = recipients.c
_other = recipients.alias("other").c


@dataclass(frozen=True)
class Found:
    """The tracking ids of a page's flows in their order, and how many flows there are."""

    tracking_ids: Sequence[str]
    total: int


async def find(engine: AsyncEngine, search: Search) -> Found:
    """Search, all at one moment: a flow that moves meanwhile is neither missed nor met twice.

    Raises:
        SQLAlchemyError: the database does not answer, or not in time.
    """
    async with searching(engine) as connection:
        plan = await planned(connection, search)
        if not plan.facets:
            return Found((), 0)
        total = await plan.total(connection)
        return Found(await _page(connection, plan, total), total)


async def _page(connection: AsyncConnection, plan: "Plan", total: int) -> Sequence[str]:
    search = plan.search
    size = min(search.size, total - search.offset)
    if size <= 0:
        return ()
    behind = total - search.offset - size
    if behind >= search.offset:
        return await plan.page(connection, search.offset, size, search.newest_first)
    # The page is nearer to the other end.
    ids = await plan.page(connection, behind, size, not search.newest_first)
    return ids[::-1]


@asynccontextmanager
async def searching(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction that reads much."""
    async with reading(engine) as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(_SETTINGS)
        yield connection


async def planned(connection: AsyncConnection, search: Search) -> "Plan":
    """Look at what the account has, and decide how to search it."""
    there = (await connection.execute(_facets(search.account))).scalars()
    facets = [
        code for code in there if all(each.admits(Facet.read(code)) for each in search.filters)
    ]
    patterns = [Pattern.of(each) for each in search.filters if each.field is Field.TO]
    if search.tracking_id or not facets:
        return Plan(search, facets, patterns, [search.tracking_id or ""])
    for pattern in patterns:
        among = await candidates(connection, search.account, pattern)
        if among is not None:
            return Plan(search, facets, patterns, among)
    return Plan(search, facets, patterns, None)


def _facets(account: str) -> Select[int]:
    """Those that the account has flows of: from each to the next by the index."""
    smallest = select(func.min(_row.facet).label("facet")).where(_row.account == account)
    steps = smallest.cte("facets", recursive=True)
    following = (
        select(func.min(_row.facet))
        .where(_row.account == account, _row.facet > steps.c.facet)
        .scalar_subquery()
    )
    steps = steps.union_all(select(following).where(steps.c.facet.is_not(None)))
    return select(steps.c.facet).where(steps.c.facet.is_not(None))


@dataclass(frozen=True)
class Plan:
    """How a search is done: in which facets, and, if they are few, among which flows."""

    search: Search
    facets: Sequence[int]
    patterns: Sequence[Pattern]
    among: Sequence[str] | None

    async def total(self, connection: AsyncConnection) -> int:
        """How many flows there are."""
        return int(await connection.scalar(select(self.counted())) or 0)

    def counted(self) -> ColumnElement[int]:
        """How many flows there are, as SQL: from the numbers to the flows that have them."""
        wanted = [each for each in self.patterns if not each.negated]
        if wanted:
            others = (_met(each) for each in self.patterns if each is not wanted[0])
            return self._having(_seen(wanted[0]), *others)
        every = self._count(func.count(), _row.place <= 1)
        if not self.patterns:
            return every
        return every - self._having(or_(*map(_seen, self.patterns)))

    def _having(self, *conditions: ColumnElement[bool]) -> ColumnElement[int]:
        """How many flows have a number like that, each counted once."""
        alone = func.count().filter(_row.place == 0)
        of_several = func.count(_row.tracking_id.distinct()).filter(_row.place > 0)
        return self._count(alone + of_several, *conditions)

    def _count(
        self, count: ColumnElement[int], *conditions: ColumnElement[bool]
    ) -> ColumnElement[int]:
        query = select(count).where(_row.facet.in_(self.facets), *self._conditions(), *conditions)
        return query.scalar_subquery()

    async def page(
        self, connection: AsyncConnection, offset: int, size: int, newest_first: bool
    ) -> Sequence[str]:
        """The tracking ids of so many flows behind the offset."""
        query = self.rows(connection.dialect.name, newest_first)
        found = await connection.execute(query.limit(size).offset(offset))
        return [row.tracking_id for row in found]

    def rows(self, dialect: str, newest_first: bool) -> Select[Any] | CompoundSelect[Any]:
        """All flows in their order, the newest or the oldest first."""
        direction = desc if newest_first else asc
        order: tuple[ColumnElement[Any], ...] = direction("created_at"), direction("tracking_id")
        columns = select(_row.created_at, _row.tracking_id)
        columns = columns.where(_row.place <= 1, *self._conditions(), *map(_met, self.patterns))
        if self.among is not None:
            columns = columns.where(_row.facet.in_(self.facets))
            return columns.order_by(*order)
        branches = [columns.where(_row.facet == each) for each in self.facets]
        if len(branches) == 1:
            return branches[0].order_by(*order)
        if dialect == "postgresql":
            # Both databases merge the branches, if they know that each is in order. SQLite sees
            # it, and refuses to be told; PostgreSQL must be told.
            branches = [branch.order_by(*order) for branch in branches]
        return union_all(*branches).order_by(*order)

    def _conditions(self) -> Iterator[ColumnElement[bool]]:
        search = self.search
        yield _row.account == search.account
        if search.start:
            yield _row.created_at >= search.start
        if search.end:
            yield _row.created_at <= search.end
        if self.among is not None:
            yield _row.tracking_id.in_(self.among)


def _seen(pattern: Pattern) -> ColumnElement[bool]:
    """Whether the row's number meets the pattern.

    Where that is a range, SQLite must not choose `recipients_by_number` for it: here ranges are
    large, and lead all over the table.
    """
    met = pattern.on(_row.number)
    ranged = pattern.operator in (Operator.IS, Operator.STARTS_WITH)
    return case((met, True), else_=False) if ranged else met


def _met(pattern: Pattern) -> ColumnElement[bool]:
    """Whether a number of the row's flow meets the pattern; most flows have but one."""
    elsewhere = (
        select(_other.place)
        .where(_other.tracking_id == _row.tracking_id, pattern.on(_other.number))
        .limit(1)
        .scalar_subquery()
    )
    met = case(
        (pattern.on(_row.number), True), (_row.place > 0, elsewhere.is_not(None)), else_=False
    )
    return not_(met) if pattern.negated else met
