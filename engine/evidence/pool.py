"""The pool: today's accounts and the reference's together, and what several parts of evidence ask of them.

Everything here is of both sides alike, today's accounts first; a part that treated them differently would have no null.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from gauger.engine.common.settings import Settings
from gauger.engine.common.threads import lazy
from gauger.engine.evidence.feature_rows import FeatureRows
from gauger.engine.evidence.known_elsewhere import KnownElsewhere, SharedFinding
from gauger.engine.evidence.neighbours import Index, Whitener, units
from gauger.engine.evidence.sifting import PooledCalls, Sifting, sift
from gauger.engine.statistics.background import folds_of
from gauger.engine.statistics.population import Population

_PEERS = 40
_FILLED_APART = 0.5  # between the shares of both sides' accounts that have a statistic
SIFT_NEIGHBOURS = (20, 50, 100)


@dataclass(frozen=True)
class Neighbours:
    """Whom accounts resemble by the mean of all their calls."""

    whitener: Whitener
    index: Index  # of the accounts learnt from
    vectors: np.ndarray  # float32[accounts, d], whitened kernel means
    similarity: np.ndarray  # float32[accounts, k]
    rows: np.ndarray  # int64[accounts, k], nearest first


def _filled(values: np.ndarray) -> float:
    return 1.0 - float(np.isnan(values).mean())


@dataclass(frozen=True)
class Pool:
    """n of today's accounts and r of the reference's, all with calls enough to be weighed."""

    new: Population
    old: Population
    key: np.ndarray
    settings: Settings
    shared: tuple[SharedFinding, ...] = field(default=(), kw_only=True)  # of other providers

    @lazy
    def today(self) -> np.ndarray:
        """bool[n + r], whose account is today's."""
        return np.arange(len(self.new) + len(self.old)) < len(self.new)

    @lazy
    def _made(self) -> dict[str, np.ndarray]:
        return {}

    def once(self, name: str, make: Callable[[], np.ndarray]) -> np.ndarray:
        """What several parts ask for, made by the first that asks."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    @lazy
    def filled(self) -> dict[str, tuple[float, float]]:
        """Of each statistic that both sides know the share of today's and of the reference's accounts that have it."""
        new, old = self.new.statistics, self.old.statistics
        known = [name for name in new if name in old]
        return {name: (_filled(new[name]), _filled(old[name])) for name in known}

    @property
    def compared(self) -> list[str]:
        """Statistics that about as many accounts have on both sides.

        The others tell how the log was written: where no account of today's has an address, every account of the
        reference's would move unlike all of them, and each of today's would be odd beside it.
        """
        return [name for name, (today, earlier) in self.filled.items() if abs(today - earlier) <= _FILLED_APART]

    @lazy
    def statistics(self) -> dict[str, np.ndarray]:
        """float64[n + r] each, those that are compared."""
        new, old = self.new.statistics, self.old.statistics
        return {name: np.concatenate([new[name], old[name]]) for name in self.compared}

    def links(self, channel: int) -> tuple[np.ndarray, np.ndarray]:
        """Accounts, int64, and the values they were seen with, uint64, of a channel of ``state.links``."""
        parts = []
        for first, side in ((0, self.new), (len(self.new), self.old)):
            rows = side.link_channel == channel
            parts.append((side.link_owner[rows] + first, side.link_value[rows]))
        owner, value = (np.concatenate(column) for column in zip(*parts, strict=True))
        return owner, value

    @lazy
    def day(self) -> np.ndarray:
        """int64[n + r], number of the day each account is of; -1 for today's."""
        return np.concatenate([np.full(len(self.new), -1), self.old.day_of])

    @lazy
    def calls(self) -> PooledCalls:
        """Sampled calls of both sides."""
        new, old, n = self.new, self.old, len(self.new)
        return PooledCalls(
            features=FeatureRows(*((side.sample_features, side.sample_row) for side in (new, old))),
            owner=np.concatenate([new.sample_owner, old.sample_owner + n]),
            today=self.today,
            folds=folds_of(new.account_ids + old.account_ids, self.key),
            identity=np.concatenate([new.sample_identity, old.sample_identity]),
            background=old.background,
            foreground=new.background,
        )

    @lazy
    def neighbours(self) -> Neighbours:
        """Nearest accounts by whitened kernel means."""
        means = units([self.new.sums, self.old.sums])
        whitener = Whitener.fit(means[~self.today])
        index = Index(whitener.transform(means))
        return Neighbours(whitener, index, index.vectors, *index.search_all(max(self.settings.neighbours)))

    @lazy
    def sifting(self) -> Sifting:
        """What all rounds of sifting say."""
        return sift(self.calls, numbers=SIFT_NEIGHBOURS)

    @lazy
    def known_elsewhere(self) -> KnownElsewhere:
        """What the findings of other providers say; there is at least one."""
        return KnownElsewhere.among(self.calls, self.shared)

    @property
    def wanted(self) -> int:
        """How many of the first accounts are scored: here all of them."""
        return len(self.today)

    @property
    def peers(self) -> np.ndarray:
        """int64[wanted, k], whom each account resembles by its oddest calls, nearest first."""
        return self.sifting.last.neighbours[: self.wanted, :_PEERS]
