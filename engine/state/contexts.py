"""Context texts an account sends: those of the smallest keyed hashes, each once, with the calls that carried it.

A bottom-k sample of a set, as ``samples`` is of calls: it merges, and no order of arrival changes it. A text that left
never comes back, so what is counted of those that stay is counted in full.
"""

from __future__ import annotations

import numpy as np

from gauger.engine.state.rows import Field, Rows
from gauger.kernels.text.features import FEATURES

FIELDS: dict[str, Field] = {
    "account": (np.int64, ()),  # row of the account table
    "identity": (np.uint64, ()),  # half of the keyed hash of the text
    "calls": (np.int64, ()),  # that carried it
    "features": (np.int8, (FEATURES,)),
}
# A text that a good part of an account's calls carry is what its app says each time. Of each account a few such texts
# are left out: a harness has no more, and what is beyond them may be a campaign that resends its texts.
_STANDING_SHARE, _STANDING_CALLS_MIN, _STANDING_MAX = 0.25, 3, 4


class Contexts:
    """At most ``size`` texts of each account row."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.rows = Rows(FIELDS, 1024)
        self._compact_at = 65_536

    def update(self, accounts: np.ndarray, identities: np.ndarray, calls: np.ndarray, features: np.ndarray) -> None:
        """Offer texts with the calls that carry each; features : int8[n, FEATURES]."""
        if len(accounts) == 0:
            return
        self.rows.append({"account": accounts, "identity": identities, "calls": calls, "features": features})
        if len(self.rows) > self._compact_at:
            self.compact()
            self._compact_at = max(65_536, 2 * len(self.rows))

    def compact(self) -> None:
        """Sort by (account, identity), add up what is the same text, and drop what is beyond ``size``."""
        rows = self.rows
        if len(rows) == 0:
            return
        order = np.lexsort((rows["identity"], rows["account"]))
        account, identity = rows["account"][order], rows["identity"][order]
        fresh = np.ones(len(order), bool)
        fresh[1:] = (account[1:] != account[:-1]) | (identity[1:] != identity[:-1])
        starts = np.flatnonzero(fresh)
        calls = np.add.reduceat(rows["calls"][order], starts)
        place = np.arange(len(starts)) - np.searchsorted(account[starts], account[starts], "left")
        kept = place < self._size
        rows.keep(order[starts[kept]])
        rows["calls"][:] = calls[kept]

    def merge(self, other: Contexts, accounts: np.ndarray) -> None:
        """Union with others; ``accounts`` maps their account rows to this one's (-1: leave out)."""
        rows = other.rows
        owners = accounts[rows["account"]]
        kept = owners >= 0
        self.update(owners[kept], rows["identity"][kept], rows["calls"][kept], rows["features"][kept])


def standing(owner: np.ndarray, carried: np.ndarray, calls: np.ndarray) -> np.ndarray:
    """Which texts are what an account's app says each time. Bool, one a text.

    owner : int64[n], account of each text; carried : int64[n], calls that carried it; calls : int64[accounts], of each
    """
    often = carried >= np.maximum(_STANDING_CALLS_MIN, np.ceil(_STANDING_SHARE * calls[owner]))
    order = np.lexsort((np.arange(len(owner)), -carried, owner))
    sorted_owner = owner[order]
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order)) - np.searchsorted(sorted_owner, sorted_owner, "left")
    return often & (rank < _STANDING_MAX)
