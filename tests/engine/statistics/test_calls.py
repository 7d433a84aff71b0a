"""Statistics from all calls of an account, each against its plain definition."""

import math
import statistics
from collections import Counter
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy

from gauger.engine.common.settings import DAY_US, HOUR_US, Settings
from gauger.engine.statistics.calls import (
    KINDS,
    call_statistics,
    normalised_entropy,
    repeat_pairs,
    session_gap_variation,
    week_hour_entropy,
)
from tests.engine import calls

QUICK = settings(max_examples=80, deadline=None, derandomize=True, database=None)
ITEMS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6)), max_size=40)
NAN = math.nan


def arrays(items: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([one for one, _ in items], np.int64), np.array([two for _, two in items], np.int64)


@given(items=ITEMS)
@QUICK
def test_normalised_entropy_is_that_of_scipy(items: list[tuple[int, int]]) -> None:
    found = normalised_entropy(*arrays(items), 4, 5)
    for owner in range(4):
        own = [kind for account, kind in items if account == owner]
        expected = NAN
        if len(own) >= 2:
            expected = min(1.0, entropy(list(Counter(own).values())) / math.log(min(5, len(own))))
        assert found[owner] == pytest.approx(expected, abs=1e-12, nan_ok=True)


@given(items=ITEMS)
@QUICK
def test_repeats_are_counted_over_pairs(items: list[tuple[int, int]]) -> None:
    found = repeat_pairs(*arrays(items), 4)
    for owner in range(4):
        pairs = list(combinations([prompt for account, prompt in items if account == owner], 2))
        expected = sum(left == right for left, right in pairs) / len(pairs) if pairs else NAN
        assert found[owner] == pytest.approx(expected, nan_ok=True)


@given(items=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 40).map(lambda n: n * 400_000_000)), max_size=40))
@QUICK
def test_pauses_are_the_gaps_of_more_than_half_an_hour(items: list[tuple[int, int]]) -> None:
    owner, times = arrays(items)
    found = session_gap_variation(owner, times, 3)
    for account in range(3):
        gaps = [(b - a) / 1e6 for a, b in pairwise(sorted(times[owner == account].tolist())) if b - a > 1_800_000_000]
        expected = statistics.pstdev(gaps) / statistics.fmean(gaps) if len(gaps) >= 3 else NAN
        assert found[account] == pytest.approx(expected, nan_ok=True, abs=1e-12)


def test_the_week_has_168_hours_from_monday_on() -> None:
    days = np.arange(14) * DAY_US + calls.MONDAY_US
    same_hour_of_week = np.array([days[0], days[7], days[0] + 1])
    two = np.array([days[0], days[1]])
    times, owner = np.concatenate([same_hour_of_week, two]), np.array([0, 0, 0, 1, 1])
    assert week_hour_entropy(owner, times, 2).tolist() == [0.0, 1.0]
    one_day = np.zeros(9, np.int64), np.arange(9) * HOUR_US + calls.MONDAY_US, 1
    assert np.isnan(week_hour_entropy(*one_day)).all()
    # Of a run of several days they say something, though these accounts called on one.
    monday = calls.MONDAY_US // DAY_US
    assert week_hour_entropy(*one_day, (monday, monday + 1)) == pytest.approx([1.0])
    assert np.isnan(week_hour_entropy(*one_day, (monday, monday))).all()
    assert week_hour_entropy(np.zeros(0, np.int64), np.zeros(0, np.int64), 2).shape == (2,)


LOG = calls.some_calls(120, accounts=3, days=2, seed=5)


def of_state(log: list[calls.Call], columns: tuple[str, ...] = calls.TEXT_COLUMNS, batch: int = 1000) -> dict:
    """Statistics by account, accounts in order of their ids, all days together."""
    state = calls.state_of(log, columns, batch=batch)
    names = sorted(set(state.accounts.account_ids))
    rows = np.array([names.index(name) for name in state.accounts.account_ids])
    return call_statistics(state, rows[state.ledger.rows["account"]], len(names))


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_no_order_or_split_changes_a_bit(batch: int) -> None:
    whole, found = of_state(LOG), of_state(LOG[::-1], batch=batch)
    for name, values in whole.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


def test_kinds_of_elicitation_are_counted_apart() -> None:
    texts = ["explain step by step", "as a judge say", "as a judge think out loud", "question answer pairs please"]
    log = [{**LOG[0], "row": row, "prompt_text": text, "account_id": "a"} for row, text in enumerate(texts)]
    found = of_state(log)
    assert [found[name][0] for name in KINDS] == [0.5, 0.5, 0.25]
    assert all(np.isnan(of_state(log, calls.ID_COLUMNS)[name]).all() for name in KINDS)


def test_novelty_is_a_mean_in_millionths() -> None:
    state = calls.state_of(LOG, settings=Settings())
    novelty = state.ledger.rows["novelty"]
    owner = np.zeros(len(novelty), np.int64)
    assert np.isnan(call_statistics(state, owner, 1)["novelty_mean"]).all()  # there is no reference
    novelty[:] = np.linspace(0.1, 9, len(novelty))
    novelty[5] = np.nan
    assert call_statistics(state, owner, 1)["novelty_mean"][0] == pytest.approx(float(np.nanmean(novelty)), abs=1e-6)


def test_calls_of_nobody_do_not_count() -> None:
    state = calls.state_of(LOG)
    found = call_statistics(state, np.full(len(LOG), -1), 2)
    assert all(np.isnan(values).all() and len(values) == 2 for values in found.values())
