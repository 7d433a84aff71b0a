"""A sample of calls an account, chosen by smallest keyed hash, with their feature blocks: what sifting looks at.

A bottom-k sample is a set function: it merges, and no order of arrival changes it. Times ride along, so gaps between
calls are read from the sorted sample at the end, never from the order of arrival.
"""

from __future__ import annotations

import numpy as np

from gauger.engine.state.rows import Field, Rows
from gauger.kernels.text.features import FEATURES

FIELDS: dict[str, Field] = {
    "account": (np.int64, ()),  # row of the account table
    "identity": (np.uint64, ()),
    "time": (np.int64, ()),
    "features": (np.int8, (FEATURES,)),
}
_NO_LIMIT = np.iinfo(np.uint64).max


class CallSample:
    """At most ``size`` calls of each account row, those with the smallest identities."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.rows = Rows(FIELDS, 4096)
        self._limit = np.zeros(0, np.uint64)  # an identity above its account's limit can no longer enter
        self._offered = np.zeros(0, np.int64)  # rows held of each account
        self.compact_at = 65536  # rows held before it is looked whether many of them can go

    def update(self, accounts: np.ndarray, identities: np.ndarray, times: np.ndarray, features: np.ndarray) -> None:
        """Offer calls; features : int8[n, FEATURES]."""
        if len(accounts) == 0:
            return
        self._extend_limit(int(accounts.max()) + 1)
        enter = identities <= self._limit[accounts]
        if enter.all():  # the usual case: keep the features as they are instead of copying them
            enter = slice(None)
        np.add.at(self._offered, accounts[enter], 1)
        self.rows.append(
            {
                "account": accounts[enter],
                "identity": identities[enter],
                "time": times[enter],
                "features": features[enter],
            }
        )
        if len(self.rows) > self.compact_at:
            # Moving 700 bytes a row is only worth it where a good part of them goes.
            if np.maximum(self._offered - self._size, 0).sum() > len(self.rows) // 4:
                self.compact()
            self.compact_at = max(65536, 2 * len(self.rows))

    def _extend_limit(self, accounts: int) -> None:
        if accounts > len(self._limit):
            larger = np.full(max(accounts, 2 * len(self._limit)), _NO_LIMIT, np.uint64)
            larger[: len(self._limit)] = self._limit
            self._limit = larger
            self._offered = np.concatenate([self._offered, np.zeros(len(larger) - len(self._offered), np.int64)])

    def chosen(self, owner: np.ndarray) -> np.ndarray:
        """Rows of the sample in order of (owner, identity), at most ``size`` an owner; nothing is moved.

        owner : int64, a number for the account of each row
        """
        # Calls equal in account and identity are equal in everything else: their order cannot matter.
        order = np.lexsort((self.rows["identity"], owner))
        sorted_owner = owner[order]
        place = np.arange(len(order)) - np.searchsorted(sorted_owner, sorted_owner, "left")
        return order[place < self._size]

    def compact(self) -> None:
        """Sort by (account, identity) and drop what is beyond ``size``."""
        rows = self.rows
        rows.keep(self.chosen(rows["account"]))
        accounts = rows["account"]
        place = np.arange(len(accounts)) - np.searchsorted(accounts, accounts, "left")
        full = place == self._size - 1
        self._extend_limit(int(accounts.max(initial=-1)) + 1)
        self._offered = np.bincount(rows["account"], minlength=len(self._limit))
        self._limit[accounts[full]] = rows["identity"][np.searchsorted(rows["account"], accounts[full], "right") - 1]

    def merge(self, other: CallSample, accounts: np.ndarray) -> None:
        """Union with another sample; ``accounts`` maps its account rows to this one's (-1: leave out)."""
        rows = other.rows
        owners = accounts[rows["account"]]
        kept = owners >= 0
        self.update(owners[kept], rows["identity"][kept], rows["time"][kept], rows["features"][kept])
