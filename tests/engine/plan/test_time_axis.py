"""The time axis lies around the bulk of a log, whatever single clocks say, and nothing outside it goes unsaid."""

from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest

from gauger.engine.common.settings import DAY_US, HOUR_US
from gauger.engine.plan.time_axis import TimeAxis, hourly, window
from gauger.engine.segments.segment import Account

DAY = (datetime(2026, 11, 16, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days
QUIET = SimpleNamespace(flagged=np.zeros(3, bool))


def account(hours: dict[int, int]) -> Account:
    return Account(hours=hours, window=(min(hours) * HOUR_US + 5, max(hours) * HOUR_US + 5))


@pytest.mark.parametrize(
    ("days", "first", "last"),
    [
        ({0: 5}, 0, 0),
        ({0: 5, 1: 5, 2: 5}, 0, 2),
        ({week * 7: 100 for week in range(200)}, 0, 199 * 7),  # every Monday, none of them a hundredth of all
        (dict.fromkeys(range(400), 9), 0, 399),
        ({0: 1, 50: 1}, 0, 50),  # too few to say which is the stray
        ({0: 10_000, 2: 1}, 0, 2),  # beside the bulk, not outside it
        ({0: 10_000, 30: 100}, 0, 30),
    ],
)
def test_a_log_without_strays_is_shown_whole(days: dict[int, int], first: int, last: int) -> None:
    axis = TimeAxis.of({DAY + day: calls for day, calls in days.items()})
    assert axis == TimeAxis(DAY + first, DAY + last, {})
    assert axis.record() is None
    assert axis.warning() == []


def test_strays_are_counted_and_named_and_move_nothing() -> None:
    strays = {int(day): 1 for day in np.linspace(DAY - 4_000, DAY + 27_000, 396) if abs(day - DAY) > 9}
    axis = TimeAxis.of({DAY: 20_000, DAY + 1: 5_070, **strays})
    assert (axis.first, axis.last) == (DAY, DAY + 1)
    assert axis.record() == {"calls": len(strays), "days": len(strays), "first": "2015-12-04", "last": "2100-10-19"}
    (sentence,) = axis.warning()
    assert sentence.startswith(f"{len(strays)} calls of {len(strays)} days between 2015-12-04 and 2100-10-19 lie")
    assert "2026-11-16 to 2026-11-17" in sentence


def test_a_chart_begins_with_the_bulk_and_not_with_the_first_stray() -> None:
    hours = {24 * (DAY - 3_000) + 7: 1, 24 * DAY + 3: 500, 24 * DAY + 5: 400, 24 * (DAY + 900): 1}
    found = hourly(account(hours), QUIET)
    assert found == {"start": "2026-11-16T03:00:00+00:00", "calls": [500, 0, 400], "flagged_calls": [0, 0, 0]}
    assert window(account(hours)) == {"start": "2026-11-16T03:00:00+00:00", "end": "2026-11-16T06:00:00+00:00"}


def test_flagged_calls_outside_are_in_no_chart() -> None:
    hours = {24 * (DAY - 3_000): 1, 24 * DAY + 3: 500, 24 * (DAY + 900): 1}
    times = np.asarray([(DAY - 3_000) * DAY_US, DAY * DAY_US + 3 * HOUR_US, (DAY + 900) * DAY_US])
    wanted = SimpleNamespace(of=lambda rows: SimpleNamespace(time=times[rows]))
    spread = SimpleNamespace(wanted=lambda families: wanted)
    found = hourly(account(hours), SimpleNamespace(flagged=np.ones(3, bool), spread=spread, families=None))
    assert found["flagged_calls"] == [1]


def test_without_strays_the_window_is_that_of_the_calls() -> None:
    hours = {24 * DAY + 3: 2, 24 * DAY + 4: 1}
    assert window(account(hours)) == {
        "start": "2026-11-16T03:00:00.000005+00:00",
        "end": "2026-11-16T04:00:00.000005+00:00",
    }


def test_a_log_of_years_has_a_chart_of_two_months() -> None:
    found = hourly(account({24 * (DAY + day): 1 for day in range(900)}), QUIET)
    assert len(found["calls"]) == len(found["flagged_calls"]) == 24 * 62


def test_no_call_no_axis() -> None:
    assert hourly(Account(), QUIET) is None
    assert window(Account()) is None
