"""Prompts in order of their hashes, and what a call is told by its prompt's hash."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger.engine.families import prompts as prompts_module
from gauger.engine.families.prompts import Belonging, KeptPrompts
from tests.engine import calls

CALLS = calls.some_calls(150, accounts=5, seed=6)
STATE = calls.state_of(CALLS, batch=40)


def grams_of_each() -> dict[tuple[int, int], list[int]]:
    """Frame grams of each prompt, by its hash."""
    measures = calls.measure(calls.batch_of(CALLS))
    ends = measures.gram_offsets
    return {
        (first, second): measures.grams[ends[row] : ends[row + 1]].tolist()
        for row, (first, second) in enumerate(measures.prompt_hashes.tolist())
    }


@pytest.mark.parametrize("sweep", [7, 65_536])
def test_prompts_are_those_of_the_state_in_order_of_hash(sweep: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompts_module, "_SWEEP", sweep)
    table, expected = KeptPrompts(STATE.prompts), grams_of_each()
    hashes = list(map(tuple, table.hashes.tolist()))
    assert hashes == sorted(expected)
    rows = STATE.prompts.rows
    place = [hashes.index(tuple(one)) for one in rows["hash"].tolist()]
    for name, column in (("signature", table.signatures), ("words", table.words), ("calls", table.calls)):
        np.testing.assert_array_equal(column[place], rows[name])
    found = {}
    for places, grams in table._slices():
        for at, place in enumerate(places.tolist()):
            found[hashes[place]] = grams.values[grams.offsets[at] : grams.offsets[at + 1]].tolist()
    assert found == expected
    for size in (0, 1, 9, len(hashes), len(hashes) + 5):
        sample = table.sample(size)
        ends = sample.offsets
        own = [sample.values[ends[row] : ends[row + 1]].tolist() for row in range(len(sample))]
        assert own == [expected[one] for one in hashes[:size]]


@dataclass
class Table:
    """As much of a table of prompts as ``Belonging`` asks for."""

    hashes: np.ndarray
    calls: np.ndarray


HALF = st.sampled_from([0, 1, 2, 7, 2**63, 2**64 - 1])


@given(st.dictionaries(st.tuples(HALF, HALF), st.tuples(st.integers(-1, 3), st.integers(1, 3)), max_size=14), st.data())
def test_a_call_is_told_what_a_dictionary_says(known: dict, data: st.DataObject) -> None:
    """Many prompts share the first half of their hash."""
    order = sorted(known)
    table = Table(np.asarray(order, np.uint64).reshape(-1, 2), np.asarray([known[one][1] for one in order], np.int64))
    belonging = Belonging(table, np.asarray([known[one][0] for one in order], np.int64))
    asked = data.draw(st.lists(st.tuples(HALF, HALF), max_size=20))
    groups, repeats = belonging.of(np.asarray(asked, np.uint64).reshape(-1, 2))
    assert (groups.dtype, repeats.dtype) == (np.int32, np.int32)
    # Calls are asked for by the prompts of their own day: of others nothing is known.
    assert list(zip(groups.tolist(), repeats.tolist(), strict=True)) == [known.get(one, (-1, 1)) for one in asked]
