"""Findings over days: one that goes on tomorrow keeps its number, and its history grows.

A finding is an earlier one when it shares accounts with it, or its first family, or when its accounts' mean lies in the
same direction from everybody's mean: accounts are replaced, prompts are rewritten, but what they ask for stays. Numbers
are given out once and never again. Account ids are kept as keyed hashes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from gauger.engine.common.hashing import hash_column
from gauger.engine.common.vectors import unit
from gauger.engine.findings.finding import Finding
from gauger.engine.statistics.people import People

History = tuple[tuple[date, int, int], ...]  # day, accounts, calls
_SHARED_MIN, _SHARED_ACCOUNTS_MIN = 0.2, 3  # of the smaller one's accounts; and so many
_DIRECTION_MIN = 0.7  # cosine of the means
_FORGOTTEN_DAYS = 90  # what was not seen for so long is another one


@dataclass(frozen=True)
class Seen:
    """A finding of earlier days."""

    campaign_id: int
    direction: np.ndarray  # float32[FEATURES], unit mean of its accounts, from everybody's
    families: tuple[int, ...]  # the last day's, most calls first
    members: Mapping[int, int]  # keyed hashes of all accounts it ever had, with the day it first had each (ordinal)
    history: History  # oldest first


@dataclass
class KnownFindings:
    """All findings of the last months, and the next number."""

    seen: list[Seen] = field(default_factory=list)
    next_id: int = 1

    def number(
        self, findings: Sequence[Finding], people: People, day: date, key: np.ndarray, since: date | None = None
    ) -> tuple[list[Finding], KnownFindings]:
        """Give findings, strongest first, their numbers and histories; and what is known from then on.

        people : whose rows the findings' members are; day : they were found on, or the last one of a week
        since : the first day of a week, None for a day. What an earlier run said of the same day is replaced. What a
            day of the week said stays, and a week remembers neither families nor another direction.
        """
        forgotten = day - timedelta(days=_FORGOTTEN_DAYS)
        known = {one.campaign_id: one for one in self.seen if one.history[-1][0] >= forgotten}
        free, next_id, numbered = dict(known), self.next_id, []
        hashes = hash_column(key, pa.array(people.account_ids, pa.string()))
        directions = _directions([finding.members for finding in findings], people)
        for finding, direction in zip(findings, directions, strict=True):
            members = frozenset(hashes[finding.members].tolist())
            match = free.get(finding.campaign_id)  # a person said which one it is
            if match is None and finding.campaign_id:
                match = Seen(finding.campaign_id, direction, (), {}, ())
            elif match is None:
                match = _match(free.values(), members, finding.families, direction)
            if match is None:
                match = Seen(next_id, direction, (), {}, ())
                next_id += 1
            free.pop(match.campaign_id, None)
            today = day.toordinal()
            had = {one: min(today, match.members.get(one, today)) for one in members}
            now = replace(match, members={**match.members, **had})
            if since is None:
                now = replace(now, direction=direction, families=finding.families)
            now = replace(now, history=_grown(match.history, (day, len(finding.members), finding.calls), since))
            known[match.campaign_id] = now
            # A day that is scored again, as after a kill, does not find its own accounts to have come back.
            before = {one for one, first in match.members.items() if since is not None or first < today}
            numbered.append(_numbered(finding, match, now, len(members & before), day))
        return numbered, KnownFindings([known[number] for number in sorted(known)], next_id)


def _grown(history: History, entry: tuple[date, int, int], since: date | None) -> History:
    """The history with an entry of today's in place of the day's earlier one; a week that has one needs no other."""
    day = entry[0]
    if since is not None and any(since <= one[0] <= day for one in history):
        return history
    return tuple(sorted([*(one for one in history if one[0] != day), entry]))


def _numbered(finding: Finding, match: Seen, now: Seen, returning: int, day: date) -> Finding:
    """The finding with the number of the one it is, and its history up to the day."""
    earlier = any(entry[0] < day for entry in match.history)
    return replace(
        finding,
        campaign_id=match.campaign_id,
        history=tuple(entry for entry in now.history if entry[0] <= day),
        returning_accounts=returning if earlier else 0,
    )


def _directions(findings: Sequence[np.ndarray], people: People) -> list[np.ndarray]:
    """Unit mean of each finding's accounts as seen from the mean of the accounts in none."""
    if not findings:
        return []
    inside = np.unique(np.concatenate(findings))
    vectors = unit(people.sums(inside))
    total = people.totals.direction - vectors.sum(axis=0, dtype=np.float64)
    middle = total / max(1, len(people.calls) - len(inside))
    means = [vectors[np.searchsorted(inside, members)].mean(axis=0) for members in findings]
    return [unit((mean - middle)[None])[0] for mean in means]


def _match(
    known: Iterable[Seen], members: frozenset[int], families: tuple[int, ...], direction: np.ndarray
) -> Seen | None:
    """The earlier finding this is: by accounts, else by its first family, else by direction; None for a new one."""
    best: tuple[int, float, int] | None = None
    found = None
    for one in known:
        shared = len(members & one.members.keys())
        share = shared / max(1, min(len(members), len(one.members)))
        if shared >= _SHARED_ACCOUNTS_MIN and share >= _SHARED_MIN:
            rank = (2, share, -one.campaign_id)
        elif families and one.families and families[0] == one.families[0]:
            rank = (1, 1.0, -one.campaign_id)
        elif float(direction @ one.direction) >= _DIRECTION_MIN:
            rank = (0, float(direction @ one.direction), -one.campaign_id)
        else:
            continue
        if best is None or rank > best:
            best, found = rank, one
    return found
