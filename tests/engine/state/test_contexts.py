"""Context texts: the smallest hashes of each account, counted in full, whatever order they come in."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gauger.engine.common.settings import Settings
from gauger.engine.state.contexts import Contexts, standing
from gauger.engine.statistics.folded import population_of
from gauger.kernels.text.features import FEATURES
from tests.engine import calls

SENT = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 11), st.integers(1, 3)), max_size=60)


def features_of(identities: list[int]) -> np.ndarray:
    return np.repeat(np.asarray(identities, np.int8).reshape(-1, 1), FEATURES, axis=1)


def sample(sent: list[tuple[int, int, int]], size: int = 5) -> Contexts:
    found = Contexts(size)
    for account, identity, carried in sent:
        one = np.asarray([account]), np.asarray([identity], np.uint64), np.asarray([carried])
        found.update(*one, features_of([identity]))
    return found


def held(found: Contexts) -> list[tuple[int, int, int]]:
    found.compact()
    rows = found.rows
    np.testing.assert_array_equal(rows["features"], features_of(rows["identity"].tolist()))
    return list(zip(*(rows[name].tolist() for name in ("account", "identity", "calls")), strict=True))


def naive(sent: list[tuple[int, int, int]], size: int = 5) -> list[tuple[int, int, int]]:
    counted: Counter[tuple[int, int]] = Counter()
    for account, identity, carried in sent:
        counted[account, identity] += carried
    chosen = []
    for account in sorted({account for account, _ in counted}):
        own = sorted(identity for other, identity in counted if other == account)[:size]
        chosen += [(account, identity, counted[account, identity]) for identity in own]
    return chosen


@given(SENT, st.integers(0, 60))
def test_the_smallest_of_each_account_counted_in_full(sent: list[tuple[int, int, int]], cut: int) -> None:
    assert held(sample(sent)) == naive(sent)
    found, other = sample(sent[:cut]), sample(sent[cut:])
    found.compact()
    other.compact()
    found.merge(other, np.arange(4))
    assert held(found) == naive(sent)


def test_accounts_that_are_left_out_bring_nothing() -> None:
    found = Contexts(5)
    found.merge(sample([(0, 1, 1), (1, 2, 1)]), np.asarray([-1, 7]))
    assert held(found) == [(7, 2, 1)]


def test_standing_texts_are_those_of_a_good_part_of_the_calls_and_few() -> None:
    owner, carried = np.asarray([0] * 6 + [1, 1]), np.asarray([20, 20, 6, 9, 12, 5, 2, 3])
    assert standing(owner, carried, np.asarray([20, 4])).tolist() == [True, True, False, True, True, False, False, True]


def test_nothing_depends_on_batches_or_order() -> None:
    some = calls.some_calls(80, days=2, seed=9)
    whole = calls.bytes_of(calls.state_of(some, calls.WHOLE_COLUMNS))
    state = calls.new_state()
    for start in range(79, -1, -20):
        calls.fold(state, some[max(0, start - 19) : start + 1][::-1], calls.WHOLE_COLUMNS)
    assert calls.bytes_of(state) == whole
    first, second = (calls.fold(calls.new_state(), some[half::2], calls.WHOLE_COLUMNS) for half in (0, 1))
    second.merge(first)
    assert calls.bytes_of(second) == whole


def test_a_population_has_the_texts_that_its_accounts_do_not_say_themselves() -> None:
    some = [
        {
            "row": row,
            "start_time": calls.MONDAY_US + row * 1_000_000,
            "account_id": "a",
            "prompt_text": f"What is the height of tower {row}, please?",
            "context_texts": [
                "You are a guide to towers.",  # each time
                f"What is the height of tower {row - 1}, please?",  # said before
                f"Compare the towers of number {row} and their bells.",
            ],
        }
        for row in range(6)
    ]
    columns = ("start_time", "account_id", "prompt_text", "context_texts")
    bare = [{**call, "context_texts": None} for call in some]
    plain, whole = (population_of(calls.state_of(one, columns, settings=Settings()))[0] for one in (bare, some))
    assert len(plain.sample_owner) == 6
    assert len(whole.sample_owner) == 6 + 6 + 1  # the towers compared, and the height of the one before the first
    added = whole.sample_features[whole.sample_row[6:]].astype(np.int64).sum(axis=0)
    assert (whole.sums[0] - plain.sums[0] == added).all()
    for name, values in plain.statistics.items():
        np.testing.assert_array_equal(values, whole.statistics[name], err_msg=name)
