"""A population: the accounts of one window of time, one row each, in canonical order, ready to be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gauger.engine.common.settings import Settings
from gauger.engine.common.vectors import Features
from gauger.engine.state.accounts import Accounts
from gauger.engine.state.contexts import Contexts, standing
from gauger.engine.state.links import Links
from gauger.engine.state.samples import CallSample
from gauger.engine.state.state import State
from gauger.engine.statistics.accounts import account_statistics
from gauger.engine.statistics.background import Background
from gauger.engine.statistics.calls import call_statistics
from gauger.engine.statistics.links import component_sizes, link_statistics
from gauger.engine.statistics.samples import SampledCalls, cell_coverage, cells_of, sample_statistics
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
        )

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
            day=None if self.day is None else self.day[kept],
            sample_prompt=None if self.sample_prompt is None else self.sample_prompt[calls],
            sample_cell=None if self.sample_cell is None else self.sample_cell[calls],
        )


def population_of(state: State, panes: Sequence[int] | None = None) -> tuple[Population, np.ndarray]:
    """The accounts of some panes of a state (default: all), panes of one account merged.

    Returns the population and the population row of each account row of the state (-1 outside the panes), int64.
    """
    found, owners = accounts_of(state, panes)
    return with_components(found), owners


def with_components(population: Population) -> Population:
    """The population, knowing also what takes all accounts of a day: who shares infrastructure with whom."""
    sizes = component_sizes(population.link_owner, population.link_value, population.link_channel, len(population))
    return replace(population, statistics={**population.statistics, "component_accounts_log2": np.log2(sizes)})


def accounts_of(state: State, panes: Sequence[int] | None = None) -> tuple[Population, np.ndarray]:
    """``population_of`` without ``with_components``: each account by itself."""
    accounts, sample, contexts, links = _collapse(state, panes)
    links.compact()
    order = accounts.canonical_order()
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    owner = place[sample.rows["account"]]
    by_owner = sample.chosen(owner)
    link_owner = place[links.rows["account"]]
    by_link = np.lexsort((links.rows["value"], links.rows["channel"], link_owner))
    names = [accounts.account_ids[row] for row in order.tolist()]
    row_of = {name: row for row, name in enumerate(names)}
    chosen = _chosen(state, panes)
    owners = np.asarray(
        [row_of[name] if keep else -1 for name, keep in zip(state.accounts.account_ids, chosen, strict=True)], np.int64
    )
    sample_prompt = prompts_of(state, owners, owner[by_owner], sample.rows["identity"][by_owner])
    bare = Population(
        account_ids=names,
        calls=accounts.rows["calls"][order],
        sums=accounts.rows["sums"][order],
        statistics={},
        sample_owner=owner[by_owner],
        sample_identity=sample.rows["identity"][by_owner],
        sample_row=by_owner,
        sample_features=sample.rows["features"],
        link_owner=link_owner[by_link],
        link_channel=links.rows["channel"][by_link],
        link_value=links.rows["value"][by_link],
        sample_prompt=np.append(state.prompts.rows["hash"][:, 0], np.uint64(0))[sample_prompt],
        sample_cell=cells_of(by_owner, sample.rows["features"], state.secret.key),
    )
    times = sample.rows["time"][by_owner]
    statistics = account_statistics(accounts, sample.rows["account"][by_owner], times, state.columns)
    address_calls = accounts.rows["address_calls"][order]
    statistics = {name: values[order] for name, values in statistics.items()}
    statistics |= _more_statistics(bare, state, owners, sample, sample_prompt, address_calls)
    return _with_contexts(replace(bare, statistics=statistics), state, owners, contexts, place), owners


def _with_contexts(
    population: Population, state: State, owners: np.ndarray, contexts: Contexts, place: np.ndarray
) -> Population:
    """The accounts with their context texts beside their sampled calls, but what they say themselves or each time.

    Statistics are of calls. What an account sends is weighed as a whole: a text is as good as a call there.

    owners : population row of each account row of the state, -1 = none; place : that of each row of ``contexts``
    """
    contexts.compact()
    rows, ledger = contexts.rows, state.ledger.rows
    owner, identity = place[rows["account"]], rows["identity"]
    said = pairs(owners[ledger["account"]], state.prompts.rows["hash"][ledger["prompt"], 0])
    new = ~np.isin(pairs(owner, identity), said, kind="sort") & ~standing(owner, rows["calls"], population.calls)
    if not new.any():
        return population
    owner, identity, features = owner[new], identity[new], rows["features"][new]
    sums = population.sums.copy()
    np.add.at(sums, owner, features)
    owners_of = np.concatenate([population.sample_owner, owner])
    order = np.argsort(owners_of, kind="stable")
    cells = cells_of(np.arange(len(owner)), features, state.secret.key)
    assert population.sample_prompt is not None
    assert population.sample_cell is not None
    return replace(
        population,
        sums=sums,
        sample_owner=owners_of[order],
        sample_identity=np.concatenate([population.sample_identity, identity])[order],
        sample_row=order,
        sample_features=np.concatenate([population.sample_features[population.sample_row], features]),
        sample_prompt=np.concatenate([population.sample_prompt, np.zeros(len(owner), np.uint64)])[order],
        sample_cell=np.concatenate([population.sample_cell, cells])[order],
    )


def pairs(owner: np.ndarray, name: np.ndarray) -> np.ndarray:
    """Account and name as one number, uint64; owner : int64; name : uint64, a keyed hash."""
    with np.errstate(over="ignore"):
        return name ^ ((owner.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15))


def _more_statistics(
    population: Population,
    state: State,
    owners: np.ndarray,
    sample: CallSample,
    sample_prompt: np.ndarray,
    address_calls: np.ndarray,
) -> dict[str, np.ndarray]:
    """Statistics from calls, samples and links.

    owners : population row of each account row of the state
    sample : where the population's sampled calls are from; sample_prompt : prompt row of each
    """
    count, settings, prompts = len(population), state.settings, state.prompts.rows
    result = call_statistics(state, owners[state.ledger.rows["account"]], count)
    rows = population.sample_row
    calls = SampledCalls(
        population.sample_owner, population.sample_identity, sample.rows["time"][rows], rows, sample_prompt
    )
    features, similarity = sample.rows["features"], settings.near_duplicate_similarity
    result |= sample_statistics(calls, features, prompts["signature"], prompts["words"], count, similarity)
    assert population.sample_cell is not None
    result["cell_coverage"] = cell_coverage(population.sample_owner, population.sample_cell, count)
    links = (population.link_owner, population.link_channel, population.link_value)
    result |= link_statistics(*links, address_calls, settings.links_per_channel)
    return result


def prompts_of(state: State, owners: np.ndarray, owner: np.ndarray, identity: np.ndarray) -> np.ndarray:
    """Prompt row of each sampled call, found in the ledger by account and name; int64, -1 = not there.

    owners : int64, population row of each account row of the state; owner, identity : of each sampled call
    """
    ledger = state.ledger.rows
    if len(ledger) == 0:
        return np.full(len(owner), -1, np.int64)

    known = pairs(owners[ledger["account"]], ledger["identity"])
    wanted = pairs(owner, identity)
    order = np.argsort(known, kind="stable")
    found = order[np.minimum(np.searchsorted(known[order], wanted), len(order) - 1)]
    return np.where(known[found] == wanted, ledger["prompt"][found], -1)


def _chosen(state: State, panes: Sequence[int] | None) -> list[bool]:
    if panes is None:
        return [True] * len(state.accounts)
    return np.isin(state.accounts.rows["pane"], list(panes)).tolist()


def _collapse(state: State, panes: Sequence[int] | None) -> tuple[Accounts, CallSample, Contexts, Links]:
    """Merge the panes of each account. A window of one pane, the usual case, is used as it is."""
    present = np.unique(state.accounts.rows["pane"])
    if len(present) <= 1 and (panes is None or set(present.tolist()) <= set(panes)):
        return state.accounts, state.sample, state.contexts, state.links
    settings: Settings = state.settings
    accounts, sample, links = Accounts(settings), CallSample(settings.sample_calls), Links(settings.links_per_channel)
    contexts = Contexts(settings.sample_calls)
    rows = accounts.merge(state.accounts, into_pane=0, keep=np.asarray(_chosen(state, panes)))
    sample.merge(state.sample, rows)
    contexts.merge(state.contexts, rows)
    links.merge(state.links, rows)
    return accounts, sample, contexts, links
