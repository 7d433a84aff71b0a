"""A state folded: its accounts in canonical order with their statistics, and its calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from gauger.engine.common.settings import Settings
from gauger.engine.state.accounts import Accounts
from gauger.engine.state.contexts import Contexts, standing
from gauger.engine.state.links import Links
from gauger.engine.state.samples import CallSample
from gauger.engine.state.state import State
from gauger.engine.statistics.accounts import account_statistics
from gauger.engine.statistics.calls import call_statistics
from gauger.engine.statistics.links import component_sizes, link_statistics
from gauger.engine.statistics.population import Population
from gauger.engine.statistics.samples import SampledCalls, cell_coverage, cells_of, sample_statistics
from gauger.engine.statistics.shared_text import NO_COPIES, Copies, senders_of, with_senders


def population_of(
    state: State, panes: Sequence[int] | None = None, copies: Copies = NO_COPIES
) -> tuple[Population, np.ndarray]:
    """The accounts of some panes of a state (default: all), panes of one account merged.

    copies : texts of the day that are one

    Returns the population and the population row of each account row of the state (-1 outside the panes), int64.
    """
    found, owners = accounts_of(state, panes)
    return with_others(found, copies), owners


def with_others(population: Population, copies: Copies) -> Population:
    """The population, knowing also what takes all accounts of a day: who shares infrastructure and text with whom."""
    return with_senders(with_components(population), senders_of(population, copies))


def with_components(population: Population) -> Population:
    """The population with the sizes of what shared infrastructure joins."""
    sizes = component_sizes(population.link_owner, population.link_value, population.link_channel, len(population))
    return replace(population, statistics={**population.statistics, "component_accounts_log2": np.log2(sizes)})


def accounts_of(state: State, panes: Sequence[int] | None = None) -> tuple[Population, np.ndarray]:
    """``population_of`` without ``with_others``: each account by itself."""
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


@dataclass(frozen=True)
class UnitCalls:
    """c calls of a unit's accounts, in any order."""

    owner: np.ndarray  # int64[c], row of the unit's population
    file: np.ndarray  # int32[c]
    row: np.ndarray  # int64[c], of the file
    time: np.ndarray  # int64[c], microseconds
    prompt: np.ndarray  # uint64[c, 2], keyed hash
    flags: np.ndarray  # uint8[c], elicitation flags of the prompt
    identity: np.ndarray  # uint64[c]
    address: np.ndarray  # uint64[c], keyed hash, 0 = not known
    novelty: np.ndarray  # float32[c]

    def __len__(self) -> int:
        return len(self.owner)

    def owned_by(self, owner: np.ndarray) -> UnitCalls:
        """The calls with other numbers for their owners, int64[c]."""
        return replace(self, owner=owner)

    def select(self, kept: np.ndarray) -> UnitCalls:
        """The calls of a boolean mask."""
        return UnitCalls(*(getattr(self, field.name)[kept] for field in fields(self)))


def fold(state: State) -> tuple[Population, UnitCalls]:
    """The accounts of a state in order of id, panes of one account merged, and all calls."""
    population, owners = accounts_of(state)
    ledger, prompts = state.ledger.rows, state.prompts.rows
    prompt = ledger["prompt"]
    calls = UnitCalls(
        owner=owners[ledger["account"]],
        file=ledger["file"],
        row=ledger["row"],
        time=ledger["time"],
        prompt=prompts["hash"][prompt],
        flags=prompts["flags"][prompt],
        identity=ledger["identity"],
        address=ledger["address"],
        novelty=ledger["novelty"],
    )
    return population, calls
