"""Evidence: each account's tail probability against the reference, from content neighbours, sifting and conformity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from gauger.engine.common import progress, threads
from gauger.engine.common.settings import Settings
from gauger.engine.evidence.conformity import not_compared
from gauger.engine.evidence.known_elsewhere import SharedFinding
from gauger.engine.evidence.learning import EVERYTHING, Learnt, learn
from gauger.engine.evidence.pool import Pool
from gauger.engine.evidence.sweep import call_tails, sweep
from gauger.engine.statistics.people import People, Whole
from gauger.engine.statistics.pool import CellCounts, counted_cells, pooled_statistics, statistics_of_others
from gauger.engine.statistics.population import Population
from gauger.engine.statistics.shared_text import is_shared, own_text

_SEARCH_BYTES = 400 << 20  # of memory, while the neighbours of a unit are searched
_GROUP_NEIGHBOURS = 20  # whom an account is held against for what neighbours have in common


@dataclass(frozen=True)
class Evidence:
    """Evidence on today's n accounts. NaN = not available."""

    probability: np.ndarray  # float64[n], calibrated tail probability of everything together
    parts: dict[str, np.ndarray]  # float64[n], tail probability of each part
    shares: dict[str, np.ndarray]  # float64[n], share of today's accounts among the k nearest
    vectors: np.ndarray  # float32[h, d], whitened kernel means; zero rows where there is no content evidence
    sifted: np.ndarray  # float32[h, d], the same with calls weighted by how odd they are
    call_probability: list[np.ndarray]  # of each unit float64[m], tail probability of each sampled call
    reference_accounts: int  # accounts behind it
    reference_vectors: np.ndarray  # float32[r, d], whitened means of the reference's accounts
    reference_sifted: np.ndarray = field(default_factory=lambda: np.zeros((0, 1), np.float32))  # and the weighted ones
    reference_rows: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))  # theirs in the reference
    missing: list[str] = field(default_factory=list)  # sentences: which evidence is not available, and why
    relational: dict[str, np.ndarray] = field(default_factory=dict)  # float64[n], statistics against other accounts
    relational_null: dict[str, np.ndarray] = field(default_factory=dict)  # float64[r], the reference's
    neighbours: np.ndarray | None = None  # int64[n, k], today's accounts among the nearest, -1 in the other places
    similarity: np.ndarray | None = None  # float32[n, k], cosines of the nearest; 0 where an account has none
    held: np.ndarray | None = None  # int64[h], ascending, whose vectors there are; None = everybody's

    def places(self, rows: np.ndarray) -> np.ndarray:
        """Rows of ``vectors`` of those of some accounts, int64, that have them: all do that are flagged."""
        return rows if self.held is None else np.flatnonzero(np.isin(self.held, rows))

    @property
    def vector_rows(self) -> np.ndarray:
        """Whose vectors there are, int64[h]."""
        return np.arange(len(self.probability)) if self.held is None else self.held


def no_evidence(people: People, reason: str) -> Evidence:
    """Evidence of a run without a usable reference."""
    n = len(people.calls)
    return Evidence(
        probability=np.full(n, np.nan),
        parts={},
        shares={},
        vectors=np.zeros((n, 1), np.float32),
        sifted=np.zeros((n, 1), np.float32),
        call_probability=[],
        reference_accounts=0,
        reference_vectors=np.zeros((0, 1), np.float32),
        missing=[reason],
    )


def unusable(people: People, reference: Population | None, settings: Settings) -> str | None:
    """Why there can be no evidence, in a sentence; None where there can."""
    if reference is None:
        return "no reference of earlier days yet: content and timing evidence are not available"
    old = int((reference.calls >= settings.calls_min).sum())
    if old < settings.reference_accounts_min:
        return (
            f"the reference has {old:,} accounts of at least {settings.calls_min} calls; "
            f"{settings.reference_accounts_min:,} are needed for an alarm level of {settings.alarm_level:g}"
        )
    if not np.any(people.calls >= settings.calls_min):
        return f"no account has at least {settings.calls_min} calls"
    return None


def gather(
    today: Population,
    reference: Population | None,
    key: np.ndarray,
    settings: Settings,
    shared: Sequence[SharedFinding] = (),
) -> Evidence:
    """Weigh today's accounts against a reference of older, clean ones.

    Both sides lose their accounts with fewer than ``settings.calls_min`` calls first.
    shared : findings of other providers
    """
    people = Whole(today, key, settings.calls_min)
    reason = unusable(people, reference, settings)
    if reference is None or reason is not None:
        return no_evidence(people, reason or "")
    return weigh(people, learn(people, reference, key, settings, shared))


def of_learnt(learnt: Learnt) -> Evidence:
    """Evidence on the accounts learnt from alone, as if there were no others; no calls."""
    number = len(learnt.rows)
    near, last = learnt.pool.neighbours, learnt.pool.sifting.last
    return Evidence(
        probability=learnt.tails[EVERYTHING][:number],
        parts={},
        shares={},
        vectors=near.vectors[:number],
        sifted=last.vectors[:number],
        call_probability=[],
        reference_accounts=len(learnt.pool.old),
        reference_vectors=near.vectors[number:],
        reference_sifted=last.vectors[number:],
        reference_rows=learnt.reference_rows,
    )


@dataclass(frozen=True)
class _Weighed:
    """What is said of some accounts."""

    rows: np.ndarray  # int64[m], today's
    tails: dict[str, np.ndarray]  # float64[m]
    shares: dict[str, np.ndarray]
    relational: dict[str, np.ndarray]
    neighbours: np.ndarray  # int64[m, k], today's rows or -1
    similarity: np.ndarray  # float32[m, k]
    held: np.ndarray  # int64[h], places of those whose vectors are kept
    vectors: np.ndarray  # float32[h, d]
    sifted: np.ndarray


def weigh(people: People, learnt: Learnt) -> Evidence:
    """Evidence on everybody: on those learnt from, and by a sweep over the units on the others."""
    pool, number = learnt.pool, len(learnt.rows)
    eligible = people.calls >= pool.settings.calls_min
    waiting = eligible.copy()
    waiting[learnt.rows] = False
    pooled = pooled_statistics(pool.new, pool.old, pool.key)
    own = {name: values[:number] for name, values in learnt.tails.items()}
    relational = {name: values[:number] for name, values in pooled.items()}
    known = _weighed(pool, learnt, learnt.rows, own, relational)
    counts = counted_cells(pool.new, pool.old, pool.key) if np.any(waiting) else None

    step = progress.steps("weighing", people.units)

    def unit(at: int) -> tuple[_Weighed | None, np.ndarray]:
        found = people.once("weighed", at, lambda: _arrays(*_unit(people, at, waiting, learnt, counts)))
        step()
        return _weighed_of(found)

    found = threads.each(unit, range(people.units), people.unit_bytes + _SEARCH_BYTES)
    parts = [known, *(one for one, _ in found if one is not None)]
    result = _together(len(people.calls), parts, whole=counts is None)
    few, missing = int((~eligible).sum()), not_compared(pool)
    if few:
        least = pool.settings.calls_min
        missing.append(f"{few:,} accounts have fewer than {least} calls: no content evidence on them")
    return replace(
        result,
        call_probability=[calls for _, calls in found],
        reference_accounts=len(pool.old),
        reference_vectors=pool.neighbours.vectors[number:].copy(),  # or today's would stay with them
        reference_sifted=pool.sifting.last.vectors[number:].copy(),
        reference_rows=learnt.reference_rows,
        missing=missing,
        relational_null={name: values[number:] for name, values in pooled.items()},
    )


_SINGLE = ("rows", "neighbours", "similarity", "held", "vectors", "sifted")
_NAMED = ("tails", "shares", "relational")


def _arrays(weighed: _Weighed | None, calls: np.ndarray) -> dict[str, np.ndarray]:
    """What is said of a unit, as arrays that can be kept."""
    found = {"calls": calls}
    if weighed is not None:
        found |= {name: getattr(weighed, name) for name in _SINGLE}
        found |= {f"{kind} {name}": values for kind in _NAMED for name, values in getattr(weighed, kind).items()}
    return found


def _weighed_of(found: dict[str, np.ndarray]) -> tuple[_Weighed | None, np.ndarray]:
    """The inverse of ``_arrays``."""
    if "rows" not in found:
        return None, found["calls"]
    named: dict[str, dict[str, np.ndarray]] = {kind: {} for kind in _NAMED}
    for title, values in found.items():
        kind, _, name = title.partition(" ")
        if name:
            named[kind][name] = values
    tails, shares, relational = (named[kind] for kind in _NAMED)
    single = {name: found[name] for name in _SINGLE}
    return _Weighed(tails=tails, shares=shares, relational=relational, **single), found["calls"]


def _unit(
    people: People, at: int, waiting: np.ndarray, learnt: Learnt, counts: CellCounts | None
) -> tuple[_Weighed | None, np.ndarray]:
    """What is said of the waiting accounts of a unit, if any, and of each of its sampled calls."""
    pool, rows, population = learnt.pool, people.rows(at), people.load(at)
    calls = np.full(len(population.sample_owner), np.nan)
    mine, own = np.isin(learnt.rows, rows), ~is_shared(population)
    of_learnt = mine[pool.new.sample_owner]
    known = np.isin(rows, learnt.rows[mine])[population.sample_owner] & own
    calls[known] = pool.sifting.last.call_probability[: len(pool.new.sample_owner)][of_learnt]
    # How odd a call of shared text is counts nowhere here, but a finding's facts and the table of calls tell it.
    heard = ~own & (population.calls >= pool.settings.calls_min)[population.sample_owner]
    calls[heard] = call_tails(population, heard, learnt)
    kept = waiting[rows]
    if counts is None or not np.any(kept):
        return None, calls
    asked = own_text(population.select(kept))
    swept, tails = sweep(asked, learnt)
    calls[kept[population.sample_owner] & own] = swept.sifting.last.call_probability
    relational = statistics_of_others(asked, pool.old, counts, pool.key)
    return _weighed(swept, learnt, rows[kept], tails, relational), calls


def _weighed(
    pool: Pool, learnt: Learnt, rows: np.ndarray, tails: dict[str, np.ndarray], relational: dict[str, np.ndarray]
) -> _Weighed:
    """Of the first accounts of a pool, whose rows are given."""
    near, number = pool.neighbours, len(rows)
    # Whom neighbour lists name: those asked, who are nobody's neighbour, those learnt from, the reference's.
    swept = pool is not learnt.pool
    place = np.concatenate([np.full(number if swept else 0, -1), learnt.rows, np.full(len(pool.old), -1)])
    flagged = np.flatnonzero(tails[EVERYTHING] < pool.settings.alarm_level)
    held = flagged if swept else np.arange(number)
    return _Weighed(
        rows,
        tails,
        {f"today_share_{k}": pool.today[near.rows[:number, :k]].mean(axis=1) for k in pool.settings.neighbours},
        relational,
        place[near.rows[:number, :_GROUP_NEIGHBOURS]],
        near.similarity[:number, :_GROUP_NEIGHBOURS],
        held,
        near.vectors[held],
        pool.sifting.last.vectors[held],
    )


def _together(count: int, parts: list[_Weighed], *, whole: bool) -> Evidence:
    """Put what is said of accounts in their places among all of today's.

    whole : whether every account that can be weighed was learnt from; all have vectors then
    """
    rows = np.concatenate([part.rows for part in parts])

    def wide(columns: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
        result = {}
        for name in columns[0]:
            result[name] = np.full(count, np.nan)
            result[name][rows] = np.concatenate([column[name] for column in columns])
        return result

    tails = wide([part.tails for part in parts])
    neighbours = np.full((count, parts[0].neighbours.shape[1]), -1)
    neighbours[rows] = np.concatenate([part.neighbours for part in parts])
    similarity = np.zeros(neighbours.shape, np.float32)
    similarity[rows] = np.concatenate([part.similarity for part in parts])
    held = np.concatenate([part.rows[part.held] for part in parts])
    order = np.argsort(held, kind="stable")
    vectors, sifted = (np.concatenate([getattr(part, name) for part in parts])[order] for name in ("vectors", "sifted"))
    if whole:
        places = held[order]
        vectors, sifted = (_widened(values, places, count) for values in (vectors, sifted))
    return Evidence(
        probability=tails.pop(EVERYTHING),
        parts=tails,
        shares=wide([part.shares for part in parts]),
        vectors=vectors,
        sifted=sifted,
        call_probability=[],
        reference_accounts=0,
        reference_vectors=np.zeros((0, 1), np.float32),
        relational=wide([part.relational for part in parts]),
        neighbours=neighbours,
        similarity=similarity,
        held=None if whole else held[order],
    )


def _widened(values: np.ndarray, rows: np.ndarray, count: int) -> np.ndarray:
    result = np.zeros((count, values.shape[1]), values.dtype)
    result[rows] = values
    return result
