"""Weeks: kept days joined, so that a campaign too thin for any one day is heavy enough to be weighed.

An account that sends four calls a day has no evidence on any day, and twenty-eight calls in a week. Days keep sums and
samples, and those merge: sums add, samples are joined by smallest keyed hash, links are a set. Statistics do not merge;
a week's are the means of its days', weighted by calls, on both sides alike.

Flagged accounts were found on their day and are not kept; the week is weighed against the one or two weeks before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from gauger.engine.common.errors import DamagedError, StateError
from gauger.engine.common.hashing import hash_column
from gauger.engine.common.settings import Settings
from gauger.engine.evidence.evidence import Evidence
from gauger.engine.findings.clusters import find_clusters
from gauger.engine.findings.decisions import settle
from gauger.engine.findings.finding import Finding
from gauger.engine.findings.open_owners import parted
from gauger.engine.findings.said import alikeness_among, looked_at, said_by
from gauger.engine.findings.signs import Group
from gauger.engine.findings.verdicts import assessed, ranked
from gauger.engine.reference.decontamination import gather_decontaminated
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.reference.keeping import bounded
from gauger.engine.reference.kept_days import REFERENCE, THIN
from gauger.engine.reference.kept_findings import load_findings, save_findings
from gauger.engine.reference.writing import Writing
from gauger.engine.statistics.joining import concatenate
from gauger.engine.statistics.people import Whole
from gauger.engine.statistics.population import Population
from gauger.kernels.text.features import FEATURES

WEEK_DAYS = 7
_REFERENCE_WEEKS = 2


@dataclass(frozen=True)
class Week:
    """A week weighed against the weeks before it."""

    days: list[date]
    reference_days: list[date]
    population: Population
    evidence: Evidence
    findings: list[Finding]  # strongest first; their members are rows of the week's population


def weigh_week(directory: StateDirectory, last: date, settings: Settings) -> Week:
    """Weigh the seven kept days up to ``last``, and keep the numbers of what is found.

    Raises StateError when no day is kept, StateLockedError at once while somebody else writes: numbers are given.
    """
    with directory.writing() as writing:
        return _weighed(directory, writing, last, settings)


def _weighed(directory: StateDirectory, writing: Writing, last: date, settings: Settings) -> Week:
    days, people, damaged = _week(directory, last, settings)
    if people is None:
        raise StateError(f"{directory.path}: no day of the week up to {last} is kept; score days with --state first")
    before: list[date] = []
    weeks: list[Population] = []
    for number in range(1, _REFERENCE_WEEKS + 1):
        older, week, wrong = _week(directory, last - timedelta(days=WEEK_DAYS * number), settings)
        damaged += wrong
        if week is not None:
            before, weeks = [*older, *before], [*weeks, week]
    most = settings.reference_accounts_max // max(1, len(weeks))
    reference = concatenate([bounded(week, most, directory.secret) for week in weeks]) if weeks else None
    whole = Whole(people, directory.secret.key, settings.calls_min)
    found = gather_decontaminated(whole, reference, directory.secret.key, settings).evidence
    found = replace(found, missing=[*found.missing, *(f"left out: {error}" for error in damaged)])
    findings: list[Finding] = []
    if reference is not None and found.reference_accounts:
        findings = _findings(whole, reference, found, settings)
    if findings:
        findings, known = load_findings(directory).number(findings, whole, days[-1], directory.secret.key, days[0])
        save_findings(writing, known)
        hashes = hash_column(directory.secret.key, pa.array(people.account_ids, pa.string()))
        findings = settle(findings, directory.decisions(), hashes).raised
    return Week(days, before, people, found, findings)


def _findings(whole: Whole, reference: Population, found: Evidence, settings: Settings) -> list[Finding]:
    """Clusters of the week with their verdicts, by the function that says a day's; kept days know no families."""
    people, findings, clusters = whole.accounts, [], find_clusters(found, settings)
    if not clusters:
        return []
    usual = alikeness_among(reference)
    for cluster in clusters:
        for finding in parted(cluster, people, reference, settings):
            group = Group(people, reference, finding.members, np.zeros(0, np.int64), earlier=True)
            said = said_by(whole, looked_at(finding.members), found.call_probability)
            told = assessed(finding, group, said, usual)
            findings.append(replace(told, calls=int(people.calls[finding.members].sum())))
    return ranked(findings)


def _week(
    directory: StateDirectory, last: date, settings: Settings
) -> tuple[list[date], Population | None, list[DamagedError]]:
    """The kept days of the week up to ``last``, their accounts joined, and what is wrong with those left out."""
    days = [day for day in directory.days() if last - timedelta(days=WEEK_DAYS) < day <= last]
    wrong = {day: error for day in days if (error := directory.damage(day)) is not None}
    days = [day for day in days if day not in wrong]
    parts = [directory.part(day, part) for day in days for part in (REFERENCE, THIN)]
    known = [part for part in parts if part is not None and len(part)]
    return days, join_days(known, settings) if known else None, list(wrong.values())


def join_days(days: Sequence[Population], settings: Settings) -> Population:
    """One population of several days', one row an account, in order of id."""
    whole = concatenate(days)
    names, place = np.unique(np.asarray(whole.account_ids, object), return_inverse=True)
    count = len(names)
    calls, sums = np.zeros(count, np.int64), np.zeros((count, FEATURES), np.int32)
    np.add.at(calls, place, whole.calls)
    np.add.at(sums, place, whole.sums)
    owner = place[whole.sample_owner]
    order = np.lexsort((whole.sample_identity, owner))
    number = np.arange(len(order)) - np.searchsorted(owner[order], owner[order], "left")
    kept = order[number < settings.sample_calls]
    links = np.unique(
        np.stack([place[whole.link_owner].astype(np.uint64), whole.link_channel.astype(np.uint64), whole.link_value]),
        axis=1,
    )
    return Population(
        account_ids=names.tolist(),
        calls=calls,
        sums=sums,
        statistics={name: _mean(values, whole.calls, place, count) for name, values in whole.statistics.items()}
        | {"calls_log2": np.log2(np.maximum(1, calls))},
        sample_owner=owner[kept],
        sample_identity=whole.sample_identity[kept],
        sample_row=whole.sample_row[kept],
        sample_features=whole.sample_features,
        sample_senders=None if whole.sample_senders is None else whole.sample_senders[kept],
        link_owner=links[0].astype(np.int64),
        link_channel=links[1].astype(np.uint8),
        link_value=links[2],
    )


def _mean(values: np.ndarray, calls: np.ndarray, place: np.ndarray, count: int) -> np.ndarray:
    """Mean of each account's days, weighted by calls; NaN where no day has the statistic."""
    known = ~np.isnan(values)
    weight = np.bincount(place[known], calls[known], minlength=count)
    total = np.bincount(place[known], values[known] * calls[known], minlength=count)
    return np.divide(total, weight, out=np.full(count, np.nan), where=weight > 0)
