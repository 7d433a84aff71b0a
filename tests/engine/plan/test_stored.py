"""A day on disk says what the day of a state says that saw the same calls, in whatever units."""

from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from gauger.engine.common import shards, threads
from gauger.engine.common.errors import StateError
from gauger.engine.common.settings import DAY_US
from gauger.engine.plan import measure, stored
from gauger.engine.plan.day import StateDay
from gauger.engine.plan.stored import StoredDay, shards_of
from gauger.engine.segments.work import Work
from gauger.engine.statistics.folded import UnitCalls
from gauger.engine.statistics.population import Population
from tests.engine import calls
from tests.engine.plan.working import measured, parts_of, working

CALLS = calls.some_calls(260, accounts=25, days=3, seed=21)
MONDAY = calls.MONDAY_US // DAY_US
COLUMNS = {
    "text": calls.TEXT_COLUMNS,
    "ids": calls.ID_COLUMNS,
    "bare": calls.BARE_COLUMNS,
    "whole": calls.WHOLE_COLUMNS,
}


@pytest.fixture(
    scope="module", params=[("text", 1_000), ("text", 70), ("text", 1), ("ids", 70), ("bare", 70), ("whole", 40)]
)
def days(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[StoredDay, StateDay, Work]]:
    """The day of a work directory of several segments, that of a state, and the directory."""
    columns, unit_calls = request.param
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "_UNIT_CALLS", unit_calls)
        patch.setattr(measure, "SEGMENT_ROWS", 90)
        patch.setattr(measure, "BLOCK_ROWS", 25)
        patch.setattr(stored, "_FOLD_ROWS", 16)
        with working(tmp_path_factory.mktemp("stored") / "work") as work:
            measured(work, parts_of(CALLS, COLUMNS[columns], rows=30))
            state = calls.new_state()
            for file in (0, 1):
                own = CALLS[file::2]
                calls.take_in(state, own, COLUMNS[columns], file=file, rows=[call["row"] for call in own])
            yield StoredDay(work, calls.SECRET, calls.SETTINGS), StateDay(state), work


Days = tuple[StoredDay, StateDay, Work]


def assert_same_calls(found: UnitCalls, expected: UnitCalls) -> None:
    orders = [np.lexsort((one.row, one.file)) for one in (found, expected)]
    for field in fields(UnitCalls):
        mine, theirs = (getattr(one, field.name)[order] for one, order in zip((found, expected), orders, strict=True))
        np.testing.assert_array_equal(mine, theirs, err_msg=field.name)


def assert_same_accounts(found: Population, expected: Population) -> None:
    """Accounts as ``People.accounts`` gives them: without calls."""
    assert found.account_ids == expected.account_ids
    np.testing.assert_array_equal(found.calls, expected.calls)
    assert found.statistics.keys() == expected.statistics.keys()
    for name, values in expected.statistics.items():
        np.testing.assert_array_equal(found.statistics[name], values, err_msg=name)
    order = np.lexsort((found.link_value, found.link_channel, found.link_owner))
    for name in ("link_owner", "link_channel", "link_value"):
        np.testing.assert_array_equal(getattr(found, name)[order], getattr(expected, name), err_msg=name)


def same(found: Population, expected: Population) -> None:
    """Populations of some accounts by themselves: who is joined with whom takes all of a day."""
    names = sorted(set(expected.statistics) - {"component_accounts_log2"})
    assert set(names) <= set(found.statistics) <= set(expected.statistics)
    both = [replace(one, statistics={name: one.statistics[name] for name in names}) for one in (found, expected)]
    if found.sample_prompt is None:  # those gathered from several units say less of their calls
        both = [replace(one, sample_prompt=None, sample_cell=None) for one in both]
    calls.assert_same_population(*both)


def test_what_a_day_is(days: Days) -> None:
    found, expected, _ = days
    assert (found.is_text, found.has_addresses) == (expected.is_text, expected.has_addresses)
    assert found.panes == expected.panes == [MONDAY, MONDAY + 1, MONDAY + 2]
    assert found.people.units == expected.people.units == shards.units_of(len(CALLS))
    assert found.key.tobytes() == expected.key.tobytes()


def test_people_are_those_of_the_state(days: Days) -> None:
    found, expected = days[0].people, days[1].people
    assert found.account_ids == expected.account_ids
    assert_same_accounts(found.accounts, expected.accounts)
    np.testing.assert_array_equal(found.totals.direction, expected.totals.direction)
    np.testing.assert_array_equal(found.totals.background.count, expected.totals.background.count)
    np.testing.assert_array_equal(found.totals.background.total, expected.totals.background.total)
    for mine, theirs in zip(found.sampled(), expected.sampled(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_units_are_those_of_the_state(days: Days) -> None:
    found, expected, _ = days
    for number in range(found.units):
        np.testing.assert_array_equal(found.people.rows(number), expected.people.rows(number))
        loaded = found.people.load(number)
        assert loaded.sample_prompt is not None
        same(loaded, expected.people.load(number))
        assert_same_calls(found.calls(number), expected.calls(number))
        for mine, theirs in zip(found.people.sampled_of(number), expected.people.sampled_of(number), strict=True):
            np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("rows", [[], [0], [1, 5, 6, 22], list(range(23))])
def test_some_accounts_are_gathered(days: Days, rows: list[int]) -> None:
    found, expected, asked = days[0].people, days[1].people, np.asarray(rows, np.int64)
    same(found.gather(asked), expected.gather(asked))
    np.testing.assert_array_equal(found.sums(asked), expected.sums(asked))


def test_panes_are_those_of_the_state(days: Days) -> None:
    found, expected, _ = days
    assert found.calls_of_panes == expected.calls_of_panes
    groups = [[pane] for pane in sorted(found.calls_of_panes)]
    for mine, theirs in zip(found.of_panes(groups), expected.of_panes(groups), strict=True):
        assert_same_accounts(mine.accounts, theirs.accounts)
        everybody = np.arange(len(theirs.calls))
        same(mine.gather(everybody), theirs.gather(everybody))
        np.testing.assert_array_equal(mine.totals.background.total, theirs.totals.background.total)


def test_units_that_are_there_are_not_folded_again(days: Days, monkeypatch: pytest.MonkeyPatch) -> None:
    found, _, work = days
    monkeypatch.setattr(stored, "folded", None)
    again = StoredDay(work, calls.SECRET, calls.SETTINGS)
    assert_same_accounts(again.people.accounts, found.people.accounts)


def test_threads_change_no_byte_of_a_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "_UNIT_CALLS", 70)
    written = []
    for workers in (1, 3):
        with working(tmp_path / str(workers)) as work, threads.use(workers):
            measured(work, parts_of(CALLS), workers=workers)
            StoredDay(work, calls.SECRET, calls.SETTINGS)
            written.append(calls.file_bytes(work.path / "units"))
    assert written[0] == written[1]


def test_a_damaged_unit_is_refused(tmp_path: Path) -> None:
    with working(tmp_path / "work") as work:
        measured(work, parts_of(CALLS))
        assert len(StoredDay(work, calls.SECRET, calls.SETTINGS).people.calls)
        path = work.unit("accounts", 0)
        path.write_bytes(path.read_bytes()[:-500])
        day = StoredDay(work, calls.SECRET, calls.SETTINGS)
        with pytest.raises(StateError, match="damaged"):
            day.calls(0), day.people.load(0)


def test_a_day_without_calls_has_nobody(tmp_path: Path) -> None:
    with working(tmp_path / "work") as work:
        measured(work, parts_of([]))
        day = StoredDay(work, calls.SECRET, calls.SETTINGS)
        assert len(day.grouped().kinds) == 0
        assert (day.people.account_ids, day.panes, len(day.calls(0)), len(day.prompts.hashes)) == ([], [], 0, 0)


@pytest.mark.parametrize("units", [1, 2, 16, 64])
def test_units_are_neighbouring_shards(units: int) -> None:
    parts = [list(shards_of(unit, units)) for unit in range(units)]
    assert [shard for part in parts for shard in part] == list(range(64))
