"""Evidence: each account's tail probability against the reference, from content neighbours, sifting and conformity."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from gauger.engine.common.settings import Settings
from gauger.engine.evidence.calibration import combine, evidence, pooled_tail_probability
from gauger.engine.evidence.parts import CONFORMITY, CONTENT, CONTENT_WEIGHT, parts_of
from gauger.engine.evidence.pool import Pool
from gauger.engine.statistics.pool import pooled_statistics
from gauger.engine.statistics.population import Population

EVERYTHING = "everything"
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


def gather(today: Population, reference: Population | None, key: np.ndarray, settings: Settings) -> Evidence:
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
    pool = Pool(new, old, key, settings)
    tails = _weigh(pool)
    return replace(_spread(today, eligible, pool, tails), reference_rows=rows)


def _weigh(pool: Pool) -> dict[str, np.ndarray]:
    """Tail probabilities of each part, of each group and of everything together; float64[n + r] each."""
    parts = parts_of(pool.settings)
    tails = {part.name: pooled_tail_probability(part.score(pool), pool.today) for part in parts}
    content, habits = ([part for part in parts if part.group == group] for group in (CONTENT, CONFORMITY))

    def joined(chosen: Sequence[str], weights: Sequence[float]) -> np.ndarray:
        return _calibrate(combine([tails[name] for name in chosen], weights), pool.today)

    names, weights = [part.name for part in habits], [part.weight for part in habits]
    tails[CONFORMITY] = joined(names, weights)
    tails[CONTENT] = joined([part.name for part in content], [part.weight for part in content])
    tails[EVERYTHING] = joined([CONTENT, *names], [CONTENT_WEIGHT, *weights])
    return tails


def _calibrate(probability: np.ndarray, today: np.ndarray) -> np.ndarray:
    """Rank a combined probability among the reference's own: whatever dependence there was, the rank is honest."""
    strength = evidence(probability)  # a scale on which distances above the reference's strongest mean something
    return pooled_tail_probability(strength, today)


def _spread(today: Population, eligible: np.ndarray, pool: Pool, tails: dict[str, np.ndarray]) -> Evidence:
    """Put the results of the eligible accounts back in their places among all of today's."""
    number, near, last = len(pool.new), pool.neighbours, pool.sifting.last

    def widen(values: np.ndarray) -> np.ndarray:
        shape = (len(today), *values.shape[1:])
        result = np.full(shape, np.nan) if values.ndim == 1 else np.zeros(shape, values.dtype)
        result[eligible] = values[:number]
        return result

    call_probability = np.full(len(today.sample_owner), np.nan)
    call_probability[eligible[today.sample_owner]] = last.call_probability[: len(pool.new.sample_owner)]
    nearest = near.rows[:number, :_GROUP_NEIGHBOURS]
    neighbours = np.full((len(today), nearest.shape[1]), -1)
    place = np.append(np.flatnonzero(eligible), -1)
    neighbours[eligible] = place[np.minimum(nearest, number)]
    few = int((~eligible).sum())
    missing = []
    if few:
        least = pool.settings.calls_min
        missing.append(f"{few:,} accounts have fewer than {least} calls: no content evidence on them")
    shares = {f"today_share_{k}": pool.today[near.rows[:, :k]].mean(axis=1) for k in pool.settings.neighbours}
    pooled = pooled_statistics(pool.new, pool.old, pool.key)
    return Evidence(
        probability=widen(tails.pop(EVERYTHING)),
        parts={name: widen(values) for name, values in tails.items()},
        shares={name: widen(values) for name, values in shares.items()},
        vectors=widen(near.vectors),
        sifted=widen(last.vectors),
        call_probability=call_probability,
        reference_accounts=len(pool.old),
        reference_vectors=near.vectors[number:].copy(),  # or today's would stay with them
        reference_sifted=last.vectors[number:].copy(),
        missing=missing,
        relational={name: widen(values) for name, values in pooled.items()},
        relational_null={name: values[number:] for name, values in pooled.items()},
        neighbours=neighbours,
    )
