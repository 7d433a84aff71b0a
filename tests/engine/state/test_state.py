"""The state's algebra: the same calls give the same bytes and the same population, however they came."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauger.engine.common.errors import StateError
from gauger.engine.common.settings import Settings
from gauger.engine.state.state import State
from gauger.engine.statistics.folded import population_of
from tests.engine import calls

CALLS = calls.some_calls(80, days=3, seed=11)
QUICK = settings(max_examples=30, deadline=None, derandomize=True, database=None)


WHOLE = {columns: calls.state_of(CALLS, columns) for columns in (calls.TEXT_COLUMNS, calls.ID_COLUMNS)}
WHOLE_BYTES = {columns: calls.bytes_of(state) for columns, state in WHOLE.items()}
WHOLE_POPULATION = {columns: population_of(state)[0] for columns, state in WHOLE.items()}


Batch = list[calls.Call]


@dataclass(frozen=True)
class History:
    """How calls came to be in one state."""

    batches: list[list[Batch]]  # those each of a few states takes in
    merges: list[tuple[int, int]]  # then which state takes in which, until one is left
    last: Batch  # what that one takes in at the end


@st.composite
def histories(draw: Any) -> History:
    order = draw(st.permutations(range(len(CALLS))))
    bounds = [0, *sorted(draw(st.lists(st.integers(0, len(CALLS)), max_size=8))), len(CALLS)]
    *batches, last = [[CALLS[row] for row in order[low:high]] for low, high in pairwise(bounds)]
    states: list[list[Batch]] = [[] for _ in range(draw(st.integers(1, 4)))]
    for batch in batches:
        states[draw(st.integers(0, len(states) - 1))].append(batch)
    alive, merges = list(range(len(states))), []
    while len(alive) > 1:
        into, other = draw(st.permutations(alive))[:2]
        merges.append((into, other))
        alive.remove(other)
    return History(states, merges, last)


def replay(history: History, columns: Sequence[str]) -> State:
    """The one state that is left."""
    states = [calls.new_state() for _ in history.batches]
    for state, batches in zip(states, history.batches, strict=True):
        for batch in batches:
            calls.fold(state, batch, columns)
    for into, other in history.merges:
        states[into].merge(states[other])
    return calls.fold(states[history.merges[-1][0] if history.merges else 0], history.last, columns)


@pytest.mark.parametrize("columns", list(WHOLE), ids=["text", "token ids"])
@given(history=histories())
@QUICK
def test_any_order_split_and_merge_tree_gives_the_same_bytes_and_population(
    columns: tuple[str, ...], history: History
) -> None:
    state = replay(history, columns)
    calls.assert_same_population(population_of(state)[0], WHOLE_POPULATION[columns])
    assert calls.bytes_of(state) == WHOLE_BYTES[columns]


@pytest.mark.parametrize("batch", [1, 2, 3, 13, 79, 80])
def test_any_batch_size_gives_the_same_bytes(batch: int) -> None:
    assert calls.bytes_of(calls.state_of(CALLS, batch=batch)) == WHOLE_BYTES[calls.TEXT_COLUMNS]


def test_the_order_of_files_does_not_matter() -> None:
    states = []
    for order in (1, -1):
        state = calls.new_state()
        for file, part in [(0, CALLS[:30]), (1, CALLS[30:])][::order]:
            calls.take_in(state, part, file=file, rows=range(len(part)))
        states.append(state)
    assert states[0].ledger.rows["file"].tolist() != states[1].ledger.rows["file"].tolist()
    assert calls.bytes_of(states[0]) == calls.bytes_of(states[1])


@pytest.mark.parametrize("merges", [["ab", "ac"], ["cb", "ac"], ["ba", "cb"]])
def test_merge_is_commutative_and_associative(merges: list[str]) -> None:
    states = {name: calls.state_of(CALLS[start::3]) for start, name in enumerate("abc")}
    for into, other in merges:
        states[into].merge(states[other])
    assert calls.bytes_of(states[merges[-1][0]]) == WHOLE_BYTES[calls.TEXT_COLUMNS]


def test_an_empty_state_is_the_identity_of_merge() -> None:
    state, empty, nothing = calls.state_of(CALLS), calls.new_state(), calls.new_state()
    nothing.merge(calls.new_state())
    assert calls.bytes_of(nothing) == calls.bytes_of(calls.new_state())
    state.merge(nothing)
    empty.merge(calls.state_of(CALLS))
    assert calls.bytes_of(state) == calls.bytes_of(empty) == WHOLE_BYTES[calls.TEXT_COLUMNS]


def test_merge_leaves_the_other_state_as_it_was() -> None:
    left, right = calls.state_of(CALLS[:40]), calls.state_of(CALLS[40:])
    before = calls.bytes_of(right)
    left.merge(right)
    calls.fold(left, CALLS)
    assert calls.bytes_of(right) == before


def test_a_call_seen_twice_counts_twice() -> None:
    state = calls.state_of(CALLS)
    state.merge(calls.state_of(CALLS))
    once = WHOLE_POPULATION[calls.TEXT_COLUMNS]
    twice = population_of(state)[0]
    assert twice.calls.tolist() == (2 * once.calls).tolist()
    assert twice.sums.tolist() == (2 * once.sums).tolist()


@pytest.mark.parametrize("other", ["Describe the RIVER", "describe the river\n"], ids=["case", "white space"])
def test_two_spellings_of_a_prompt_may_come_in_any_order(other: str) -> None:
    """Also when a client retries within a microsecond, and a sample has room for one of the two."""
    texts, tight = ("describe the river", other), Settings(sample_calls=1)
    at_once = [{**CALLS[0], "row": row, "prompt_text": text} for row, text in enumerate(texts)]
    apart = [{**CALLS[row], "prompt_text": text} for row, text in enumerate(texts)]
    for both, settings_ in ((at_once, tight), (apart, calls.SETTINGS)):
        one, two = (calls.state_of(both[::turn], settings=settings_) for turn in (1, -1))
        assert calls.bytes_of(one) == calls.bytes_of(two)


def test_update_says_which_prompt_each_call_has() -> None:
    texts = [call["prompt_text"].lower() for call in CALLS]
    first_seen = list(dict.fromkeys(texts))
    assert calls.take_in(calls.new_state(), CALLS).tolist() == [first_seen.index(text) for text in texts]


def test_the_ledger_has_a_row_for_each_call() -> None:
    state = calls.state_of(CALLS, batch=9)
    rows = state.ledger.rows
    assert rows["row"].tolist() == [call["row"] for call in CALLS]
    assert rows["time"].tolist() == [call["start_time"] for call in CALLS]
    names = [state.accounts.account_ids[row] for row in rows["account"].tolist()]
    assert names == [call["account_id"] for call in CALLS]
    hashes = [tuple(state.prompts.rows["hash"][row].tolist()) for row in rows["prompt"].tolist()]
    texts = [call["prompt_text"].lower() for call in CALLS]
    assert len(set(zip(hashes, texts, strict=True))) == len(set(hashes)) == len(set(texts))
    known = [call["client_address"] is not None for call in CALLS]
    assert (rows["address"] != 0).tolist() == known


def test_rows_not_named_are_numbered_in_order_of_arrival() -> None:
    state = calls.new_state()
    for part in (CALLS[:3], CALLS[3:10]):
        calls.take_in(state, part)
    assert state.ledger.rows["row"].tolist() == list(range(10))
    assert set(state.ledger.rows["file"].tolist()) == {0}


def test_equal_calls_have_equal_identities_and_others_do_not() -> None:
    identities = WHOLE[calls.TEXT_COLUMNS].ledger.rows["identity"].tolist()
    what = [(call["account_id"], call["start_time"], call["prompt_text"].lower()) for call in CALLS]
    assert len(set(zip(identities, what, strict=True))) == len(set(identities)) == len(set(what)) < len(CALLS)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (State(calls.Secret(b"another key here"), calls.SETTINGS), "different keys"),
        (State(calls.SECRET, Settings()), "different settings"),
        (calls.state_of(CALLS, calls.ID_COLUMNS), "cannot take token ids"),
    ],
    ids=["key", "settings", "content"],
)
def test_states_that_do_not_fit_are_refused_and_leave_no_trace(other: State, message: str) -> None:
    state = calls.state_of(CALLS)
    with pytest.raises(StateError, match=message) as caught:
        state.merge(other)
    assert "\n" not in str(caught.value)
    assert calls.bytes_of(state) == WHOLE_BYTES[calls.TEXT_COLUMNS]


@pytest.mark.parametrize(("first", "second"), [(0, 1), (1, 0)])
def test_text_and_token_ids_never_mix(first: int, second: int) -> None:
    kinds = (calls.TEXT_COLUMNS, calls.ID_COLUMNS)
    state = calls.state_of(CALLS, kinds[first])
    batch = calls.batch_of(CALLS[:3], kinds[second])
    with pytest.raises(StateError, match=r"use another state$"):
        state.update(batch, calls.measure(batch))
    assert calls.bytes_of(state) == WHOLE_BYTES[kinds[first]]


def test_columns_are_the_union_of_those_seen() -> None:
    state = calls.state_of(CALLS[:5], calls.BARE_COLUMNS)
    other = calls.state_of(CALLS[5:9], (*calls.BARE_COLUMNS, "client_address"))
    state.merge(other)
    assert state.columns == {*calls.BARE_COLUMNS, "client_address"}
    assert state.content == "text"


def test_what_is_held_is_accounted_for_by_part_and_row() -> None:
    state = WHOLE[calls.TEXT_COLUMNS]
    sizes, held = state.nbytes(), {part["part"]: part for part in state.held()}
    assert set(sizes) == {"accounts", "prompts", "grams_on_disk", "sample", "contexts", "links", "words", "ledger"}
    assert all(size > 0 for name, size in sizes.items() if name != "contexts")
    assert sizes["words"] == 2 * 4 * 2**16 + 2**14
    assert sum(sizes.values()) < 32 * 2**20
    assert held["accounts"]["rows"] == len(state.accounts)
    assert held["prompts"]["rows"] == held["grams on disk"]["rows"] == len(state.prompts)
    assert held["ledger"]["rows"] == len(state.ledger.rows)
    for part in held.values():
        assert part["bytes"] == pytest.approx(part["rows"] * part["row_bytes"], rel=0.01)
    assert held["ledger"]["row_bytes"] == 56
