"""Findings: from evidence and families to campaigns with reasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from gauger.engine.common.settings import HOUR_US, Settings
from gauger.engine.evidence.calibration import evidence as evidence_of
from gauger.engine.evidence.evidence import Evidence
from gauger.engine.families.families import TEMPLATE, Families
from gauger.engine.findings.assessment import Assessment, assess
from gauger.engine.findings.clusters import Cluster, find_clusters, union_statistic
from gauger.engine.statistics.population import Population

Reason = tuple[str, float, float]  # statistic, value, tail probability
_REASONS_MAX = 5
_EVIDENCE_MAX = 300.0


@dataclass(frozen=True)
class Campaign:
    """One finding, whatever it is assessed as."""

    members: np.ndarray  # int64, rows of today's population
    calls: int
    evidence: float  # NaN without a reference
    assessment: Assessment
    families: list[int]  # ids, most calls first; allowed ones are left out
    allowed_share: float  # of its calls, those in allowed families; NaN where none is allowed
    started_at: int  # microseconds
    ended_at: int
    hourly: list[int]  # calls an hour from the hour of started_at
    reasons: list[Reason]
    campaign_id: int = 0  # given by ``known_campaigns``; 0 = by rank
    history: tuple[tuple[date, int, int], ...] = ()  # day, accounts, calls; oldest first, today last
    returning_accounts: int = 0  # of its accounts, those it had on an earlier day


@dataclass(frozen=True)
class Calls:
    """The calls of a run, as arrays in ledger order."""

    account: np.ndarray  # int64, row of today's population
    time: np.ndarray  # int64, microseconds
    family: np.ndarray  # int64, row of the families table, -1 = none
    repeats: np.ndarray  # int64


def _tails(values: np.ndarray, null: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Upper and lower tail probability of each value among the null's; NaN values give 1."""
    null = np.sort(null[~np.isnan(null)])
    size = len(null) + 1.0
    high = (len(null) - np.searchsorted(null, values, "left") + 1.0) / size
    low = (np.searchsorted(null, values, "right") + 1.0) / size
    unknown = np.isnan(values)
    return np.where(unknown, 1.0, high), np.where(unknown, 1.0, low)


def account_reasons(
    today: Population, reference: Population | None, evidence: Evidence, rows: np.ndarray
) -> list[list[Reason]]:
    """The most telling statistics of some accounts: least tail probability first, at most five each.

    The share of today's accounts among the nearest neighbours always comes first where there is one: it flagged them.
    """
    if reference is None:
        return [[] for _ in rows]
    names, values, tails = [], [], []
    nulls = {**reference.statistics, **evidence.relational_null}
    for name, column in {**today.statistics, **evidence.relational}.items():
        if name in nulls:
            high, low = _tails(column[rows], nulls[name])
            names.append(name)
            values.append(column[rows])
            tails.append(np.minimum(1.0, 2.0 * np.minimum(high, low)))
    table, tail = np.stack(values), np.stack(tails)
    share_name = max(evidence.shares, default=None, key=lambda name: int(name.rsplit("_", 1)[1]))
    result = []
    for place, row in enumerate(rows.tolist()):
        reasons: list[Reason] = []
        content = evidence.parts.get("content")
        if share_name is not None and content is not None and not np.isnan(content[row]):
            reasons.append((share_name, float(evidence.shares[share_name][row]), float(content[row])))
        if "conformity" in evidence.parts and evidence.parts["conformity"][row] < 0.05:
            probability = float(evidence.parts["conformity"][row])
            reasons.append(("conformity", float(-np.log10(probability)), probability))
        order = np.argsort(tail[:, place], kind="stable")
        odd = [int(i) for i in order if tail[i, place] < 0.05]
        reasons += [(names[i], float(table[i, place]), float(tail[i, place])) for i in odd]
        result.append(reasons[:_REASONS_MAX])
    return result


def family_evidence(families: Families, calls: Calls, evidence: Evidence, settings: Settings) -> np.ndarray:
    """-log10 P(as many flagged accounts among the family's by chance), binomial; float64[f].

    NaN without evidence on its accounts, and for allowed families.
    """
    from scipy.stats import binom  # 0.4 s to import, which a process that only observes and checks need not pay

    tested = ~np.isnan(evidence.probability)
    if not np.any(tested) or len(families) == 0:
        return np.full(len(families), np.nan)
    flagged = tested & (evidence.probability < settings.alarm_level)
    member = calls.family >= 0
    pairs = np.unique(calls.family[member] * len(tested) + calls.account[member])
    family, account = pairs // len(tested), pairs % len(tested)
    number = np.bincount(family, tested[account], minlength=len(families))
    hits = np.bincount(family, flagged[account], minlength=len(families))
    tail = binom.logsf(hits - 1, number, settings.alarm_level) / np.log(10.0)
    return np.where((number > 0) & ~families.allowed, np.clip(-tail, 0.0, _EVIDENCE_MAX), np.nan)


def call_evidence(today: Population, evidence: Evidence, account: np.ndarray, identity: np.ndarray) -> np.ndarray:
    """-log10 tail probability of each call's content among the reference's calls; NaN for calls outside the sample."""

    def together(owner: np.ndarray, name: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            return name ^ (owner.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))

    known = together(today.sample_owner, today.sample_identity)
    order = np.argsort(known, kind="stable")
    wanted = together(account, identity)
    if len(order) == 0:
        return np.full(len(wanted), np.nan)
    place = order[np.minimum(np.searchsorted(known[order], wanted), len(order) - 1)]
    return np.where(known[place] == wanted, evidence_of(evidence.call_probability[place]), np.nan)


def _template_clusters(families: Families, calls: Calls, settings: Settings) -> list[Cluster]:
    """Without a reference: the accounts of each widely shared template that is not allowed, as candidates."""
    clusters = []
    wide = np.flatnonzero(
        (families.kinds == TEMPLATE) & (families.accounts >= settings.k_anonymity) & ~families.allowed
    )
    for family in wide.tolist():
        members = np.unique(calls.account[calls.family == family])
        clusters.append(Cluster(members, float("nan"), float("nan")))
    return clusters


def find_campaigns(
    today: Population,
    reference: Population | None,
    evidence: Evidence,
    families: Families,
    calls: Calls,
    settings: Settings,
) -> list[Campaign]:
    """Every finding, strongest first.

    Without a reference only template families whose accounts show coordination are findings; they have no evidence.
    """
    usable = reference is not None and evidence.reference_accounts > 0
    clusters = find_clusters(evidence, settings) if usable else _template_clusters(families, calls, settings)
    found, bare = [], today.bare()
    for cluster in clusters:
        campaign = _describe(cluster, today, bare, reference if usable else None, evidence, families, calls)
        if usable or campaign.assessment.verdict == "campaign":
            found.append(campaign)
    if not usable:
        found.sort(key=lambda campaign: (-len(campaign.members), campaign.members[0]))
    return found


def _describe(
    cluster: Cluster,
    today: Population,
    bare: Population,
    reference: Population | None,
    evidence: Evidence,
    families: Families,
    calls: Calls,
) -> Campaign:
    inside = np.zeros(len(today), bool)
    inside[cluster.members] = True
    rows = np.flatnonzero(inside[calls.account])
    times, family = calls.time[rows], calls.family[rows]
    compared = reference if reference is not None else bare.select(~inside)
    known = reference is not None
    assessment = assess(today, compared, cluster.members, families, family, calls.repeats[rows], earlier=known)
    counts = np.bincount(family[family >= 0], minlength=len(families))
    allowed_share = float(counts[families.allowed].sum() / len(rows)) if np.any(families.allowed) else float("nan")
    counts[families.allowed] = 0
    sent = np.flatnonzero(counts)  # few of a day's families
    top = families.ids[sent[np.lexsort((sent, -counts[sent]))][:20]].tolist()
    first_hour = int(times.min() // HOUR_US)
    return Campaign(
        members=cluster.members,
        calls=len(rows),
        evidence=cluster.evidence,
        assessment=assessment,
        families=top,
        allowed_share=allowed_share,
        started_at=int(times.min()),
        ended_at=int(times.max()),
        hourly=np.bincount(times // HOUR_US - first_hour).tolist(),
        reasons=_campaign_reasons(cluster, evidence, assessment, known),
    )


def _campaign_reasons(cluster: Cluster, evidence: Evidence, assessment: Assessment, known: bool) -> list[Reason]:
    """What joined the cluster, then its signs of coordination, least tail probability first."""
    reasons: list[Reason] = []
    if known:
        vectors = evidence.reference_vectors
        groups = np.random.default_rng(0).integers(0, len(vectors), (500, min(len(cluster.members), 50)))
        null = np.asarray([union_statistic(vectors[group]) for group in groups])
        tail = (1.0 + np.sum(null >= cluster.cohesion)) / (1.0 + len(null))
        reasons.append(("union_similarity", cluster.cohesion, float(tail)))
        content = evidence.parts["content"][cluster.members]
        for name, share in evidence.shares.items():
            if name == max(evidence.shares, key=lambda text: int(text.rsplit("_", 1)[1])):
                reasons.append((name, float(np.nanmedian(share[cluster.members])), float(np.nanmedian(content))))
    signs = [sign for sign in assessment.signs if sign.present]
    signs.sort(key=lambda sign: 0.5 if np.isnan(sign.tail_probability) else sign.tail_probability)
    return reasons + [(sign.statistic, sign.value, sign.tail_probability) for sign in signs]
