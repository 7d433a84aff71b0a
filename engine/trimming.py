"""Trimming: campaign accounts inside the reference are found by those of today, and left out.

A reference that holds ten accounts of a campaign blinds it: today's accounts are ranked among the reference's own, and
those ten rank as high. They cannot be left out for ranking high, because the highest ranks of the reference *are* the
null. So three things must come together:

1. A group of today's accounts stands out even so, at a level fifty times the alarm's, linked as campaigns are, more of
   them than chance would link, and with the signs of coordination that make a finding a campaign.
2. The direction in which that group differs from the reference, learnt and scored on different accounts, puts reference
   accounts where the group's own members lie, at 1, and not where the honest lie, at 0.
3. There are more of them than the tail of the honest would put there. The tail is taken to fall geometrically, at the
   pace at which it falls before it reaches the group.

As many are left out as are too many, those farthest out, and the evidence is weighed again: honest look-alikes of a
campaign stay in the null, as many as there are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gauger.engine.assessment import SIGNS_MIN, signs_of
from gauger.engine.campaigns import find_clusters
from gauger.engine.evidence import Evidence, gather
from gauger.engine.population import Population
from gauger.engine.settings import Settings

_LEVEL = 50.0  # times the alarm level: the group is looked for among accounts this odd
_ACCOUNTS_MIN = 20  # a smaller group gives no direction
_EVIDENCE_MIN = 6.0  # -log10 of the chance that honest accounts form the group
_EXCESS = 1.5  # times as many odd accounts as chance makes
_GROUPS = 6
_ROUNDS = 3
_RIDGE = 0.3
_TAIL = (0.3, 0.5)  # where the pace of the honest tail is taken
_CUTS = (0.8, 0.9, 1.0)  # where reference accounts are counted: more of the group than of the honest lie there
_GROWN = 2  # times a group takes in what lies where it lies: clusters of padded accounts are splinters of a campaign
_CHANCE_MAX = 0.002  # of so many accounts of the honest tail beyond a cut


@dataclass(frozen=True)
class Trimmed:
    """Evidence on today's accounts, and the reference it was weighed against."""

    evidence: Evidence  # its ``reference_rows`` are those of the whole reference
    left_out: np.ndarray  # int64, rows of the whole reference


def gather_trimmed(
    today: Population, reference: Population | None, key: np.ndarray, settings: Settings, workers: int
) -> Trimmed:
    """``gather``, again and without them where reference accounts belong to a group of today's."""
    found = gather(today, reference, key, settings, workers)
    left_out = np.zeros(0, np.int64)
    if reference is None or not found.reference_accounts:
        return Trimmed(found, left_out)
    rows = np.arange(len(reference))  # of the accounts still there
    for _ in range(_ROUNDS):
        suspects = found.reference_rows[_suspects(today, reference, found, settings)]
        stay = np.isin(rows, suspects, invert=True)
        # Trimmed below what can support the alarm level, it would be no reference at all.
        if not len(suspects) or found.reference_accounts - len(suspects) < settings.reference_accounts_min:
            break
        left_out, rows = np.union1d(left_out, suspects), rows[stay]
        kept = np.zeros(len(reference), bool)
        kept[rows] = True
        found = gather(today, reference.select(kept), key, settings, workers)
        found = replace(found, reference_rows=rows[found.reference_rows])
    return Trimmed(found, left_out)


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
    suspects, taken = np.zeros(0, np.int64), np.zeros(len(today), bool)
    for group in groups:
        if taken[group].mean() > 0.5:
            continue
        members, places, own = _grown(found, group, odd)
        if len(members) < _ACCOUNTS_MIN:
            continue
        signs = signs_of(today, reference, members, np.zeros(0, np.int64), earlier=True)
        if sum(sign.present is True for sign in signs) >= SIGNS_MIN:
            taken[members] = True
            suspects = np.union1d(suspects, np.argsort(-places, kind="stable")[: too_many(places, own)])
    return suspects


def _grown(found: Evidence, members: np.ndarray, odd: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A group made of those of today's odd accounts that lie nearer to it than to the reference.

    Returns its members, the places of the reference's accounts along its direction, and those of the members.
    """
    for _ in range(_GROWN):
        places, others = _places_of(found, members, odd)
        inside = places > 0.5
        if inside.sum() < _ACCOUNTS_MIN:
            return odd[inside], others, places[inside]
        members = odd[inside]
    places, others = _places_of(found, members, members)
    return members, others, places


def _places_of(found: Evidence, members: np.ndarray, accounts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of some of today's accounts, and of the reference's, along the direction of a group; float64 both."""
    joined = np.union1d(members, accounts)
    own = np.concatenate([found.vectors[joined], found.sifted[joined]], axis=1)
    others = np.concatenate([found.reference_vectors, found.reference_sifted], axis=1)
    places, reference = directed(own, others, np.isin(joined, members))
    return places[np.isin(joined, accounts)], reference


def directed(own: np.ndarray, others: np.ndarray, member: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both along Fisher's direction between the members of ``own`` and the others: these lie about 0, those about 1.

    Learnt on one half of each, applied to the other. Returns float64[len(own)], float64[len(others)].
    """
    halves = (np.arange(len(own)) % 2, np.arange(len(others)) % 2)
    results = (np.zeros(len(own)), np.zeros(len(others)))
    for half in (0, 1):
        learnt = others[halves[1] != half].astype(np.float64)
        mean = learnt.mean(axis=0)
        spread = (learnt - mean).T @ (learnt - mean) / max(1, len(learnt) - 1)
        spread[np.diag_indices(len(spread))] += _RIDGE * np.trace(spread) / len(spread) + 1e-9
        step = own[member & (halves[0] != half)].mean(axis=0, dtype=np.float64) - mean
        weights = np.linalg.solve(spread, step)
        weights /= max(float(step @ weights), 1e-12)
        for rows, side, result in zip((own, others), halves, results, strict=True):
            result[side == half] = (rows[side == half] - mean) @ weights
    return results


def too_many(theirs: np.ndarray, own: np.ndarray) -> int:
    """How many reference accounts lie where a group of today's lies beyond those that an honest tail puts there.

    theirs, own : places of the reference accounts and of the group along its direction
    The tail and the number are estimated in turn: accounts of the group inside the reference are part of what the tail
    is read from.
    """
    from scipy.stats import poisson  # slow to import: see ``findings.family_evidence``

    def beyond(cut: float) -> tuple[int, float]:
        return int(np.sum(theirs > cut)), float(np.mean(own > cut))

    (near, near_own), (far, far_own) = beyond(_TAIL[0]), beyond(_TAIL[1])
    best = 0.0
    for cut in _CUTS:
        count, share = beyond(cut)
        if share < 0.1:
            continue
        number = count / share  # from above: from below, many accounts of the group are taken for a slow tail
        for _ in range(50):
            here, there = max(near - number * near_own, 1.0), max(far - number * far_own, 0.5)
            pace = min(there / here, 1.0) ** (1.0 / (_TAIL[1] - _TAIL[0]))
            honest = there * pace ** (cut - _TAIL[1])
            number = max(0.0, (count - honest) / share)
        if poisson.sf(count - 1, honest) < _CHANCE_MAX:
            best = max(best, min(number, float(near)))
    return int(np.ceil(best))
