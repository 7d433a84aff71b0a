"""A population: the accounts of one window of time, one row each, in canonical order, ready to be compared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gauger.engine.common.vectors import Features
from gauger.engine.statistics.background import Background
from gauger.kernels.text.features import FEATURES


@dataclass(frozen=True)
class ChannelLinks:
    """Links of one channel that join accounts: those to values that several have, few of a day's."""

    owner: np.ndarray  # int64[l], ascending
    distinct: np.ndarray  # uint64[v], the values, ascending
    code: np.ndarray  # int64[l], which of them
    degree: np.ndarray  # int64[v], accounts that have each value, at least two: an account has a value once
    present: np.ndarray  # bool[n], whether an account has any value at all

    @classmethod
    def of(cls, owner: np.ndarray, values: np.ndarray, accounts: int) -> ChannelLinks:
        """From all links of a channel; owner : int64[l], ascending; values : uint64[l]; accounts : how many."""
        distinct, code, degree = np.unique(values, return_inverse=True, return_counts=True)
        several = degree >= 2
        kept = several[code]
        number = np.cumsum(several) - 1
        present = np.zeros(accounts, bool)
        present[owner] = True
        return cls(owner[kept], distinct[several], number[code[kept]], degree[several], present)


@dataclass(frozen=True)
class Population:
    """n accounts, m sampled calls and l links of theirs."""

    account_ids: list[str]
    calls: np.ndarray  # int64[n]
    sums: np.ndarray  # int32[n, FEATURES], sum of feature blocks
    statistics: dict[str, np.ndarray]  # float64[n] each, NaN = not available
    sample_owner: np.ndarray  # int64[m], ascending
    sample_identity: np.ndarray  # uint64[m]
    sample_row: np.ndarray  # int64[m], row of each call in sample_features
    sample_features: Features  # int8[>= m, FEATURES], in any order: the state's own rows, not copied
    link_owner: np.ndarray  # int64[l], ascending
    link_channel: np.ndarray  # uint8[l]
    link_value: np.ndarray  # uint64[l]
    day: np.ndarray | None = None  # int64[n], number of the day each account is of; None = all of one
    background: Background | None = None  # of all the accounts of the stored days these were chosen from
    # Of a run's own accounts; a stored day does not say.
    sample_prompt: np.ndarray | None = None  # uint64[m], half of the prompt's hash, 0 = not known
    sample_cell: np.ndarray | None = None  # uint32[m], cell of the call's features
    # int32[m], of ``shared_text.Senders.of``: who sent the call's text too, and whether it counts; None: not known
    sample_senders: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.account_ids)

    @property
    def day_of(self) -> np.ndarray:
        """int64[n], number of the day each account is of."""
        return np.zeros(len(self), np.int64) if self.day is None else self.day

    @cached_property
    def channels(self) -> dict[int, ChannelLinks]:
        """Links by channel, values numbered: what is asked again for each finding."""
        return {
            channel: ChannelLinks.of(self.link_owner[rows], self.link_value[rows], len(self))
            for channel in np.unique(self.link_channel).tolist()
            if len(rows := np.flatnonzero(self.link_channel == channel))
        }

    def with_features(self, features: Features) -> Population:
        """The population with the features of its own sampled calls alone, int8[m, FEATURES], in their order."""
        return replace(self, sample_features=features, sample_row=np.arange(len(features)))

    def arranged(self, order: np.ndarray) -> Population:
        """The accounts in another order, int64[n]; their calls and links follow them."""
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        calls = np.argsort(place[self.sample_owner], kind="stable")
        links = np.argsort(place[self.link_owner], kind="stable")
        return replace(
            self,
            account_ids=[self.account_ids[row] for row in order.tolist()],
            calls=self.calls[order],
            sums=self.sums[order],
            statistics={name: values[order] for name, values in self.statistics.items()},
            sample_owner=place[self.sample_owner[calls]],
            sample_identity=self.sample_identity[calls],
            sample_row=self.sample_row[calls],
            link_owner=place[self.link_owner[links]],
            link_channel=self.link_channel[links],
            link_value=self.link_value[links],
            day=None,
            sample_prompt=None if self.sample_prompt is None else self.sample_prompt[calls],
            sample_cell=None if self.sample_cell is None else self.sample_cell[calls],
            sample_senders=None if self.sample_senders is None else self.sample_senders[calls],
        )

    def links_of(self, accounts: np.ndarray) -> np.ndarray:
        """Rows of the links of some accounts, int64."""
        first, last = (np.searchsorted(self.link_owner, accounts, side) for side in ("left", "right"))
        sizes = last - first
        return np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes) + np.repeat(first, sizes)

    def bare(self) -> Population:
        """The accounts and their statistics, without calls and links: cheap to select from again and again."""
        nothing = slice(0, 0)
        return replace(
            self.without_calls(),
            link_owner=self.link_owner[nothing],
            link_channel=self.link_channel[nothing],
            link_value=self.link_value[nothing],
        )

    def without_calls(self) -> Population:
        """The accounts with their statistics and links, without anything of their calls."""
        nothing = slice(0, 0)
        return replace(
            self,
            sums=self.sums[:, nothing],
            sample_owner=self.sample_owner[nothing],
            sample_identity=self.sample_identity[nothing],
            sample_row=self.sample_row[nothing],
            sample_features=np.zeros((0, FEATURES), np.int8),
            sample_prompt=None,
            sample_cell=None,
            sample_senders=None,
        )

    def with_calls(self, kept: np.ndarray) -> Population:
        """The accounts with those of their sampled calls that a boolean mask names."""
        return replace(
            self,
            sample_owner=self.sample_owner[kept],
            sample_identity=self.sample_identity[kept],
            sample_row=self.sample_row[kept],
            sample_prompt=None if self.sample_prompt is None else self.sample_prompt[kept],
            sample_cell=None if self.sample_cell is None else self.sample_cell[kept],
            sample_senders=None if self.sample_senders is None else self.sample_senders[kept],
        )

    def select(self, kept: np.ndarray) -> Population:
        """The accounts of a boolean mask, with their calls and links."""
        place = np.cumsum(kept) - 1
        calls, links = kept[self.sample_owner], kept[self.link_owner]
        return replace(
            self.with_calls(calls),
            account_ids=[name for name, keep in zip(self.account_ids, kept.tolist(), strict=True) if keep],
            calls=self.calls[kept],
            sums=self.sums[kept],
            statistics={name: values[kept] for name, values in self.statistics.items()},
            sample_owner=place[self.sample_owner[calls]],
            link_owner=place[self.link_owner[links]],
            link_channel=self.link_channel[links],
            link_value=self.link_value[links],
            day=None if self.day is None else self.day[kept],
        )
