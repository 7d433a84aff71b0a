"""Statistics: each formula against its plain definition on small accounts; what is absent is NaN, never zero."""

from __future__ import annotations

import itertools
import math
import statistics
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauger.engine.common.settings import DAY_US, HOUR_US, Settings
from gauger.engine.state.state import State
from gauger.engine.statistics.accounts import account_statistics, gap_statistics
from tests.engine import calls

QUICK = settings(max_examples=60, deadline=None, derandomize=True, database=None)
SECOND_US = 1_000_000
# Nine calls: unequal gaps, a pair at one instant, an hour with several, two addresses, every outcome.
STARTS_S = [0, 10, 10, 75, 400, 3700, 3800, 30_000, 86_000]
PROMPTS = ["one", "two words", "two words", "Three words, see", "one", "as a judge say", "a b c d e f", "x y", "last"]
HAND_MADE = [
    {
        "row": row,
        "start_time": calls.MONDAY_US + start * SECOND_US,
        "account_id": "hand-made",
        "prompt_text": text,
        "prompt_token_ids": [row],
        "account_created_at": calls.MONDAY_US - 36 * HOUR_US,
        "client_address": f"192.0.2.{row % 2}" if row < 8 else None,
        "conversation_id": f"conversation {row // 2}",
        "user_agent_original": "curl/8",
        "request_model": "large",
        "request_temperature": 0.5 * (row % 3),
        "request_choice_count": 4 if row == 2 else 1,
        "request_stream": row < 3 if row != 8 else None,
        "request_logprobs": row == 4,
        "response_finish_reasons": ["length"] if row in (1, 5) else ["stop"],
        "usage_output_tokens": None if row == 0 else 5 * row * row,
        "error_type": "timeout" if row == 7 else None,
        "accepted": row % 4 == 0,
    }
    for row, (start, text) in enumerate(zip(STARTS_S, PROMPTS, strict=True))
]
ONE = [{**HAND_MADE[3], "account_id": "one call"}]


def statistics_of(state: State) -> dict[str, dict[str, float]]:
    """Statistics of each account of a state of one pane, by name."""
    state.sample.compact()
    found = account_statistics(state.accounts, state.sample.rows["account"], state.sample.rows["time"], state.columns)
    assert {values.dtype for values in found.values()} == {np.dtype(np.float64)}
    names = state.accounts.account_ids
    return {name: {key: float(values[row]) for key, values in found.items()} for row, name in enumerate(names)}


def of_one(log: list[calls.Call], columns: Sequence[str] = calls.TEXT_COLUMNS) -> dict[str, float]:
    """Statistics of the one account of a log."""
    (found,) = statistics_of(calls.state_of(log, columns, settings=Settings())).values()
    return found


FOUND = statistics_of(calls.state_of([*HAND_MADE, *ONE], settings=Settings()))
MINE, LONE = FOUND["hand-made"], FOUND["one call"]


def variation(values: Sequence[float]) -> float:
    return statistics.pstdev(values) / statistics.fmean(values)


def entropy(values: list) -> float:
    shares = [count / len(values) for count in Counter(values).values()]
    return -sum(share * math.log(share) for share in shares)


def naive_statistics() -> dict[str, float]:
    words = [len(text.split()) for text in PROMPTS]
    tokens = [5.0 * row * row for row in range(1, 9)]
    hours = [start // 3600 for start in STARTS_S]
    gaps = [float(later - earlier) for earlier, later in itertools.pairwise(STARTS_S)]
    return {
        "calls_log2": math.log2(9),
        "distinct_ratio": 7 / 9,
        "words_mean": statistics.fmean(words),
        "words_variation": variation(words),
        "hour_entropy": entropy(hours) / math.log(9),
        "active_hours": len(set(hours)) / 9,
        "gap_variation": variation(gaps),
        # Of eight gaps the upper of the two in the middle, so that it is a gap that happened.
        "gap_median_s": statistics.median_high(gaps),
        "burstiness": (variation(gaps) - 1) / (variation(gaps) + 1),
        "output_tokens_mean": statistics.fmean(tokens),
        "output_tokens_variation": variation(tokens),
        "elicitation_share": 1 / 9,
        "addresses_per_call": 2 / 8,
        "conversations_per_call": 5 / 9,
        "user_agents_per_call": 1 / 9,
        "parameter_sets_per_call": 3 / 9,
        "truncated_share": 2 / 9,
        "truncation_variance": statistics.variance([1.0] * 2 + [0.0] * 7),
        "acceptance_variance": statistics.variance([1.0] * 3 + [0.0] * 6),
        "error_share": 1 / 9,
        "logprobs_share": 1 / 9,
        "many_choices_share": 1 / 9,
        "accepted_share": 3 / 9,
        "streamed_share": 3 / 8,
        "account_age_days": 1.5,
    }


@pytest.mark.parametrize(("name", "value"), list(naive_statistics().items()))
def test_a_statistic_is_what_its_formula_says(name: str, value: float) -> None:
    assert MINE[name] == pytest.approx(value, rel=1e-12)


def test_within_similarity_is_the_mean_over_all_pairs() -> None:
    """Inner products of two different calls, by the mean squared norm of one; no statistic but this goes untested."""
    assert set(MINE) == {*naive_statistics(), "within_similarity"}
    blocks = calls.measure(calls.batch_of(HAND_MADE)).features.astype(np.int64)
    pairs = [int(left @ right) for left, right in itertools.combinations(blocks, 2)]
    norms = [int(block @ block) for block in blocks]
    assert MINE["within_similarity"] == pytest.approx(statistics.fmean(pairs) / statistics.fmean(norms), rel=1e-12)
    same = of_one([{**HAND_MADE[0], "row": row} for row in range(5)])
    assert same["within_similarity"] == pytest.approx(1.0, rel=1e-12)
    assert same["hour_entropy"] == 0.0  # all in one hour


NEEDS_TWO_CALLS = {
    "within_similarity", "words_variation", "hour_entropy", "gap_variation", "gap_median_s", "burstiness",
    "output_tokens_variation", "truncation_variance", "acceptance_variance",
}  # fmt: skip


def test_one_call_has_no_spread() -> None:
    assert {name for name, value in LONE.items() if math.isnan(value)} == NEEDS_TWO_CALLS
    assert (LONE["calls_log2"], LONE["distinct_ratio"], LONE["active_hours"]) == (0.0, 1.0, 1.0)


FROM_COLUMN = {
    "output_tokens_mean": "usage_output_tokens",
    "output_tokens_variation": "usage_output_tokens",
    "addresses_per_call": "client_address",
    "conversations_per_call": "conversation_id",
    "user_agents_per_call": "user_agent_original",
    "parameter_sets_per_call": "request_temperature",
    "truncated_share": "response_finish_reasons",
    "truncation_variance": "response_finish_reasons",
    "acceptance_variance": "accepted",
    "error_share": "error_type",
    "logprobs_share": "request_logprobs",
    "many_choices_share": "request_choice_count",
    "accepted_share": "accepted",
    "streamed_share": "request_stream",
    "account_age_days": "account_created_at",
}


@pytest.mark.parametrize(("name", "column"), list(FROM_COLUMN.items()))
def test_an_absent_column_or_one_of_nulls_is_not_available_and_never_zero(name: str, column: str) -> None:
    """Apart from errors and parameters, where null says something: no error, the default."""
    absent, alone = of_one(HAND_MADE, calls.BARE_COLUMNS), of_one(HAND_MADE, (*calls.BARE_COLUMNS, column))
    assert math.isnan(absent[name])
    assert not math.isnan(alone[name])
    others = {key for key in MINE if FROM_COLUMN.get(key, column) != column}
    assert all(math.isnan(alone[key]) for key in others)
    nulls = of_one([{**call, column: None} for call in HAND_MADE])[name]
    assert math.isnan(nulls) == (name not in ("error_share", "parameter_sets_per_call"))
    assert name != "error_share" or nulls == 0.0


def test_token_ids_cannot_say_what_was_asked_for_and_no_age_is_negative() -> None:
    found = of_one(HAND_MADE, calls.ID_COLUMNS)
    assert math.isnan(found["elicitation_share"])
    assert found["distinct_ratio"] == 1.0
    skewed = [{**call, "account_created_at": calls.MONDAY_US + DAY_US} for call in HAND_MADE]
    assert of_one(skewed)["account_age_days"] == 0.0


def naive_gaps(times: list[int]) -> tuple[float, float, float]:
    gaps = [(later - earlier) / SECOND_US for earlier, later in itertools.pairwise(sorted(times))]
    if len(times) < 4 or sum(gaps) == 0:
        return math.nan, 0.0 if len(times) >= 4 else math.nan, math.nan
    spread = variation(gaps)
    return spread, statistics.median_high(gaps), (spread - 1) / (spread + 1)


@given(sampled=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 10**6).map(lambda ms: ms * 1000)), max_size=50))
@QUICK
def test_gap_statistics_of_any_sample(sampled: list[tuple[int, int]]) -> None:
    owners, times = (np.array([pair[i] for pair in sampled], np.int64) for i in (0, 1))
    found = np.stack(gap_statistics(owners, times, 5), axis=1)
    expected = [naive_gaps([time for owner, time in sampled if owner == account]) for account in range(5)]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("gaps", "burstiness"), [([60] * 12, -1.0), ([1] * 300 + [10**6], 0.89)])
def test_burstiness_tells_clockwork_from_bursts(gaps: list[int], burstiness: float) -> None:
    times = np.cumsum([0, *gaps]) * SECOND_US
    found = gap_statistics(np.zeros(len(times), np.int64), times, 1)[2]
    assert found[0] == pytest.approx(burstiness, abs=0.005)


def test_evenly_spread_calls_have_full_hour_entropy() -> None:
    hourly = [{**HAND_MADE[0], "row": hour, "start_time": calls.MONDAY_US + hour * HOUR_US} for hour in range(24)]
    for log in (hourly, hourly * 2):
        assert of_one(log)["hour_entropy"] == pytest.approx(1.0, rel=1e-12)
    assert of_one(hourly)["active_hours"] == 1.0
