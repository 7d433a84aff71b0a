"""The families of a day's calls: each call is told by its prompt's hash, unit by unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from gauger.engine.common import threads
from gauger.engine.common.hashing import hash_column
from gauger.engine.families.families import Families, Groups, Members
from gauger.engine.families.prompts import Belonging
from gauger.engine.findings.findings import Calls
from gauger.engine.plan.day import Day
from gauger.engine.plan.owners import Owners
from gauger.engine.statistics.relational import family_entropy


@dataclass(frozen=True)
class Spread:
    """What each call of a day belongs to. Small: eight bytes a call, and 29 for one in a family."""

    day: Day
    groups: list[np.ndarray]  # of each unit int32[c], group of prompts of each call, -1 = none
    repeats: list[np.ndarray]  # of each unit int32[c], calls with the same prompt
    members: Members

    @classmethod
    def over(cls, day: Day, groups: Groups) -> Spread:
        """Look up every call of the day."""
        belonging = Belonging(day.prompts, groups.of_prompt)

        def unit(number: int) -> tuple[np.ndarray, np.ndarray, Members]:
            calls = day.calls(number)
            group, repeats = belonging.of(calls.prompt)
            inside = group >= 0
            account = day.people.rows(number)[calls.owner[inside]]
            members = Members(group[inside], calls.time[inside], account, calls.address[inside], calls.flags[inside])
            return group, repeats, members

        found = threads.each(unit, range(day.people.units))
        parts = [one for _, _, one in found]
        columns = ("group", "time", "account", "address", "flags")
        members = Members(*(np.concatenate([getattr(part, name) for part in parts]) for name in columns))
        return cls(day, [one for one, _, _ in found], [one for _, one, _ in found], members)

    def entropy(self, families: Families) -> np.ndarray:
        """How evenly each account's calls spread over families; float64[accounts]."""
        result = np.full(len(self.day.people.calls), np.nan)

        def unit(number: int) -> None:
            rows, calls = self.day.people.rows(number), self.day.calls(number)
            result[rows] = family_entropy(calls.owner, families.of_group[self.groups[number]], len(rows))

        threads.each(unit, range(self.day.people.units))
        return result

    def wanted(self, families: Families) -> Wanted:
        """The calls, to be asked for by account."""
        return Wanted(self, families)


def _one_each(calls: np.ndarray, identity: np.ndarray) -> np.ndarray:
    """Of calls (family, account, file, row; int64[4, n]) one of each account of a family: that of the smallest name.

    identity : uint64[n], keyed names of the calls; they do not depend on where a call lies, as file and row do
    """
    order = np.lexsort((calls[3], calls[2], identity, calls[1], calls[0]))
    calls = calls[:, order]
    fresh = np.ones(calls.shape[1], bool)
    fresh[1:] = (calls[0, 1:] != calls[0, :-1]) | (calls[1, 1:] != calls[1, :-1])
    return calls[:, fresh]


@dataclass(frozen=True)
class Wanted:
    """Calls by account: what findings are described from."""

    spread: Spread
    families: Families

    def users(self, families: np.ndarray) -> list[np.ndarray]:
        """Accounts of each of some families, ascending."""
        row, account = self.families.of_group[self.spread.members.group], self.spread.members.account
        kept = np.isin(row, families)
        row, account = row[kept], account[kept]
        order = np.argsort(row, kind="stable")
        first, last = (np.searchsorted(row[order], families, side) for side in ("left", "right"))
        return [np.unique(account[order[low:high]]) for low, high in zip(first, last, strict=True)]

    def examples(self, families: np.ndarray, most: int) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """File and row of a call of each of at most ``most`` owners of each of some families, by their rows.

        Accounts that may be one owner's count as one (``Owners``). Which are chosen depends on the key, the accounts
        and what they sent, and not on where it lies.
        """
        wanted = np.zeros(len(self.families) + 1, bool)
        wanted[families] = True
        people = self.spread.day.people

        def unit(number: int) -> np.ndarray:
            family = self.families.of_group[self.spread.groups[number]]
            kept = np.flatnonzero(wanted[family])
            calls = self.spread.day.calls(number)
            account = people.rows(number)[calls.owner[kept]]
            found = np.stack([family[kept], account, calls.file[kept], calls.row[kept]]).astype(np.int64)
            return _one_each(found, calls.identity[kept])

        family, account, file, row = np.concatenate(threads.each(unit, range(people.units)), axis=1)
        there, place = np.unique(account, return_inverse=True)
        names = pa.array([people.account_ids[one] for one in there.tolist()], pa.string())
        order = np.lexsort((account, hash_column(self.spread.day.key, names)[place], family))
        family, account, file, row = family[order], account[order], file[order], row[order]
        owners, chosen = Owners(people.accounts), {}
        for one in families.tolist():
            low, high = np.searchsorted(family, one, "left"), np.searchsorted(family, one, "right")
            places = low + owners.apart(account[low:high], most)
            chosen[one] = file[places], row[places]
        return chosen

    def of(self, accounts: np.ndarray) -> Calls:
        """All calls of some accounts."""
        day = self.spread.day
        asked = np.zeros(len(day.people.calls), bool)
        asked[accounts] = True

        def unit(number: int) -> Calls:
            calls, rows = day.calls(number), day.people.rows(number)
            kept = asked[rows][calls.owner]
            family = self.families.of_group[self.spread.groups[number][kept]]
            repeats = self.spread.repeats[number][kept].astype(np.int64)
            return Calls(rows[calls.owner[kept]], calls.time[kept], family, repeats)

        units = [number for number in range(day.people.units) if np.any(asked[day.people.rows(number)])]
        parts = threads.each(unit, units)
        columns = ("account", "time", "family", "repeats")
        return Calls(*(np.concatenate([getattr(part, name) for part in parts]) for name in columns))
