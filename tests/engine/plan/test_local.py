"""The local runner says what an engine in memory says of the same calls, however it cuts them and whatever stops it."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gauger.engine.common import shards, threads
from gauger.engine.common.errors import StateError
from gauger.engine.common.settings import Settings
from gauger.engine.engine import Engine
from gauger.engine.evidence import evidence
from gauger.engine.families.allow_list import AllowList
from gauger.engine.intake.measuring import WordSketch
from gauger.engine.intake.parts import Ended, Event, Part
from gauger.engine.plan import keep, measure
from gauger.engine.plan import local as local_module
from gauger.engine.plan.finish import Finished
from gauger.engine.plan.local import Local, LocalRun
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.results.graph import feature_table
from gauger.engine.results.result import CallRows, Result, in_order
from gauger.engine.statistics.people import People
from tests.engine import calls as call_bytes
from tests.engine import worlds
from tests.engine.worlds import DAY, ENGINE_SETTINGS, Call

# A reference so small that most of a day's accounts are not learnt from.
FEW = replace(ENGINE_SETTINGS, reference_accounts_max=60, reference_accounts_min=50, alarm_level=0.05)
TABLES = ("accounts", "families", "campaigns", "ranks", "edges", "neighbours", "calls")


@pytest.fixture(scope="module")
def two_days() -> list[Call]:
    """The campaign's day, and some honest accounts of it on the next."""
    later = worlds.honest_day(2, 40, 6, day=DAY + timedelta(days=1))
    return worlds.shuffled([*worlds.campaign_day(), *later], 7)


def parts_of(calls: Sequence[Call], *, rows: int = 90, shuffle: int = 0) -> list[Part | Event]:
    """Calls in parts of so many, each with the file and row that ``worlds.taking`` gives it."""
    found: list[Part | Event] = []
    for file in (0, 1):
        places = np.arange(file, len(calls), 2)
        for start in range(0, len(places), rows):
            part = places[start : start + rows]
            found.append(Part(worlds.batch([calls[place] for place in part]), file, part // 2))
    if shuffle:
        found = [found[place] for place in np.random.default_rng(shuffle).permutation(len(found))]
    return [*found, Ended(0), Ended(1)]


def table_of(finished: Finished) -> Result:
    rows = CallRows.together([finished.calls(unit) for unit in finished.units])
    return replace(finished.result, calls=finished.naming.table(rows, in_order(rows)))


def assert_same(found: Result, expected: Result) -> None:
    for name in TABLES:
        assert getattr(found, name).equals(getattr(expected, name)), name
    for name in ("missing_evidence", "reference_days", "reference_accounts", "reference_left_out", "drift", "allowed"):
        assert repr(getattr(found, name)) == repr(getattr(expected, name)), name  # NaN are alike


Kept = tuple[Result, dict[str, bytes], object]


def in_memory(
    calls: list[Call], directory: Path, *, settings: Settings = ENGINE_SETTINGS, allow: AllowList | None = None
) -> Kept:
    """What an engine says, keeps, and measures of false positives."""
    engine = worlds.taking(Engine(directory, settings=settings, streaming=0), calls, range(len(calls)))
    engine.allow = allow
    result = engine.finish()
    engine.commit()
    return result, call_bytes.file_bytes(directory), engine.false_positives()


def on_disk(
    parts: Sequence[Part | Event],
    directory: Path,
    work: Path,
    *,
    workers: int = 1,
    settings: Settings = ENGINE_SETTINGS,
    allow: AllowList | None = None,
) -> Kept:
    """The same of the local runner."""
    run = LocalRun(work, "calls", settings, StateDirectory(directory), Local(workers=workers))
    run.measure(parts, lambda _: None)
    finished = run.finish(allow)
    tables = table_of(finished)
    run.keep(finished)
    kept = call_bytes.file_bytes(directory)
    rate = run.false_positives()
    run.work.finish()
    assert not work.exists()
    return tables, kept, rate


@pytest.fixture
def copy(directory: Path, tmp_path: Path) -> Callable[[], Path]:
    """Copies of the state directory."""
    number = iter(range(100))
    return lambda: Path(shutil.copytree(directory, tmp_path / f"state-{next(number)}"))


@pytest.fixture(scope="module")
def expected(two_days: list[Call], directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("memory") / "state"
    return in_memory(two_days, Path(shutil.copytree(directory, folder)))


@pytest.mark.parametrize(
    ("cut", "workers"),
    [((450_000, 1 << 20, 32_768), 1), ((450_000, 200, 33), 3), ((300, 1 << 20, 1_000), 1), ((10, 1, 64), 3)],
)
def test_it_says_and_keeps_what_an_engine_does(
    cut: tuple[int, int, int],
    workers: int,
    two_days: list[Call],
    expected: Kept,
    copy: Callable[[], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ((shards, "_UNIT_CALLS"), (measure, "SEGMENT_ROWS"), (measure, "BLOCK_ROWS"))
    for name, size in zip(names, cut, strict=True):
        monkeypatch.setattr(*name, size)
    found = on_disk(parts_of(two_days), copy(), tmp_path / "work", workers=workers)
    assert_same(found[0], expected[0])
    assert found[1:] == expected[1:]
    assert found[0].campaigns.num_rows >= 1


def test_the_order_of_parts_changes_nothing(
    two_days: list[Call], expected: Kept, copy: Callable[[], Path], tmp_path: Path
) -> None:
    found = on_disk(parts_of(two_days, rows=37, shuffle=3), copy(), tmp_path / "work")
    assert_same(found[0], expected[0])
    assert found[1:] == expected[1:]


def test_a_day_much_larger_than_its_reference_is_swept_alike(
    calls: list[Call], copy: Callable[[], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In several units, where few accounts are learnt from and the others are weighed unit by unit."""
    monkeypatch.setattr(shards, "_UNIT_CALLS", 300)
    memory = in_memory(calls, copy(), settings=FEW)
    assert memory[0].reference_accounts == 60
    assert memory[0].accounts.num_rows - memory[0].accounts["evidence"].null_count > 2 * 60
    for workers in (1, 3):
        found = on_disk(parts_of(calls), copy(), tmp_path / f"work-{workers}", workers=workers, settings=FEW)
        assert_same(found[0], memory[0])
        assert found[1:] == memory[1:]


@pytest.mark.parametrize("settings", [ENGINE_SETTINGS, FEW], ids=["all learnt from", "most swept"])
def test_units_and_threads_change_no_features(
    settings: Settings, calls: list[Call], copy: Callable[[], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for unit_calls, workers in ((450_000, 1), (300, 3)):
        monkeypatch.setattr(shards, "_UNIT_CALLS", unit_calls)
        run = LocalRun(tmp_path / "work", "calls", settings, StateDirectory(copy()), Local(workers=workers))
        run.measure(parts_of(calls), lambda _: None)
        finished = run.finish(None)
        with threads.use(workers):
            found.append(feature_table(finished.day.people, finished.evidence))
        run.work.finish()
    assert found[0].num_rows > 100
    assert max(found[0]["neighbours"].to_pylist()) > 5
    assert found[0].equals(found[1])


def test_an_allow_list_does_what_it_does_for_an_engine(
    calls: list[Call], copy: Callable[[], Path], tmp_path: Path
) -> None:
    example = next(one["prompt_text"] for one in calls if one["account_id"] == "campaign-3")
    allow = AllowList(ids=[1, 99], examples=[example, "of no family at all"])
    found = on_disk(parts_of(calls), copy(), tmp_path / "work", allow=allow)
    memory = in_memory(calls, copy(), allow=allow)
    assert_same(found[0], memory[0])
    assert found[0].allowed is not None
    assert found[0].allowed.families


class Stopped(BaseException):
    """A kill that a test survives."""


def stop(*_: Any, **__: Any) -> None:
    raise Stopped


def stopped_at(parts: Sequence[Part | Event], after: int) -> Iterator[Part | Event]:
    yield from parts[:after]
    raise Stopped


def test_a_run_goes_on_wherever_it_was_stopped(
    two_days: list[Call],
    expected: Kept,
    copy: Callable[[], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While it measures, folds, weighs and keeps, one after the other in one work directory."""
    monkeypatch.setattr(measure, "SEGMENT_ROWS", 200)
    state, work, parts = copy(), tmp_path / "work", parts_of(two_days)

    def run() -> LocalRun:
        return LocalRun(work, "calls", ENGINE_SETTINGS, StateDirectory(state), Local(workers=1))

    def rest(begun: LocalRun) -> list[Part | Event]:
        known = begun.account.files
        next_row = {file: known[file].next_row if file in known else 0 for file in (0, 1)}
        return [one for one in parts if not isinstance(one, Part) or int(one.rows.max()) >= next_row[one.file]]

    for after in (1, 4, 3):
        begun = run()
        with pytest.raises(Stopped):
            begun.measure(stopped_at(rest(begun), after), lambda _: None)
        begun.work.close()
    for place in ("gather_decontaminated", "find_findings", "family_table"):
        begun = run()
        begun.measure(rest(begun), lambda _: None)
        with monkeypatch.context() as patch:
            patch.setattr(f"gauger.engine.plan.finish.{place}", stop)
            with pytest.raises(Stopped):
                begun.finish(None)
        begun.work.close()
    for place in ((keep, "save_families"), (keep, "save_findings")):
        begun = run()
        finished = begun.finish(None)
        with monkeypatch.context() as patch:
            patch.setattr(*place, stop)
            with pytest.raises(Stopped):
                begun.keep(finished)
        begun.work.close()
    begun = run()
    finished = begun.finish(None)
    begun.keep(finished)
    assert_same(table_of(finished), expected[0])
    begun.work.close()
    kept = call_bytes.file_bytes(state)
    # What is noted of held-out days is noted later; who wrote last is in the lock.
    passing = ("checks", "lock", "current")
    assert {name: kept[name] for name in kept if not name.startswith(passing) and "checks" not in name} == {
        name: content for name, content in expected[1].items() if not name.startswith(passing) and "checks" not in name
    }


def test_units_that_were_weighed_are_not_weighed_again(
    calls: list[Call], copy: Callable[[], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "_UNIT_CALLS", 300)
    expected = in_memory(calls, copy(), settings=FEW)
    weigh, weighed = evidence._unit, []

    def stopping(people: People, at: int, *rest: Any) -> Any:
        if len(weighed) in (2, 3):
            weighed.append(-1)
            stop()
        weighed.append(at)
        return weigh(people, at, *rest)

    monkeypatch.setattr(evidence, "_unit", stopping)
    state, parts = copy(), parts_of(calls)
    for _ in range(2):
        begun = LocalRun(tmp_path / "work", "calls", FEW, StateDirectory(state), Local(workers=1))
        begun.measure(parts, lambda _: None)
        with pytest.raises(Stopped):
            begun.finish(None)
        begun.work.close()
        parts = []
    found = on_disk(parts, state, tmp_path / "work", settings=FEW)
    assert_same(found[0], expected[0])
    units = [at for at in weighed if at >= 0]
    assert units[: len(set(units))] == sorted(set(units))
    assert len(set(units)) >= 4


@pytest.mark.parametrize("change", ["inputs", "settings", "key", "days", "a day"])
def test_another_run_is_refused(change: str, calls: list[Call], copy: Callable[[], Path], tmp_path: Path) -> None:
    state = copy()
    begun = LocalRun(tmp_path / "work", "calls", ENGINE_SETTINGS, StateDirectory(state), Local(workers=1))
    begun.measure(parts_of(calls), lambda _: None)
    begun.work.close()
    inputs, settings = "calls", ENGINE_SETTINGS
    if change == "inputs":
        inputs = "others"
    elif change == "settings":
        settings = replace(settings, alarm_level=0.02)
    elif change == "key":
        shutil.rmtree(state)
    else:
        # Another day, or one of the reference with other people in it.
        day = date(2026, 11, 11) if change == "days" else StateDirectory(state).reference_days(DAY.date(), settings)[0]
        with StateDirectory(state, replace_days=True).writing() as writing:
            people = worlds.kept(worlds.population(5, 300, 6), ENGINE_SETTINGS, writing.secret)
            assert writing.save_day(day, people, WordSketch())

    def again() -> None:
        run = LocalRun(tmp_path / "work", inputs, settings, StateDirectory(state), Local())
        try:
            run.measure(parts_of(calls), lambda _: None)  # where it is first asked what it is compared with
        finally:
            run.work.close()

    with pytest.raises(StateError, match="holds a run that was not finished, of other inputs, settings or reference"):
        again()
    LocalRun(tmp_path / "work", inputs, settings, StateDirectory(state), Local(fresh=True)).work.finish()


def test_a_run_of_nothing_says_so(copy: Callable[[], Path], tmp_path: Path) -> None:
    run = LocalRun(tmp_path / "work", "calls", ENGINE_SETTINGS, StateDirectory(copy()), Local(workers=1))
    run.measure([Ended(0)], lambda _: None)
    assert run.day is None
    finished = run.finish(None)
    assert finished.result.accounts.num_rows == 0
    assert run.false_positives().reason is not None
    run.work.finish()


def test_threads_are_those_asked_for_or_one_a_core() -> None:
    assert Local(workers=3).threads == 3
    assert Local().threads >= 1
    assert local_module.FORMAT >= 1
