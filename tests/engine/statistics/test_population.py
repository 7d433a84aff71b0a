"""A population is the accounts of a window in canonical order: panes merged, samples and links with their owners."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger.engine.common.settings import DAY_US, Settings
from gauger.engine.state.state import State
from gauger.engine.statistics.folded import accounts_of, population_of, prompts_of, with_others
from gauger.engine.statistics.population import ChannelLinks, Population
from gauger.engine.statistics.shared_text import NO_COPIES, SHARED_TEXT
from tests.engine import calls

CALLS = calls.some_calls(140, accounts=5, days=3, seed=8)
STATE = calls.state_of(CALLS)
MONDAY = calls.MONDAY_US // DAY_US
WINDOWS = pytest.mark.parametrize(
    "panes", [None, [MONDAY], [MONDAY, MONDAY + 2], [MONDAY, MONDAY + 1, MONDAY + 2, MONDAY + 99]]
)
WIDE = Settings(**{**calls.SETTINGS.__dict__, "pane_us": 100 * DAY_US})


def within(panes: list[int] | None) -> list[calls.Call]:
    return [call for call in CALLS if panes is None or call["start_time"] // DAY_US in panes]


@WINDOWS
def test_a_window_is_what_an_engine_of_one_wide_pane_saw(panes: list[int] | None) -> None:
    population, _ = population_of(STATE, panes)
    wide, _ = population_of(calls.state_of(within(panes), settings=WIDE))
    calls.assert_same_population(population, wide)


@WINDOWS
def test_accounts_come_once_in_the_order_of_their_ids_and_rows_of_the_state_are_mapped(panes: list[int] | None) -> None:
    population, owners = population_of(STATE, panes)
    names = [call["account_id"] for call in within(panes)]
    assert population.account_ids == sorted(set(names))
    assert population.calls.tolist() == [names.count(name) for name in population.account_ids]
    assert len(population) == len(set(names))
    assert owners.dtype == np.int64
    for row, owner in enumerate(owners.tolist()):
        inside = panes is None or STATE.accounts.rows["pane"][row] in panes
        assert (owner >= 0) == inside
        assert not inside or population.account_ids[owner] == STATE.accounts.account_ids[row]


@WINDOWS
def test_the_sample_is_the_naive_bottom_k_of_each_account(panes: list[int] | None) -> None:
    population, _ = population_of(STATE, panes)
    ledger = STATE.ledger.rows
    for row, name in enumerate(population.account_ids):
        mine = [number for number, call in enumerate(CALLS) if call in within(panes) and call["account_id"] == name]
        smallest = sorted(ledger["identity"][mine].tolist())[: calls.SETTINGS.sample_calls]
        assert population.sample_identity[population.sample_owner == row].tolist() == smallest
    assert np.all(np.diff(population.sample_owner) >= 0)


def test_links_are_sorted_and_bounded() -> None:
    population, _ = population_of(STATE)
    columns = (population.link_owner, population.link_channel, population.link_value)
    links = list(zip(*(column.tolist() for column in columns), strict=True))
    assert links == sorted(set(links))
    groups = [link[:2] for link in links]
    assert max(groups.count(group) for group in set(groups)) == calls.SETTINGS.links_per_channel


def test_an_order_of_arrival_leaves_no_trace_and_asking_changes_nothing() -> None:
    state = calls.state_of(CALLS[::-1], batch=11)
    first, owners = population_of(state)
    calls.assert_same_population(population_of(STATE)[0], first)
    calls.fold(state, [])
    second, again = population_of(state)
    calls.assert_same_population(first, second)
    assert owners.tolist() == again.tolist()


def test_a_state_without_calls_has_no_accounts() -> None:
    population, owners = population_of(calls.new_state())
    assert (len(population), len(owners)) == (0, 0)
    assert {len(values) for values in population.statistics.values()} == {0}


@pytest.mark.parametrize("state", [STATE, calls.state_of(within([MONDAY]))], ids=["three panes", "one pane"])
@pytest.mark.parametrize("panes", [[], [MONDAY + 50]])
def test_a_window_nobody_called_in_is_empty(state: State, panes: list[int]) -> None:
    population, owners = population_of(state, panes)
    assert len(population) == len(population.sample_owner) == len(population.link_owner) == 0
    assert set(owners.tolist()) == {-1}


def facts(population: Population) -> dict[str, tuple]:
    """What a population says of each account, free of row numbers."""
    found = {}
    for row, name in enumerate(population.account_ids):
        sample, links = population.sample_owner == row, population.link_owner == row
        found[name] = (
            int(population.calls[row]),
            population.sums[row].tolist(),
            {key: values[row].tobytes() for key, values in population.statistics.items()},
            population.sample_identity[sample].tolist(),
            population.sample_features[population.sample_row[sample]].tolist(),
            population.link_channel[links].tolist(),
            population.link_value[links].tolist(),
        )
    return found


@pytest.mark.parametrize("bits", range(2**5))
def test_select_takes_accounts_with_all_that_is_theirs(bits: int) -> None:
    population, _ = population_of(STATE)
    kept = np.array([bool(bits >> row & 1) for row in range(5)])
    selected, mine = population.select(kept), kept[population.sample_owner]
    expected = facts(population)
    assert facts(selected) == {name: expected[name] for name, keep in zip(expected, kept.tolist(), strict=True) if keep}
    assert len(selected) == kept.sum()
    assert len(selected.sample_owner) == mine.sum()
    for name in ("sample_prompt", "sample_cell"):
        np.testing.assert_array_equal(getattr(selected, name), getattr(population, name)[mine])


def test_components_and_senders_take_all_accounts_of_a_day_and_the_rest_is_of_each_by_itself() -> None:
    alone, owners = accounts_of(STATE)
    whole, same = population_of(STATE)
    assert owners.tolist() == same.tolist()
    calls.assert_same_population(with_others(alone, NO_COPIES), whole)
    assert set(whole.statistics) - set(alone.statistics) == {"component_accounts_log2", SHARED_TEXT}


def test_accounts_can_be_put_in_another_order_with_all_that_is_theirs() -> None:
    population, _ = population_of(STATE)
    order = np.array([3, 0, 4, 2, 1])
    arranged = population.arranged(order)
    assert arranged.account_ids == [population.account_ids[row] for row in order]
    assert facts(arranged) == facts(population)
    for owner in (arranged.sample_owner, arranged.link_owner):
        assert np.all(np.diff(owner) >= 0)
    calls.assert_same_population(arranged.arranged(np.argsort(order)), population)


def test_links_of_some_accounts_are_their_rows() -> None:
    population, _ = population_of(STATE)
    for accounts in ([], [2], [0, 3, 4], list(range(5))):
        rows = population.links_of(np.asarray(accounts, np.int64))
        assert rows.tolist() == np.flatnonzero(np.isin(population.link_owner, accounts)).tolist()


def test_a_population_without_calls_has_its_links_and_a_bare_one_statistics_alone() -> None:
    population, _ = population_of(STATE)
    without, bare = population.without_calls(), population.bare()
    assert without.link_value.tolist() == population.link_value.tolist()
    assert len(bare.link_owner) == len(bare.sample_owner) == len(without.sample_owner) == 0
    assert without.statistics.keys() == bare.statistics.keys() == population.statistics.keys()
    assert bare.select(np.arange(5) > 2).account_ids == population.account_ids[3:]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 12)), max_size=40, unique=True))
def test_links_of_a_channel_are_those_to_values_that_several_have(pairs: list[tuple[int, int]]) -> None:
    pairs.sort()
    owner, values = (np.asarray([pair[side] for pair in pairs], np.int64) for side in (0, 1))
    links = ChannelLinks.of(owner, values.astype(np.uint64), 10)
    holders = {value: [one for one, other in pairs if other == value] for _, value in pairs}
    several = sorted(value for value, accounts in holders.items() if len(accounts) > 1)
    assert links.distinct.tolist() == several
    assert links.degree.tolist() == [len(holders[value]) for value in several]
    kept = [(account, value) for account, value in pairs if value in several]
    assert list(zip(links.owner.tolist(), links.distinct[links.code].tolist(), strict=True)) == kept
    assert np.flatnonzero(links.present).tolist() == sorted({account for account, _ in pairs})


@WINDOWS
def test_sampled_calls_know_their_prompts(panes: list[int] | None) -> None:
    population, owners = population_of(STATE, panes)
    ledger, hashes = STATE.ledger.rows, STATE.prompts.rows["hash"][:, 0]
    sent = {
        (call["account_id"], int(identity)): int(hashes[prompt])
        for call, identity, prompt in zip(CALLS, ledger["identity"], ledger["prompt"], strict=True)
    }
    names = [population.account_ids[owner] for owner in population.sample_owner]
    sampled = zip(names, population.sample_identity, strict=True)
    assert population.sample_prompt.tolist() == [sent[name, int(identity)] for name, identity in sampled]
    for state in (STATE, calls.new_state()):  # of a call that is not in the ledger nothing is known
        assert prompts_of(state, owners, np.array([0]), np.array([1], np.uint64)).tolist() == [-1]
