"""Signatures and a state directory: made of the accounts of a finding that are kept, and weighed on those of a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from gauger.engine.common.errors import InputError, StateError
from gauger.engine.common.settings import Settings
from gauger.engine.evidence.known_elsewhere import SHARED_MOST
from gauger.engine.evidence.pool import Pool
from gauger.engine.exchange.centroids import centroids_of
from gauger.engine.exchange.encoding import name_of, to_bytes
from gauger.engine.exchange.signature import K_MIN, FindingSignature
from gauger.engine.reference.directory import Kept, StateDirectory
from gauger.engine.reference.kept_days import FOUND, LONE, REFERENCE, read_findings_of, read_population
from gauger.engine.reference.weeks import WEEK_DAYS, join_days
from gauger.engine.statistics.joining import concatenate
from gauger.engine.statistics.population import Population
from gauger.engine.statistics.shared_text import own_text


def signature_of(
    directory: StateDirectory, finding: int, settings: Settings, frames: np.ndarray, hours: np.ndarray, k: int = K_MIN
) -> tuple[FindingSignature, bytes]:
    """The signature of a finding, from the last week's days it was found on, and its bytes.

    frames : of ``frames.sketch``; hours : of ``FindingSignature.hours``; k : accounts behind a centroid, at least K_MIN
    Raises StateError where no day has the finding's accounts or the state is of no consortium, InputError where the
    accounts are too few.
    """
    secret = directory.secret
    secret.shared(b"signature")
    if k < K_MIN:
        raise InputError(f"at least {K_MIN} accounts have to be behind a centroid; {k} are not enough")
    days, found, reference = directory.read(lambda kept: _found(kept, finding))
    accounts = own_text(join_days(found, settings))
    accounts = accounts.select(np.bincount(accounts.sample_owner, minlength=len(accounts)) > 0)
    if len(accounts) < k:
        raise InputError(
            f"finding {finding} has {len(accounts)} accounts with calls of their own; a signature needs {k}, "
            "or it would be of single accounts"
        )
    centroids, behind = centroids_of(accounts, own_text(reference), k)
    made = FindingSignature(
        name="",
        consortium_id=secret.consortium_id or "",
        k=k,
        centroids=centroids,
        centroid_accounts=behind,
        frames=frames,
        accounts=len(accounts),
        calls=int(accounts.calls.sum()),
        days=(days[0], days[-1]),
        hours=hours,
    )
    content = to_bytes(made, secret)
    return replace(made, name=name_of(content)), content


def _found(kept: Kept, finding: int) -> tuple[list[date], list[Population], Population]:
    """The days of the last week on which a finding was found, its accounts on each, and the last day's clean ones."""
    days, found = [], []
    for day in kept.days():
        with kept.commit.reading(f"days/{day}") as (folder, _):
            if not (folder / f"{FOUND}accounts.arrow").is_file():
                continue
            own = read_findings_of(folder) == finding
            if own.any():
                days.append(day)
                found.append(read_population(folder, FOUND, kept.secret).select(own))
    if not days:
        raise StateError(
            f"{kept.commit.root}: no kept day has accounts of finding {finding}; score its day with this state first"
        )
    late = [place for place, day in enumerate(days) if day > days[-1] - timedelta(days=WEEK_DAYS)]
    with kept.commit.reading(f"days/{days[-1]}") as (folder, _):
        reference = read_population(folder, REFERENCE, kept.secret)
    return [days[place] for place in late], [found[place] for place in late], reference


@dataclass(frozen=True)
class Matched:
    """What signatures say of the accounts of a kept day."""

    day: date
    reference_days: list[str]
    reference_accounts: int
    account_ids: list[str]
    tails: np.ndarray  # float64[signatures, accounts], tail probability among the own reference


def match(
    directory: StateDirectory, signatures: Sequence[FindingSignature], settings: Settings, day: date | None = None
) -> Matched:
    """Weigh the accounts of a kept day, the newest unless one is given, against signatures of other providers.

    Raises StateError where the day is not kept or has no reference, InputError for too many signatures.
    """
    if len(signatures) > SHARED_MOST:
        raise InputError(f"{len(signatures)} signatures; at most {SHARED_MOST} are weighed at once")
    days = directory.days()
    if not days or (day is not None and day not in days):
        raise StateError(
            f"{directory.path}: {'no day' if day is None else day} is kept; score it with this state first"
        )
    chosen = days[-1] if day is None else day
    parts = [directory.part(chosen, part) for part in (REFERENCE, LONE, FOUND)]
    today = concatenate([part for part in parts if part is not None and len(part)])
    known = directory.reference(chosen, settings)
    if known is None:
        why = directory.no_reference(chosen, settings) or f"no kept day is {settings.lag_days} days older than {chosen}"
        raise StateError(f"{directory.path}: {why}; without a reference nothing can be ranked")
    old = own_text(known.population.select(known.population.calls >= settings.calls_min))
    if len(old) < settings.reference_accounts_min:
        raise StateError(
            f"{directory.path}: the reference of {chosen} has {len(old):,} accounts; "
            f"{settings.reference_accounts_min:,} are needed for an alarm level of {settings.alarm_level:g}"
        )
    new = own_text(today.select(today.calls >= settings.calls_min))
    shared = tuple(one.finding for one in signatures)
    pool = Pool(new, old, directory.secret.key, settings, shared=shared)
    return Matched(chosen, known.days, len(old), new.account_ids, pool.known_elsewhere.tails[:, : len(new)])
