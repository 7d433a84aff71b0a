"""Which days of a run are kept, and which kept days go."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from gauger.engine.reference.retention import days_to_keep, expired, newest, substantial, tomorrow

DAY = date(2026, 3, 16)


def ago(days: int) -> date:
    return DAY - timedelta(days=days)


def test_tomorrow_is_by_the_clock() -> None:
    assert abs((tomorrow() - datetime.now(UTC).date()).days - 1) <= 1


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([100], [True]),
        ([99, 1], [True, True]),
        ([9_900, 99, 1], [True, False, False]),
        ([1] * 400, [True] * 400),
        ([3, *[2] * 400], [True, *[False] * 400]),
        ([], []),
    ],
)
def test_a_run_is_about_days_with_one_call_in_a_hundred(calls: list[int], expected: list[bool]) -> None:
    assert substantial(np.asarray(calls, np.int64)).tolist() == expected


def test_the_newest_day_is_not_in_the_future() -> None:
    assert newest([DAY, date(2100, 1, 1)]) == DAY
    assert newest([tomorrow(), DAY]) == tomorrow()
    assert newest([date(2100, 1, 1)]) is None
    assert newest([]) is None


def test_days_expire_by_the_newest_one() -> None:
    days = [ago(91), ago(90), ago(5), DAY]
    assert expired(days, 90) == [ago(91)]
    assert expired([*days, date(2100, 1, 1)], 90) == [ago(91)]
    assert expired([], 90) == []


def test_the_days_of_a_clean_run_are_kept_without_a_word() -> None:
    assert days_to_keep({ago(1): 50, DAY: 50}, [ago(7)], [ago(7)], 90) == ([ago(1), DAY], [])


def test_strays_are_not_kept_and_are_named() -> None:
    calls = {DAY: 10_000, ago(1): 3, **{date(1970, 1, 1) + timedelta(days=day): 1 for day in range(396)}}
    days, (sentence,) = days_to_keep(calls, [], [], 90)
    assert days == [DAY]
    assert sentence.startswith("not kept, less than one call in a hundred is of these days: 1970-01-01 (1 call), ")
    assert sentence.endswith("1970-01-05 (1 call), 392 days more (394 calls)")


def test_days_in_the_future_or_long_past_are_not_kept() -> None:
    calls = {DAY: 50, date(2100, 1, 1): 40, ago(91): 10}
    days, sentences = days_to_keep(calls, [], [], 90)
    assert days == [DAY]
    assert sentences == [
        "not kept, these days are in the future by the clock of this machine: 2100-01-01 (40 calls)",
        f"not kept, these days are more than 90 days older than the newest: {ago(91)} (10 calls)",
    ]


@pytest.mark.parametrize("replace", [False, True])
def test_a_day_that_is_kept_stays_unless_asked(replace: bool) -> None:
    days, sentences = days_to_keep({DAY: 50, ago(1): 50}, [ago(1)], [] if replace else [ago(1)], 90)
    assert days == ([ago(1), DAY] if replace else [DAY])
    said = f"kept already and left as they were, --replace-day would replace them: {ago(1)} (50 calls)"
    assert sentences == ([] if replace else [said])
