"""Links: which addresses, networks, payments, clients and hours an account was seen with.

Of each channel an account row keeps the distinct values with the smallest keyed hashes (bottom-k: it merges). Accounts
that share a value share it in both samples with the same chance, so components and overlaps survive the sampling.
"""

from __future__ import annotations

import numpy as np

from gauger.engine.state.rows import Field, Rows
from gauger.kernels.accounts.accumulate import unseen_links

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

HUB_ACCOUNTS = 100  # a value more accounts share is infrastructure of the internet, not of a campaign

FIELDS: dict[str, Field] = {"account": (np.int64, ()), "channel": (np.uint8, ()), "value": (np.uint64, ())}
_CACHED = 1 << 18  # (account and channel, value) pairs


class Links:
    """Distinct (account row, channel, value hash) triples, at most ``size`` values an account and channel."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.rows = Rows(FIELDS, 4096)
        self._compact_at = 262144
        # What accounts were lately seen with: most calls repeat it, and most rows are never made.
        self._owners, self._seen = np.full(_CACHED, -1, np.int64), np.zeros(_CACHED, np.uint64)

    def update(self, accounts: np.ndarray, channel: int, values: np.ndarray) -> None:
        """Add values (uint64 keyed hashes, 0 = null) of one channel."""
        fresh = np.empty(len(values), np.int64)
        fresh = fresh[: unseen_links(accounts, channel, values, self._owners, self._seen, fresh)]
        self._append(accounts[fresh], np.full(len(fresh), channel, np.uint8), values[fresh])

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
