"""Accounts: every number of a row against a plain recount of its calls, whatever the batches and merges."""

import math

import numpy as np
import pyarrow as pa
import pytest

from gauger.engine.common.settings import DAY_US, HOUR_US, Settings
from gauger.engine.intake.elicitation import PHRASES
from gauger.engine.state.accounts import ADDED_UP, DISTINCT, Accounts, fields
from gauger.engine.state.state import State
from gauger.kernels.sketches import hyperloglog as hll
from tests.engine import calls
from tests.engine.state.test_metadata import COUNTED

CALLS = calls.some_calls(150, days=3, seed=5)
GROUPS = calls.by_account_and_pane(CALLS)
# HyperLogLog with 2^8 registers: relative standard error 1.04 / sqrt(256); five of them.
DENSE_ERROR = 5 * 1.04 / math.sqrt(hll.COLUMN_REGISTERS)


def halves_merged() -> State:
    left, right = calls.state_of(CALLS[::2]), calls.state_of(CALLS[1::2], batch=7)
    left.merge(right)
    return left


def rows_of(state: State) -> dict[tuple[str, int], int]:
    rows = {pair: state.accounts.row_of(*pair) for pair in GROUPS}
    assert len(state.accounts) == len(GROUPS)
    assert sorted(rows.values()) == list(range(len(GROUPS)))
    return rows


STATES = {"one batch": calls.state_of(CALLS), "batches of 7": calls.state_of(CALLS, batch=7), "merged": halves_merged()}
EVERY_WAY = pytest.mark.parametrize("state", list(STATES.values()), ids=list(STATES))


def elicits(call: calls.Call) -> bool:
    words = " ".join("".join(c if c.isalnum() else " " for c in call["prompt_text"].lower()).split())
    return any(f" {phrase} " in f" {words} " for group in PHRASES.values() for phrase in group)


@EVERY_WAY
def test_every_number_of_a_row_is_a_recount(state: State) -> None:
    table, rules = state.accounts.rows, {**COUNTED, "elicitations": elicits}
    assert set(rules) == set(ADDED_UP)
    assert sum(map(elicits, CALLS)) > 10
    for (name, pane), row in rows_of(state).items():
        group = GROUPS[name, pane]
        times, words = [call["start_time"] for call in group], [len(call["prompt_text"].split()) for call in group]
        created, tokens = (
            [call[column] for call in group if call[column] is not None]
            for column in ("account_created_at", "usage_output_tokens")
        )
        assert (state.accounts.account_ids[row], table["pane"][row], table["calls"][row]) == (name, pane, len(group))
        assert (table["first"][row], table["last"][row]) == (min(times), max(times))
        assert table["created"][row] == min(created, default=0)
        assert {name: int(table[name][row]) for name in ADDED_UP} == {
            name: sum(map(rule, group)) for name, rule in rules.items()
        }
        for moments, values in (("words", words), ("output_tokens", tokens)):
            assert table[moments][row].tolist() == [len(values), sum(values), sum(value**2 for value in values)]
        hours = [time // HOUR_US % 24 for time in times]
        assert table["hours"][row].tolist() == [hours.count(hour) for hour in range(24)]
        blocks = calls.measure(calls.batch_of(group)).features.astype(object)
        assert table["sums"][row].tolist() == blocks.sum(axis=0).tolist()
        assert table["squares"][row] == (blocks**2).sum()


PARAMETERS = ("request_model", "request_temperature", "request_top_p", "request_max_tokens")
VALUES = {
    "prompts": lambda call: call["prompt_text"].lower(),
    "addresses": lambda call: call["client_address"],
    "conversations": lambda call: call["conversation_id"],
    "user_agents": lambda call: call["user_agent_original"],
    "parameters": lambda call: tuple(call[name] for name in PARAMETERS),
}


@EVERY_WAY
@pytest.mark.parametrize("name", DISTINCT)
def test_distinct_counts(state: State, name: str) -> None:
    estimates = state.accounts.distinct(name)
    counts = {pair: len({VALUES[name](call) for call in group} - {None}) for pair, group in GROUPS.items()}
    assert name != "prompts" or max(counts.values()) > hll.SPARSE, "nothing would be said of the dense form"
    for pair, row in rows_of(state).items():
        if counts[pair] <= hll.SPARSE:
            assert estimates[row] == counts[pair]
        else:
            assert estimates[row] == pytest.approx(counts[pair], rel=DENSE_ERROR)


@pytest.mark.parametrize("batch", [1000, 37])
def test_a_thousand_addresses_are_counted_within_the_error_of_the_sketch(batch: int) -> None:
    wandering = [
        {**call, "account_id": "a", "start_time": calls.MONDAY_US, "client_address": f"10.0.{row // 250}.{row % 250}"}
        for row, call in enumerate(calls.some_calls(1000))
    ]
    state = calls.state_of(wandering, ("start_time", "account_id", "client_address", "prompt_text"), batch=batch)
    assert state.accounts.distinct("addresses")[0] == pytest.approx(1000, rel=DENSE_ERROR)


def test_absent_columns_leave_their_numbers_untouched() -> None:
    rows = calls.state_of(CALLS, calls.BARE_COLUMNS).accounts.rows
    for name in (*(set(ADDED_UP) - {"elicitations"}), "created", "output_tokens"):
        assert not rows[name].any(), name
    for name in set(DISTINCT) - {"prompts"}:
        assert not rows[f"{name}_count"].any(), name


def test_token_ids_make_the_same_rows() -> None:
    """All but what only text has: features, words of phrases, distinct texts."""
    text, ids = calls.state_of(CALLS), calls.state_of(CALLS, calls.ID_COLUMNS)
    assert text.accounts.account_ids == ids.accounts.account_ids
    for name in set(fields()) - {"elicitations", "sums", "squares", "prompts_count", "prompts_sparse", "prompts_dense"}:
        np.testing.assert_array_equal(text.accounts.rows[name], ids.accounts.rows[name], err_msg=name)
    assert not ids.accounts.rows["elicitations"].any()


@pytest.mark.parametrize("pane_us", [HOUR_US, DAY_US, 7 * DAY_US])
def test_rows_for_names_account_and_pane(pane_us: int) -> None:
    table = Accounts(Settings(pane_us=pane_us))
    names = pa.array([call["account_id"] for call in CALLS])
    times = np.array([call["start_time"] for call in CALLS])
    rows = table.rows_for(names, times)
    pairs = [(call["account_id"], call["start_time"] // pane_us) for call in CALLS]
    assert rows.tolist() == [table.row_of(*pair) for pair in pairs]
    assert len(table) == len(set(pairs))
    np.testing.assert_array_equal(table.rows_for(names, times), rows)


def test_no_calls_make_no_rows_and_times_before_the_epoch_fall_in_negative_panes() -> None:
    table = Accounts(Settings())
    assert table.rows_for(pa.array([], pa.string()), np.zeros(0, np.int64)).tolist() == []
    assert (len(table), table.row_of("account-0", 0)) == (0, None)
    table.rows_for(pa.array(["a", "a"]), np.array([-1, 0]))
    assert (table.row_of("a", -1), table.row_of("a", 0)) == (0, 1)


def test_panes_fall_together_as_if_the_pane_had_been_wider() -> None:
    narrow = calls.state_of(CALLS).accounts
    wide_settings = Settings(pane_us=7 * DAY_US)
    wide = calls.state_of(CALLS, settings=wide_settings).accounts
    merged = Accounts(wide_settings)
    pane = int(wide.rows["pane"][0])
    rows = merged.merge(narrow, into_pane=pane)
    assert [merged.account_ids[row] for row in rows] == narrow.account_ids
    mine, theirs = merged.canonical_order(), wide.canonical_order()
    assert [merged.account_ids[row] for row in mine] == [wide.account_ids[row] for row in theirs]
    for name in set(fields()) - {f"{name}_sparse" for name in DISTINCT}:
        np.testing.assert_array_equal(merged.rows[name][mine], wide.rows[name][theirs], err_msg=name)


def test_merge_takes_only_the_rows_kept() -> None:
    other = calls.state_of(CALLS).accounts
    keep = other.rows["pane"] == calls.MONDAY_US // DAY_US
    table = Accounts(Settings())
    rows = table.merge(other, keep=keep)
    assert rows[~keep].tolist() == [-1] * int((~keep).sum())
    assert [table.account_ids[row] for row in rows[keep]] == np.array(other.account_ids)[keep].tolist()
    for name in fields():
        np.testing.assert_array_equal(table.rows[name][rows[keep]], other.rows[name][keep], err_msg=name)


def test_canonical_order_is_by_account_then_pane() -> None:
    table = Accounts(Settings())
    table.rows_for(pa.array(["b", "a", "b", "a", "ä", "B"]), np.array([5, 2, 1, 9, 0, 3]) * DAY_US)
    order = table.canonical_order().tolist()
    pairs = [(table.account_ids[row], int(table.rows["pane"][row])) for row in order]
    assert pairs == [("B", 3), ("a", 2), ("a", 9), ("b", 1), ("b", 5), ("ä", 0)]


def test_restore_finds_the_rows_again() -> None:
    table, other = calls.state_of(CALLS).accounts, Accounts(Settings())
    other.rows.append({name: table.rows[name] for name in fields()})
    other.restore(list(table.account_ids))
    assert [other.row_of(*pair) for pair in GROUPS] == [table.row_of(*pair) for pair in GROUPS]
