"""Links: which addresses, networks, payments, clients and hours an account was seen with.

Of each channel an account row keeps the distinct values with the smallest keyed hashes (bottom-k: it merges). Accounts
that share a value share it in both samples with the same chance, so components and overlaps survive the sampling.
"""

from __future__ import annotations

import numpy as np

from gauger.engine.rows import Field, Rows

ADDRESS, NETWORK, PAYMENT, CLIENT, ORGANISATION, NETWORK_HOUR, PARAMETERS = range(7)
CHANNELS = (
    "client address",
    "network",
    "payment",
    "client fingerprint",
    "organisation",
    "network and hour",
    "request parameters",
)

FIELDS: dict[str, Field] = {"account": (np.int64, ()), "channel": (np.uint8, ()), "value": (np.uint64, ())}


class Links:
    """Distinct (account row, channel, value hash) triples, at most ``size`` values an account and channel."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.rows = Rows(FIELDS, 4096)
        self._compact_at = 262144

    def update(self, accounts: np.ndarray, channel: int, values: np.ndarray) -> None:
        """Add values (uint64 keyed hashes, 0 = null) of one channel."""
        known = np.flatnonzero(values != 0)
        order = known[np.lexsort((values[known], accounts[known]))]
        accounts, values = accounts[order], values[order]
        fresh = np.ones(len(order), bool)
        fresh[1:] = (accounts[1:] != accounts[:-1]) | (values[1:] != values[:-1])
        self._append(accounts[fresh], np.full(int(fresh.sum()), channel, np.uint8), values[fresh])

    def _append(self, accounts: np.ndarray, channels: np.ndarray, values: np.ndarray) -> None:
        self.rows.append({"account": accounts, "channel": channels, "value": values})
        if len(self.rows) > self._compact_at:
            self.compact()
            self._compact_at = max(262144, 2 * len(self.rows))

    def compact(self) -> None:
        """Sort by (account, channel, value), drop repeats and what is beyond ``size``."""
        rows = self.rows
        order = np.lexsort((rows["value"], rows["channel"], rows["account"]))
        group = rows["account"][order] * 256 + rows["channel"][order]
        value = rows["value"][order]
        fresh = np.ones(len(order), bool)
        fresh[1:] = (group[1:] != group[:-1]) | (value[1:] != value[:-1])
        order, group = order[fresh], group[fresh]
        place = np.arange(len(order)) - np.searchsorted(group, group, "left")
        rows.keep(order[place < self._size])

    def merge(self, other: Links, accounts: np.ndarray) -> None:
        """Union with other links; ``accounts`` maps their account rows to this one's (-1: leave out)."""
        rows = other.rows
        owners = accounts[rows["account"]]
        kept = owners >= 0
        self._append(owners[kept], rows["channel"][kept], rows["value"][kept])
