"""Evidence: each account's tail probability against the reference, from content neighbours, sifting and conformity."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from gauger.engine.common.hashing import hash_column
from gauger.engine.common.settings import Settings
from gauger.engine.evidence.calibration import combine, evidence, pooled_tail_probability
from gauger.engine.evidence.conformity import SHARED, conformity_scores, shared_values
from gauger.engine.evidence.feature_rows import FeatureRows
from gauger.engine.evidence.neighbours import Whitener, nearest, today_share, units
from gauger.engine.evidence.sifting import Calls, Sifted, sift
from gauger.engine.state.links import ADDRESS
from gauger.engine.statistics.background import folds_of
from gauger.engine.statistics.pool import pooled_statistics
from gauger.engine.statistics.population import Population

_CONFORMITY_NEIGHBOURS = 40
_SIFT_NEIGHBOURS = (20, 50, 100)
# Of the parts of content evidence: neighbours by the mean of all calls, for each of several k; sifting; self-training.
_CONTENT_WEIGHTS = {"sifted": 3.0, "self_trained": 6.0}  # others 1: worth little where a campaign pads
_CONTENT_WEIGHT = 4.0  # beside one for each part of conformity: what moves like its like need not be of a campaign
# Neighbours are looked among the reference's accounts and at most so many times as many of today's. Where nearly all
# are today's, so are everybody's nearest, and shares say nothing: of 216,000 against 16,000, all fifty nearest are
# today's for one honest account in forty.
_TODAY_PER_REFERENCE = 2
_GROUP_NEIGHBOURS = 20  # whom an account is held against for what neighbours have in common


@dataclass(frozen=True)
class Evidence:
    """Evidence on today's n accounts. NaN = not available."""

    probability: np.ndarray  # float64[n], calibrated tail probability of everything together
    parts: dict[str, np.ndarray]  # float64[n], tail probability of each part
    shares: dict[str, np.ndarray]  # float64[n], share of today's accounts among the k nearest
    vectors: np.ndarray  # float32[n, d], whitened kernel means; zero rows where there is no content evidence
    sifted: np.ndarray  # float32[n, d], the same with calls weighted by how odd they are
    call_probability: np.ndarray  # float64[m], tail probability of each sampled call of today's population
    reference_accounts: int  # accounts behind it
    reference_vectors: np.ndarray  # float32[r, d], whitened means of the reference's accounts
    reference_sifted: np.ndarray = field(default_factory=lambda: np.zeros((0, 1), np.float32))  # and the weighted ones
    reference_rows: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))  # theirs in the reference
    missing: list[str] = field(default_factory=list)  # sentences: which evidence is not available, and why
    relational: dict[str, np.ndarray] = field(default_factory=dict)  # float64[n], statistics against other accounts
    relational_null: dict[str, np.ndarray] = field(default_factory=dict)  # float64[r], the reference's
    neighbours: np.ndarray | None = None  # int64[n, k], today's accounts among the nearest, -1 in the other places


def no_evidence(today: Population, reason: str) -> Evidence:
    """Evidence of a run without a usable reference."""
    n = len(today)
    nothing = np.full(n, np.nan)
    return Evidence(
        probability=nothing,
        parts={},
        shares={},
        vectors=np.zeros((n, 1), np.float32),
        sifted=np.zeros((n, 1), np.float32),
        call_probability=np.full(len(today.sample_owner), np.nan),
        reference_accounts=0,
        reference_vectors=np.zeros((0, 1), np.float32),
        missing=[reason],
    )


def _pool(today: Population, reference: Population, key: np.ndarray) -> Calls:
    """Calls of both sides, today's accounts first."""
    n, most = len(today), _TODAY_PER_REFERENCE * len(reference)
    among = None
    if n > most:
        chosen = np.sort(np.argpartition(hash_column(key, pa.array(today.account_ids, pa.string())), most)[:most])
        among = np.concatenate([chosen, np.arange(n, n + len(reference))])
    return Calls(
        features=FeatureRows(*((side.sample_features, side.sample_row) for side in (today, reference))),
        owner=np.concatenate([today.sample_owner, reference.sample_owner + n]),
        today=np.arange(n + len(reference)) < n,
        folds=folds_of(today.account_ids + reference.account_ids, key),
        identity=np.concatenate([today.sample_identity, reference.sample_identity]),
        background=reference.background,
        among=among,
    )


def gather(
    today: Population, reference: Population | None, key: np.ndarray, settings: Settings, workers: int
) -> Evidence:
    """Weigh today's accounts against a reference of older, clean ones.

    Both sides lose their accounts with fewer than ``settings.calls_min`` calls first.
    """
    if reference is None:
        return no_evidence(today, "no reference of earlier days yet: content and timing evidence are not available")
    old = reference.select(reference.calls >= settings.calls_min)
    eligible = today.calls >= settings.calls_min
    new = today.select(eligible)
    if len(old) < settings.reference_accounts_min:
        return no_evidence(
            today,
            f"the reference has {len(old):,} accounts of at least {settings.calls_min} calls; "
            f"{settings.reference_accounts_min:,} are needed for an alarm level of {settings.alarm_level:g}",
        )
    if len(new) == 0:
        return no_evidence(today, f"no account has at least {settings.calls_min} calls")
    rows = np.flatnonzero(reference.calls >= settings.calls_min)
    return replace(_weigh(today, eligible, new, old, key, settings, workers), reference_rows=rows)


def _weigh(
    today: Population,
    eligible: np.ndarray,
    new: Population,
    old: Population,
    key: np.ndarray,
    settings: Settings,
    workers: int,
) -> Evidence:
    calls = _pool(new, old, key)
    is_today = calls.today
    means = units([new.sums, old.sums], workers)
    vectors = Whitener.fit(means[~is_today]).transform(means, workers)
    similarity, rows = nearest(vectors, max(settings.neighbours), workers, calls.among)
    scores = {f"neighbours_{k}": today_share(similarity, rows, is_today, k, workers) for k in settings.neighbours}
    sifting = sift(calls, numbers=_SIFT_NEIGHBOURS, workers=workers)
    scores |= {"sifted": sifting.first, "self_trained": sifting.self_trained}
    parts = {name: pooled_tail_probability(score, is_today) for name, score in scores.items()}
    weights = [_CONTENT_WEIGHTS.get(name, 1.0) for name in parts]
    content = _calibrate(combine(list(parts.values()), weights), is_today)
    habits = _conformity(new, old, sifting.last.neighbours[:, :_CONFORMITY_NEIGHBOURS], is_today, workers)
    final = _calibrate(combine([content, *habits.values()], [_CONTENT_WEIGHT] + [1.0] * len(habits)), is_today)
    parts |= habits
    parts["conformity"] = _calibrate(combine(list(habits.values())), is_today)
    shares = {f"today_share_{k}": is_today[rows[:, :k]].mean(axis=1) for k in settings.neighbours}
    pooled = pooled_statistics(new, old, key)
    near = rows[: len(new), :_GROUP_NEIGHBOURS]
    found = _Found(final, {**parts, "content": content}, shares, vectors, sifting.last, pooled, near)
    return _spread(today, eligible, new, found, settings)


def _conformity(
    new: Population, old: Population, near: np.ndarray, is_today: np.ndarray, workers: int
) -> dict[str, np.ndarray]:
    """Tail probabilities of each account's habits and addresses among those of its content neighbours."""
    statistics = {
        name: np.concatenate([new.statistics[name], old.statistics[name]])
        for name in new.statistics
        if name in old.statistics
    }
    scores = conformity_scores(statistics, near, is_today)
    links = []
    for first, side in ((0, new), (len(new), old)):
        rows = side.link_channel == ADDRESS
        links.append((side.link_owner[rows] + first, side.link_value[rows]))
    owner, value = (np.concatenate(column) for column in zip(*links, strict=True))
    day = np.concatenate([np.full(len(new), -1), old.day_of])
    scores[SHARED] = shared_values(owner, value, day, near, len(is_today), workers)
    return {name: pooled_tail_probability(score, is_today) for name, score in scores.items()}


def _calibrate(probability: np.ndarray, today: np.ndarray) -> np.ndarray:
    """Rank a combined probability among the reference's own: whatever dependence there was, the rank is honest."""
    strength = evidence(probability)  # a scale on which distances above the reference's strongest mean something
    return pooled_tail_probability(strength, today)


@dataclass(frozen=True)
class _Found:
    """Results over the pooled accounts, today's first."""

    final: np.ndarray
    parts: dict[str, np.ndarray]
    shares: dict[str, np.ndarray]
    vectors: np.ndarray
    last: Sifted
    pooled: dict[str, np.ndarray]
    near: np.ndarray  # int64[today's, k], nearest rows


def _spread(today: Population, eligible: np.ndarray, new: Population, found: _Found, settings: Settings) -> Evidence:
    """Put the results of the eligible accounts back in their places among all of today's."""

    def widen(values: np.ndarray) -> np.ndarray:
        shape = (len(today), *values.shape[1:])
        result = np.full(shape, np.nan) if values.ndim == 1 else np.zeros(shape, values.dtype)
        result[eligible] = values
        return result

    call_probability = np.full(len(today.sample_owner), np.nan)
    call_probability[eligible[today.sample_owner]] = found.last.call_probability[: len(new.sample_owner)]
    neighbours = np.full((len(today), found.near.shape[1]), -1)
    place = np.append(np.flatnonzero(eligible), -1)
    neighbours[eligible] = place[np.minimum(found.near, len(new))]
    few = int((~eligible).sum())
    missing = []
    if few:
        missing.append(f"{few:,} accounts have fewer than {settings.calls_min} calls: no content evidence on them")
    own, others = slice(None, len(new)), slice(len(new), None)  # today's come first
    return Evidence(
        probability=widen(found.final[own]),
        parts={name: widen(values[own]) for name, values in found.parts.items()},
        shares={name: widen(values[own]) for name, values in found.shares.items()},
        vectors=widen(found.vectors[own]),
        sifted=widen(found.last.vectors[own]),
        call_probability=call_probability,
        reference_accounts=len(found.final) - len(new),
        reference_vectors=found.vectors[others].copy(),  # or today's would stay with them
        reference_sifted=found.last.vectors[others].copy(),
        missing=missing,
        relational={name: widen(values[own]) for name, values in found.pooled.items()},
        relational_null={name: values[others] for name, values in found.pooled.items()},
        neighbours=neighbours,
    )
