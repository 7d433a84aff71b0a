"""Decontamination: campaign accounts inside the reference are found by those of today, and left out.

A reference that holds ten accounts of a campaign blinds it: today's accounts are ranked among the reference's own, and
those ten rank as high. They cannot be left out for ranking high, because the highest ranks of the reference *are* the
null. So four things must come together:

1. A group of today's accounts stands out even so, at a level fifty times the alarm's, linked as campaigns are, more of
   them than chance would link, and with the signs of coordination that make a finding a campaign.
2. The direction in which that group differs from the reference, learnt and scored on different accounts, puts reference
   accounts where the group's own members lie, at 1, and not where the honest lie, at 0.
3. Those accounts move as the group does (volumes, pace, addresses, settings), which few others of the reference do.
   Content alone does not tell a campaign's accounts from its honest look-alikes: leaving out 130 of these of a clean
   reference of 16,000 flagged 165 of today's 19,700 honest accounts. A group that moves like anybody is not trimmed.
4. There are more of them than chance puts there, which is read from the accounts that move otherwise; and they are
   rarer than today, or they would be an honest population that returns every day.

As many are left out as are too many, those farthest out, and the evidence is weighed again: honest look-alikes of a
campaign stay in the null, as many as there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gauger.engine.common import progress
from gauger.engine.common.settings import Settings
from gauger.engine.evidence.conformity import habit_likeness
from gauger.engine.evidence.evidence import Evidence, no_evidence, of_learnt, unusable, weigh
from gauger.engine.evidence.known_elsewhere import SharedFinding
from gauger.engine.evidence.learning import learn
from gauger.engine.findings.clusters import find_clusters
from gauger.engine.findings.signs import Group, signs_of
from gauger.engine.statistics.people import People
from gauger.engine.statistics.population import Population

_LEVEL = 50.0  # times the alarm level: the group is looked for among accounts this odd
_ACCOUNTS_MIN = 20  # a smaller group gives no direction
_EVIDENCE_MIN = 6.0  # -log10 of the chance that honest accounts form the group
_EXCESS = 1.5  # times as many odd accounts as chance makes
_GROUPS = 6
_ROUNDS = 3
_SIGNS_MIN = 3  # of coordination, without which a group may be an honest crowd come back
_RIDGE = 0.3
_CUTS = (0.5, 0.65, 0.8)  # where reference accounts are counted: nearer to the group than to the honest
_GROWN = 2  # times a group takes in what lies where it lies: clusters of padded accounts are splinters of a campaign
_ALIKE = 0.4  # of the median likeness of a group's own accounts: two habits of ten may be others
_ALIKE_MAX = 0.1  # where more of the reference move so, the group is not told apart by how it moves
_RARER = 3.0  # times rarer than today the accounts of a group are in a reference that holds a few of them
_CHANCE_MAX = 0.002  # of so many accounts beyond a cut by chance


@dataclass(frozen=True)
class Decontaminated:
    """Evidence on today's accounts, and the reference it was weighed against."""

    evidence: Evidence  # its ``reference_rows`` are those of the whole reference
    left_out: np.ndarray  # int64, rows of the whole reference


def gather_decontaminated(
    people: People,
    reference: Population | None,
    key: np.ndarray,
    settings: Settings,
    vouched: np.ndarray | None = None,
    shared: Sequence[SharedFinding] = (),
) -> Decontaminated:
    """``gather``, again and without them where reference accounts belong to a group of today's.

    vouched : bool[reference], accounts that a person decided are honest: they stay
    shared : findings of other providers
    The group is looked for among the accounts that are learnt from; the others are weighed once, at the end.
    """
    left_out = np.zeros(0, np.int64)
    reason = unusable(people, reference, settings)
    if reference is None or reason is not None:
        return Decontaminated(no_evidence(people, reason or ""), left_out)
    progress.tell("learning")
    learnt = learn(people, reference, key, settings, shared)
    rows = np.arange(len(reference))  # of the accounts still there
    for _ in range(_ROUNDS):
        suspects = learnt.reference_rows[_suspects(learnt.pool.new, reference, of_learnt(learnt), settings)]
        if vouched is not None:
            suspects = suspects[~vouched[suspects]]
        stay = np.isin(rows, suspects, invert=True)
        # Trimmed below what can support the alarm level, it would be no reference at all.
        if not len(suspects) or len(learnt.pool.old) - len(suspects) < settings.reference_accounts_min:
            break
        left_out, rows = np.union1d(left_out, suspects), rows[stay]
        kept = np.zeros(len(reference), bool)
        kept[rows] = True
        learnt = learn(people, reference.select(kept), key, settings, shared)
        learnt = replace(learnt, reference_rows=rows[learnt.reference_rows])
    return Decontaminated(weigh(people, learnt), left_out)


def _suspects(today: Population, reference: Population, found: Evidence, settings: Settings) -> np.ndarray:
    """Places, among the evidence's reference accounts, of those that belong to a group of today's; int64."""
    lenient = replace(settings, alarm_level=min(0.5, _LEVEL * settings.alarm_level))
    with np.errstate(invalid="ignore"):
        odd = np.flatnonzero(found.probability < lenient.alarm_level)
    groups = [
        cluster.members
        for cluster in find_clusters(found, lenient)[:_GROUPS]
        if len(cluster.members) >= _ACCOUNTS_MIN and cluster.evidence >= _EVIDENCE_MIN
    ]
    # A campaign hidden by its like in the reference comes out in splinters, too small to say where it lies: where far
    # more accounts are odd than chance makes odd, all of them together are looked at first.
    if len(odd) > _ACCOUNTS_MIN + _EXCESS * lenient.alarm_level * np.sum(~np.isnan(found.probability)):
        groups.insert(0, odd)
    if not groups:
        return np.zeros(0, np.int64)
    axes = Axes(np.concatenate([found.reference_vectors, found.reference_sifted], axis=1))
    vectors = np.concatenate([found.vectors[odd], found.sifted[odd]], axis=1)
    suspects, taken = np.zeros(0, np.int64), np.zeros(len(today), bool)
    for group in groups:
        if taken[group].mean() > 0.5:
            continue
        grown, places, own = _grown(axes, vectors, np.isin(odd, group))
        members = odd[grown]
        if len(members) < _ACCOUNTS_MIN:
            continue
        alike, alike_own = _moving_alike(today, reference, found, members)
        if alike.mean() > _ALIKE_MAX:
            continue
        signs = signs_of(Group(today, reference, members, np.zeros(0, np.int64), earlier=True))
        if sum(sign.present is True for sign in signs) < _SIGNS_MIN:
            continue
        taken[members] = True
        number = too_many(places, alike, own[alike_own])
        # What is as common in the reference as today is no campaign come back but an honest population.
        if number / len(places) * _RARER <= len(members) / np.sum(~np.isnan(found.probability)):
            farthest = np.argsort(-places[alike], kind="stable")[:number]
            suspects = np.union1d(suspects, np.flatnonzero(alike)[farthest])
    return suspects


def _moving_alike(
    today: Population, reference: Population, found: Evidence, members: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which of the reference's accounts move as a group does, and which of the group do."""
    group = {name: values[members] for name, values in today.statistics.items()}
    others = {name: values[found.reference_rows] for name, values in reference.statistics.items()}
    own, theirs = habit_likeness(group, others)
    least = _ALIKE * float(np.median(own))
    return theirs >= least, own >= least


def _grown(axes: Axes, odd: np.ndarray, member: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A group made of those of today's odd accounts that lie nearer to it than to the reference.

    odd : float32[m, d], their vectors; member : bool[m], the group
    Returns who is of it then, the places of the reference's accounts along its direction, and those of its own.
    """
    for _ in range(_GROWN):
        places, others = axes.places(odd, member)
        member = places > 0.5
        if member.sum() < _ACCOUNTS_MIN:
            return member, others, places[member]
    places, others = axes.places(odd[member], np.ones(int(member.sum()), bool))
    return member, others, places


class Axes:
    """Fisher's directions between groups and the same others. Learnt on one half of each, applied to the other."""

    def __init__(self, others: np.ndarray) -> None:
        """others : float32[n, d]; their covariance, the costly part, is the same for all groups."""
        self._others = others
        self._means, self._factors = [], []
        for half in (0, 1):
            learnt = others[1 - half :: 2]
            mean = learnt.mean(axis=0, dtype=np.float64)
            centred = learnt - mean.astype(np.float32)
            spread = (centred.T @ centred).astype(np.float64) / max(1, len(learnt) - 1)
            spread[np.diag_indices(len(spread))] += _RIDGE * np.trace(spread) / len(spread) + 1e-9
            self._means.append(mean)
            self._factors.append(np.linalg.inv(spread))

    def places(self, own: np.ndarray, member: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Both along the direction between the members of ``own`` and the others: these lie about 0, those about 1.

        own : float32[m, d]; member : bool[m]. Returns float64[m], float64[n].
        """
        results = (np.zeros(len(own)), np.zeros(len(self._others)))
        for half in (0, 1):
            mean, learnt = self._means[half], slice(1 - half, None, 2)
            step = own[learnt][member[learnt]].mean(axis=0, dtype=np.float64) - mean
            weights = self._factors[half] @ step
            weights /= max(float(step @ weights), 1e-12)
            for rows, result in zip((own, self._others), results, strict=True):
                result[half::2] = rows[half::2] @ weights.astype(np.float32) - mean @ weights
        return results


def too_many(theirs: np.ndarray, alike: np.ndarray, own: np.ndarray) -> int:
    """How many reference accounts that move like a group lie where it lies, beyond those that chance puts there.

    theirs, own : float64[r], float64[g], places of the reference's accounts and of the group's along its direction
    alike : bool[r], which of the reference move like the group; of the others as large a share lies there by chance
    """
    from scipy.stats import poisson  # slow to import: see ``findings.family_evidence``

    share_alike = alike.sum() / max(1, (~alike).sum())
    best = 0.0
    for cut in _CUTS:
        share, count = float(np.mean(own > cut)), int(np.sum(theirs[alike] > cut))
        honest = (np.sum(theirs[~alike] > cut) + 0.5) * share_alike
        if share >= 0.1 and poisson.sf(count - 1, honest) < _CHANCE_MAX:
            best = max(best, min((count - honest) / share, float(alike.sum())))
    return int(np.ceil(best))
