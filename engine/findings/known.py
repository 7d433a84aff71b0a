"""Campaigns over days: one that goes on tomorrow keeps its number, and its history grows.

A finding is an earlier one when it shares accounts with it, or its first family, or when its accounts' mean lies in the
same direction from everybody's mean: accounts are replaced, prompts are rewritten, but what they ask for stays. Numbers
are given out once and never again. Account ids are kept as keyed hashes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from gauger.engine.common.hashing import hash_column
from gauger.engine.common.vectors import unit
from gauger.engine.findings.findings import Campaign
from gauger.engine.statistics.population import Population

_SHARED_MIN, _SHARED_ACCOUNTS_MIN = 0.2, 3  # of the smaller one's accounts; and so many
_DIRECTION_MIN = 0.7  # cosine of the means
_BLOCK = 4_096  # accounts added up at a time: of a large day all of them are a gigabyte
_FORGOTTEN_DAYS = 90  # a campaign not seen for so long is another one


@dataclass(frozen=True)
class Seen:
    """A campaign of earlier days."""

    campaign_id: int
    direction: np.ndarray  # float32[FEATURES], unit mean of its accounts, from everybody's
    families: tuple[int, ...]  # the last day's, most calls first
    members: frozenset[int]  # keyed hashes of all accounts it ever had
    history: tuple[tuple[date, int, int], ...]  # day, accounts, calls; oldest first


@dataclass
class KnownCampaigns:
    """All campaigns of the last months, and the next number."""

    seen: list[Seen] = field(default_factory=list)
    next_id: int = 1

    def number(
        self, campaigns: Sequence[Campaign], today: Population, day: date, key: np.ndarray
    ) -> tuple[list[Campaign], KnownCampaigns]:
        """Give findings, strongest first, their numbers and histories; and what is known from then on.

        What an earlier run said of the same day is replaced.
        """
        old = {one.campaign_id: one for one in self.seen if one.history[-1][0] >= day - timedelta(days=_FORGOTTEN_DAYS)}
        known, next_id, numbered = dict(old), self.next_id, []
        hashes = hash_column(key, pa.array(today.account_ids, pa.string()))
        directions = _directions([campaign.members for campaign in campaigns], today)
        free = dict(old)
        for campaign, direction in zip(campaigns, directions, strict=True):
            members = frozenset(hashes[campaign.members].tolist())
            match = _match(free.values(), members, tuple(campaign.families), direction)
            if match is None:
                match = Seen(next_id, direction, (), frozenset(), ())
                next_id += 1
            free.pop(match.campaign_id, None)
            before = tuple(entry for entry in match.history if entry[0] < day)
            later = tuple(entry for entry in match.history if entry[0] > day)
            history = (*before, (day, len(campaign.members), campaign.calls))
            returning = len(members & match.members) if before else 0
            known[match.campaign_id] = Seen(
                match.campaign_id, direction, tuple(campaign.families), match.members | members, (*history, *later)
            )
            numbered.append(
                replace(campaign, campaign_id=match.campaign_id, history=history, returning_accounts=returning)
            )
        return numbered, KnownCampaigns([known[number] for number in sorted(known)], next_id)

    def number_week(
        self, findings: Sequence[np.ndarray], week: Population, days: Sequence[date], key: np.ndarray
    ) -> tuple[list[int], KnownCampaigns]:
        """Give a week's findings, int64 rows of its population each, their numbers; and what is known from then on.

        One that a day of the week showed has that day in its history; another gets an entry at the week's last day.
        """
        known, next_id, numbers = {one.campaign_id: one for one in self.seen}, self.next_id, []
        hashes = hash_column(key, pa.array(week.account_ids, pa.string()))
        free = dict(known)
        for rows, direction in zip(findings, _directions(findings, week), strict=True):
            members = frozenset(hashes[rows].tolist())
            match = _match(free.values(), members, (), direction)
            if match is None:
                match = Seen(next_id, direction, (), frozenset(), ())
                next_id += 1
            free.pop(match.campaign_id, None)
            history = match.history
            if not any(days[0] <= day <= days[-1] for day, *_ in history):
                history = tuple(sorted([*history, (days[-1], len(rows), int(week.calls[rows].sum()))]))
            known[match.campaign_id] = replace(match, members=match.members | members, history=history)
            numbers.append(match.campaign_id)
        return numbers, KnownCampaigns([known[number] for number in sorted(known)], next_id)


def _directions(findings: Sequence[np.ndarray], people: Population) -> list[np.ndarray]:
    """Unit mean of each finding's accounts as seen from the mean of the accounts in none."""
    outside = np.ones(len(people), bool)
    for members in findings:
        outside[members] = False
    others = np.flatnonzero(outside)
    total = np.zeros(people.sums.shape[1])
    for start in range(0, len(others), _BLOCK):
        total += unit(people.sums[others[start : start + _BLOCK]]).sum(axis=0, dtype=np.float64)
    middle = total / max(1, len(others))
    return [unit((unit(people.sums[members]).mean(axis=0) - middle)[None])[0] for members in findings]


def _match(
    known: Iterable[Seen], members: frozenset[int], families: tuple[int, ...], direction: np.ndarray
) -> Seen | None:
    """The earlier campaign this is: by accounts, else by its first family, else by direction; None for a new one."""
    best: tuple[int, float, int] | None = None
    found = None
    for one in known:
        shared = len(members & one.members)
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
