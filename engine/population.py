"""A population: the accounts of one window of time, one row each, in canonical order, ready to be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gauger.engine.accounts import Accounts
from gauger.engine.links import Links
from gauger.engine.samples import CallSample
from gauger.engine.settings import Settings
from gauger.engine.state import State
from gauger.engine.statistics import account_statistics


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
    sample_features: np.ndarray  # int8[>= m, FEATURES], in any order: the state's own rows, not copied
    link_owner: np.ndarray  # int64[l], ascending
    link_channel: np.ndarray  # uint8[l]
    link_value: np.ndarray  # uint64[l]

    def __len__(self) -> int:
        return len(self.account_ids)

    def select(self, kept: np.ndarray) -> Population:
        """The accounts of a boolean mask, with their calls and links."""
        place = np.cumsum(kept) - 1
        calls, links = kept[self.sample_owner], kept[self.link_owner]
        return replace(
            self,
            account_ids=[name for name, keep in zip(self.account_ids, kept.tolist(), strict=True) if keep],
            calls=self.calls[kept],
            sums=self.sums[kept],
            statistics={name: values[kept] for name, values in self.statistics.items()},
            sample_owner=place[self.sample_owner[calls]],
            sample_identity=self.sample_identity[calls],
            sample_row=self.sample_row[calls],
            link_owner=place[self.link_owner[links]],
            link_channel=self.link_channel[links],
            link_value=self.link_value[links],
        )


def population_of(state: State, panes: Sequence[int] | None = None) -> tuple[Population, np.ndarray]:
    """The accounts of some panes of a state (default: all), panes of one account merged.

    Returns the population and the population row of each account row of the state (-1 outside the panes), int64.
    """
    accounts, sample, links = _collapse(state, panes)
    links.compact()
    order = accounts.canonical_order()
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    owner = place[sample.rows["account"]]
    by_owner = sample.chosen(owner)
    link_owner = place[links.rows["account"]]
    by_link = np.lexsort((links.rows["value"], links.rows["channel"], link_owner))
    sampled = (sample.rows["account"][by_owner], sample.rows["time"][by_owner])
    statistics = account_statistics(accounts, *sampled, state.columns)
    names = [accounts.account_ids[row] for row in order.tolist()]
    population = Population(
        account_ids=names,
        calls=accounts.rows["calls"][order],
        sums=accounts.rows["sums"][order],
        statistics={name: values[order] for name, values in statistics.items()},
        sample_owner=owner[by_owner],
        sample_identity=sample.rows["identity"][by_owner],
        sample_row=by_owner,
        sample_features=sample.rows["features"],
        link_owner=link_owner[by_link],
        link_channel=links.rows["channel"][by_link],
        link_value=links.rows["value"][by_link],
    )
    row_of = {name: row for row, name in enumerate(names)}
    chosen = _chosen(state, panes)
    owners = [row_of[name] if keep else -1 for name, keep in zip(state.accounts.account_ids, chosen, strict=True)]
    return population, np.asarray(owners, np.int64)


def _chosen(state: State, panes: Sequence[int] | None) -> list[bool]:
    if panes is None:
        return [True] * len(state.accounts)
    return np.isin(state.accounts.rows["pane"], list(panes)).tolist()


def _collapse(state: State, panes: Sequence[int] | None) -> tuple[Accounts, CallSample, Links]:
    """Merge the panes of each account. A window of one pane, the usual case, is used as it is."""
    present = np.unique(state.accounts.rows["pane"])
    if len(present) <= 1 and (panes is None or set(present.tolist()) <= set(panes)):
        return state.accounts, state.sample, state.links
    settings: Settings = state.settings
    accounts, sample, links = Accounts(settings), CallSample(settings.sample_calls), Links(settings.links_per_channel)
    rows = accounts.merge(state.accounts, into_pane=0, keep=np.asarray(_chosen(state, panes)))
    sample.merge(state.sample, rows)
    links.merge(state.links, rows)
    return accounts, sample, links
