"""Findings: from evidence and families to findings with reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from gauger.engine.common.settings import HOUR_US, Settings
from gauger.engine.evidence.calibration import evidence as evidence_of
from gauger.engine.evidence.evidence import Evidence
from gauger.engine.evidence.known_elsewhere import KNOWN_ELSEWHERE
from gauger.engine.families.families import TEMPLATE, Families
from gauger.engine.findings.clusters import find_clusters, union_statistic
from gauger.engine.findings.decisions import seeded
from gauger.engine.findings.finding import Finding, Reason
from gauger.engine.findings.open_owners import parted
from gauger.engine.findings.ranks import KNOWN_BELOW, widest_share
from gauger.engine.findings.relays import ACCOUNTS_MIN, relay_pools
from gauger.engine.findings.said import Alike, Said, alikeness_among, looked_at, said_by, usual_alikeness
from gauger.engine.findings.signs import Group
from gauger.engine.findings.verdicts import assessed, content_of, ranked, speaks_for_one
from gauger.engine.statistics.people import People
from gauger.engine.statistics.population import Population

_EVIDENCE_MAX = 300.0
_FAMILIES_MAX = 20  # of a finding are named


@dataclass(frozen=True)
class Calls:
    """Some calls of a run."""

    account: np.ndarray  # int64, row of today's population
    time: np.ndarray  # int64, microseconds
    family: np.ndarray  # int64, row of the families table, -1 = none
    repeats: np.ndarray  # int64


def flagged_users(
    family: np.ndarray, account: np.ndarray, evidence: Evidence, families: int, flagged: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Of each family the accounts with evidence, and those of them that are flagged; int64[f] each.

    family, account : int64, one entry a call; flagged : bool[accounts]
    """
    tested = ~np.isnan(evidence.probability)
    flagged = tested & flagged
    pairs = np.unique(family * len(tested) + account)
    family, account = pairs // len(tested), pairs % len(tested)
    number, hits = (np.bincount(family[side[account]], minlength=families) for side in (tested, flagged))
    return number, hits


def flagged_share(evidence: Evidence, flagged: np.ndarray, settings: Settings) -> float:
    """The share of today's accounts with evidence that are flagged, bool[n]; at least the alarm level."""
    tested = ~np.isnan(evidence.probability)
    return max(settings.alarm_level, float(np.sum(flagged & tested) / max(1, tested.sum())))


def family_evidence(families: Families, users: tuple[np.ndarray, np.ndarray], share: float) -> np.ndarray:
    """-log10 P(as many flagged accounts among the family's by chance), binomial; float64[f].

    users : of ``flagged_users``; share : of ``flagged_share``. Where one account in ten is flagged, one in ten of a
    family is nothing: tested against the alarm level, half of the honest calls of such a day were in odd families.
    NaN without evidence on its accounts, and for allowed families.
    """
    from scipy.stats import binom  # 0.4 s to import, which a process that only observes and checks need not pay

    number, hits = users
    if not np.any(number):
        return np.full(len(families), np.nan)
    tail = binom.logsf(hits - 1, number, share) / np.log(10.0)
    return np.where((number > 0) & ~families.allowed, np.clip(-tail, 0.0, _EVIDENCE_MAX), np.nan)


def call_evidence(
    sampled: tuple[np.ndarray, np.ndarray, np.ndarray], account: np.ndarray, identity: np.ndarray
) -> np.ndarray:
    """-log10 tail probability of each call's content among the reference's calls; NaN for calls outside the sample.

    sampled : account, identity and tail probability of each sampled call; account, identity : of each call
    """
    owner, name, probability = sampled

    def together(owner: np.ndarray, name: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            return name ^ (owner.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))

    known = together(owner, name)
    order = np.argsort(known, kind="stable")
    wanted = together(account, identity)
    if len(order) == 0:
        return np.full(len(wanted), np.nan)
    place = order[np.minimum(np.searchsorted(known[order], wanted), len(order) - 1)]
    return np.where(known[place] == wanted, evidence_of(probability[place]), np.nan)


class CallsOf(Protocol):
    """The calls of a day, asked for by account: those of a few are looked at."""

    def users(self, families: np.ndarray) -> list[np.ndarray]:
        """Accounts of each of some families, ascending."""
        ...

    def of(self, accounts: np.ndarray) -> Calls:
        """All calls of some accounts, in any order."""
        ...


def find_findings(
    today: Population,
    reference: Population | None,
    evidence: Evidence,
    families: Families,
    calls: CallsOf,
    people: People,
    settings: Settings,
    confirmed: Mapping[int, np.ndarray] | None = None,
) -> list[Finding]:
    """Every finding, strongest first: by its probability times its size.

    today : the people's accounts, with all statistics
    confirmed : rows of the accounts of campaigns that a person confirmed, int64, by their numbers
    Without a reference only template families behind which one actor may stand are findings; they have no evidence.
    """
    usable = reference is not None and evidence.reference_accounts > 0
    candidates = find_clusters(evidence, settings) if usable else _template_users(families, calls, settings)
    known = reference if usable else None
    candidates = [part for finding in candidates for part in parted(finding, today, known, settings)]
    candidates = seeded([*candidates, *_relays(people, candidates)], confirmed or {})
    if not candidates:
        return []
    members = np.unique(np.concatenate([finding.members for finding in candidates]))
    looked = np.unique(np.concatenate([looked_at(finding.members) for finding in candidates]))
    said = said_by(people, looked, evidence.call_probability if usable else [])
    usual = usual_alikeness(people, members) if known is None else alikeness_among(known)
    case = _Case(today, today.bare(), known, evidence, families, calls.of(members), said, usual)
    found = ranked([case.described(finding) for finding in candidates])
    return found if usable else [one for one in found if one.is_relay or one.campaign_id or speaks_for_one(one)]


def _relays(people: People, findings: Sequence[Finding]) -> list[Finding]:
    """Relay pools among accounts of no other finding."""
    taken = np.concatenate([np.zeros(0, np.int64), *(finding.members for finding in findings)])
    rest = [replace(pool, members=np.setdiff1d(pool.members, taken)) for pool in relay_pools(people)]
    return [
        Finding(pool.members, is_relay=True, signs=(pool.sign(people.calls),))
        for pool in rest
        if len(pool.members) >= ACCOUNTS_MIN
    ]


def _template_users(families: Families, calls: CallsOf, settings: Settings) -> list[Finding]:
    """Without a reference: the accounts of each widely shared template that is not allowed, as candidates."""
    wide = (families.kinds == TEMPLATE) & (families.accounts >= settings.k_anonymity) & ~families.allowed
    return [Finding(accounts) for accounts in joined_users(calls.users(np.flatnonzero(wide)))]


def joined_users(users: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Users of several templates as one: who fills five frames is one finding, not five.

    users : int64, ascending, accounts of each template. One whose accounts are mostly of a larger one's joins it.
    """
    groups: list[list[np.ndarray]] = []
    owner = np.full(max((int(one[-1]) + 1 for one in users if len(one)), default=0), -1)
    for one in sorted(users, key=lambda one: (-len(one), one[:1].tolist())):
        count = np.bincount(owner[one] + 1, minlength=1)
        place = int(count[1:].argmax()) if len(count) > 1 else -1
        if place < 0 or count[place + 1] * 2 < len(one):
            place = len(groups)
            groups.append([])
        groups[place].append(one)
        owner[one[owner[one] < 0]] = place
    return [np.unique(np.concatenate(parts)) for parts in groups]


@dataclass(frozen=True)
class _Case:
    """What findings are described from."""

    today: Population
    bare: Population
    reference: Population | None  # None where it cannot be used
    evidence: Evidence
    families: Families
    calls: Calls
    said: Said
    usual: Alike

    def described(self, finding: Finding) -> Finding:
        """The finding with its verdict, calls, families and reasons."""
        inside = np.zeros(len(self.today), bool)
        inside[finding.members] = True
        rows = np.flatnonzero(inside[self.calls.account])
        times, family, repeats = self.calls.time[rows], self.calls.family[rows], self.calls.repeats[rows]
        vouched = np.append(self.families.allowed, False)[family]
        others = self.bare.select(~inside) if self.reference is None else self.reference
        group = Group(self.today, others, finding.members, repeats[~vouched], earlier=self.reference is not None)
        said, content = self.said.of(looked_at(finding.members)), content_of(self.families, family, repeats)
        finding = assessed(finding, group, said, self.usual, content)
        first_hour = int(times.min() // HOUR_US)
        return replace(
            finding,
            calls=len(rows),
            families=self._families_of(family[~vouched]),
            allowed_share=float(vouched.sum() / len(rows)) if np.any(self.families.allowed) else float("nan"),
            started_at=int(times.min()),
            ended_at=int(times.max()),
            hourly=tuple(np.bincount(times // HOUR_US - first_hour).tolist()),
            reasons=tuple(self._reasons(finding)),
        )

    def _families_of(self, family: np.ndarray) -> tuple[int, ...]:
        """Ids of the families that most calls are in; family : int64, row of each call, -1 = none."""
        counts = np.bincount(family[family >= 0], minlength=len(self.families))
        sent = np.flatnonzero(counts)  # few of a day's families
        return tuple(self.families.ids[sent[np.lexsort((sent, -counts[sent]))][:_FAMILIES_MAX]].tolist())

    def _reasons(self, finding: Finding) -> list[Reason]:
        """What joined the accounts, then their signs of coordination, least tail probability first."""
        reasons: list[Reason] = []
        if self.reference is not None and not np.isnan(finding.cohesion):  # of relay pools and confirmed accounts it is
            vectors = self.evidence.reference_vectors
            groups = np.random.default_rng(0).integers(0, len(vectors), (500, min(len(finding.members), 50)))
            null = np.asarray([union_statistic(vectors[group]) for group in groups])
            tail = (1.0 + np.sum(null >= finding.cohesion)) / (1.0 + len(null))
            reasons.append(("union_similarity", finding.cohesion, float(tail)))
            content = self.evidence.parts["content"][finding.members]
            if name := widest_share(self.evidence):
                share = self.evidence.shares[name][finding.members]
                reasons.append((name, float(np.nanmedian(share)), float(np.nanmedian(content))))
        known = self.evidence.parts.get(KNOWN_ELSEWHERE, np.full(len(self.evidence.probability), np.nan))[
            finding.members
        ]
        if len(known := known[~np.isnan(known)]) and (middle := float(np.median(known))) < KNOWN_BELOW:
            reasons.append((KNOWN_ELSEWHERE, float(-np.log10(middle)), middle))
        signs = [sign for sign in finding.signs if sign.present]
        signs.sort(key=lambda sign: 0.5 if np.isnan(sign.tail_probability) else sign.tail_probability)
        return reasons + [(sign.statistic, sign.value, sign.tail_probability) for sign in signs]
