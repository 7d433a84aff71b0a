"""A unit: its accounts and all of their calls."""

import numpy as np

from gauger.engine.statistics.folded import UnitCalls, accounts_of, fold
from tests.engine import calls

CALLS = calls.some_calls(130, accounts=6, days=2, seed=4)
STATE = calls.state_of(CALLS, batch=50)


def test_accounts_and_calls_are_those_of_the_state() -> None:
    population, found = fold(STATE)
    calls.assert_same_population(population, accounts_of(STATE)[0])
    assert len(found) == len(CALLS)
    measures = calls.measure(calls.batch_of(CALLS))
    row = found.row
    assert sorted(row.tolist()) == list(range(len(CALLS)))
    assert [population.account_ids[owner] for owner in found.owner] == [CALLS[at]["account_id"] for at in row]
    assert found.time.tolist() == [CALLS[at]["start_time"] for at in row]
    assert set(found.file.tolist()) == {0}
    np.testing.assert_array_equal(found.prompt, measures.prompt_hashes[row])
    np.testing.assert_array_equal(found.flags, measures.flags[row])
    np.testing.assert_array_equal(found.novelty, measures.novelty[row])
    assert ((found.address == 0) == [CALLS[at]["client_address"] is None for at in row]).all()


def test_calls_can_be_chosen_and_given_other_owners() -> None:
    _, found = fold(STATE)
    kept = np.random.default_rng(1).random(len(found)) < 0.4
    some = found.select(kept)
    assert isinstance(some, UnitCalls)
    for name, values in vars(found).items():
        np.testing.assert_array_equal(getattr(some, name), values[kept], err_msg=name)
    again = some.owned_by(np.full(len(some), 9))
    assert set(again.owner.tolist()) == {9}
    assert again.row.tolist() == some.row.tolist()
