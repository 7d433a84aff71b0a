"""What people decided of findings. An entry is never changed or taken away: undoing one is an entry, too.

    campaign   its accounts are named from the next run on, whatever is found of them then
    honest     it is not raised again, its own families give no evidence, and its accounts are compared with
    unsure     looked at; changes nothing

Whom a decision is about is fixed when it is made: keyed hashes of the accounts that the finding had then. So nobody who
joins an honest finding later is covered by the decision, and a finding of mostly other accounts is raised again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from gauger.engine.findings import verdicts
from gauger.engine.findings.finding import Finding

CAMPAIGN, HONEST, UNSURE, UNDONE = "campaign", "honest", "unsure", "undone"
DECISIONS = (CAMPAIGN, HONEST, UNSURE)
_COVERED_MIN = 0.5  # of a finding's accounts, those that an honest decision is about


@dataclass(frozen=True)
class Entry:
    """One decision, or the undoing of one."""

    number: int  # from 1
    campaign_id: int
    decision: str  # of ``DECISIONS``, or ``UNDONE``: the one before it holds no more
    why: str
    who: str
    at: int  # microseconds since 1970, UTC
    day: str  # of the run it was seen in, ISO
    assessment: str  # what gauger called the finding then
    probability: float | None
    accounts: int
    families: tuple[int, ...] = ()  # ids of those that hardly anybody else used

    @property
    def date(self) -> date:
        """The UTC day it was made on."""
        return datetime.fromtimestamp(self.at / 1e6, UTC).date()


@dataclass(frozen=True)
class Decisions:
    """All entries, oldest first, and the accounts of each."""

    entries: tuple[Entry, ...] = ()
    members: Mapping[int, np.ndarray] = field(default_factory=dict)  # of an entry's number, keyed hashes, uint64[n]

    def with_entry(self, entry: Entry, members: np.ndarray) -> Decisions:
        """These and one more."""
        return Decisions((*self.entries, entry), {**self.members, entry.number: np.unique(members)})

    def without_account(self, hashed: int) -> Decisions:
        """The same, an account in none of them."""
        return replace(self, members={number: own[own != hashed] for number, own in self.members.items()})

    def standing(self) -> dict[int, Entry]:
        """The decision that holds on each finding, by its number."""
        held: dict[int, list[Entry]] = {}
        for entry in self.entries:
            of_finding = held.setdefault(entry.campaign_id, [])
            if entry.decision != UNDONE:
                of_finding.append(entry)
            elif of_finding:
                of_finding.pop()
        return {number: entries[-1] for number, entries in held.items() if entries}

    def that_hold(self, decision: str) -> list[Entry]:
        """Those of one kind that hold, by their findings' numbers."""
        return [entry for _, entry in sorted(self.standing().items()) if entry.decision == decision]

    def honest_families(self) -> np.ndarray:
        """Ids of families that honest findings have for themselves; int64, ascending."""
        return np.unique(np.asarray([one for entry in self.that_hold(HONEST) for one in entry.families], np.int64))

    def confirmed(self, hashes: np.ndarray) -> dict[int, np.ndarray]:
        """Rows of the accounts of each confirmed campaign among some, int64, ascending; by its number.

        hashes : uint64[n], keyed, of each account. An account of two campaigns is the earlier one's.
        """
        rows, taken = {}, np.zeros(len(hashes), bool)
        for entry in self.that_hold(CAMPAIGN):
            there = np.isin(hashes, self.members[entry.number]) & ~taken
            if there.any():
                taken |= there
                rows[entry.campaign_id] = np.flatnonzero(there)
        return rows

    def record(self) -> list[dict[str, Any]]:
        """The entries as plain values."""
        return [asdict(entry) for entry in self.entries]

    @classmethod
    def of_record(cls, entries: Sequence[Mapping[str, Any]], number: np.ndarray, account: np.ndarray) -> Decisions:
        """The inverse. number : int64[n], of the entry; account : uint64[n]"""
        read = tuple(Entry(**{**one, "families": tuple(one["families"])}) for one in entries)
        return cls(read, {entry.number: account[number == entry.number] for entry in read})


@dataclass(frozen=True)
class Settled:
    """Findings in the light of what was decided."""

    raised: list[Finding]
    honest: list[Finding]  # not raised


def settle(findings: Sequence[Finding], decisions: Decisions, hashes: np.ndarray) -> Settled:
    """Each finding with the decision that holds on it; honest ones apart.

    hashes : uint64[n], keyed, of each account. An honest finding is raised all the same where less than half of its
    accounts are those that were decided about: somebody else may hide in it.
    """
    standing = decisions.standing()
    raised: list[Finding] = []
    honest: list[Finding] = []
    for finding in findings:
        entry = standing.get(finding.campaign_id)
        if entry is None:
            raised.append(finding)
            continue
        covered = float(np.mean(np.isin(hashes[finding.members], decisions.members[entry.number])))
        told = replace(finding, decision=entry.decision, decided_on=entry.date)
        if entry.decision == CAMPAIGN:
            told = replace(told, verdict=verdicts.CAMPAIGN)
        (honest if entry.decision == HONEST and covered >= _COVERED_MIN else raised).append(told)
    return Settled(raised, honest)


def seeded(findings: Sequence[Finding], confirmed: Mapping[int, np.ndarray]) -> list[Finding]:
    """Findings with the accounts of confirmed campaigns that are there today: each in that which has most of them.

    confirmed : of ``Decisions.confirmed``. Where no finding has one of them, they are a finding of their own.
    """
    found = list(findings)
    for number, rows in confirmed.items():
        shared = [len(np.intersect1d(finding.members, rows)) for finding in found]
        taken = np.unique(np.concatenate([np.zeros(0, np.int64), *(finding.members for finding in found)]))
        free = np.setdiff1d(rows, taken)
        place = int(np.argmax(shared)) if shared and max(shared) > 0 else -1
        if place < 0:
            found.append(Finding(rows, campaign_id=number))
        else:
            one = found[place]
            members = np.union1d(one.members, free)
            found[place] = replace(one, members=members, campaign_id=one.campaign_id or number)
    return found
