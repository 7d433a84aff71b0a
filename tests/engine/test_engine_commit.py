"""Committing: which days are kept, under whose key, and what happens when others commit, too."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from gauger.engine.common.errors import StateError, StateLockedError
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import DAY_US, Settings
from gauger.engine.engine import Engine
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.reference.kept_days import REFERENCE
from tests.engine import worlds
from tests.engine.worlds import DAY, Call, observing

TODAY = DAY.date()
REPEATED = [worlds.call(f"repeat {row}", "good morning", row) for row in range(12)]


def committed(path: Path | StateDirectory, calls: list[Call], settings: Settings | None = None) -> Engine:
    engine = observing(calls, Engine(path, settings=settings, streaming=0))
    engine.finish()
    engine.commit()
    return engine


def later(call: Call, days: int) -> Call:
    return call | {"start_time": call["start_time"] + timedelta(days=days)}


# Keys


def test_a_secret_that_is_not_the_directorys_is_refused(tmp_path: Path) -> None:
    mine, other = Secret(b"sixteen bytes ok"), Secret(b"sixteen others !")
    assert Engine(tmp_path, secret=mine).secret.key_id == mine.key_id
    assert Engine(tmp_path).secret.key_id == Engine(tmp_path, secret=mine).secret.key_id == mine.key_id
    for state in (tmp_path, StateDirectory(tmp_path)):
        with pytest.raises(StateError, match=f"its key is {mine.key_id}, the secret given is {other.key_id}"):
            Engine(state, secret=other)


# Days


def test_strays_of_a_kept_day_or_of_none_change_no_day(tmp_path: Path) -> None:
    """A few rows of yesterday in today's log took a day of thousands of accounts away."""
    whole = worlds.honest_day(1, 60, 10, day=DAY - timedelta(days=1))
    committed(tmp_path, whole)
    calls = [*worlds.honest_day(2, 60, 10), later(whole[0], 0), later(whole[1], -300), later(whole[2], 27_000)]
    engine = committed(tmp_path, calls)
    directory = StateDirectory(tmp_path)
    assert directory.days() == [TODAY - timedelta(days=1), TODAY]
    assert len(directory.part(TODAY - timedelta(days=1), REFERENCE)) == 60
    (sentence,) = engine.warnings
    assert sentence.startswith(
        "not kept, less than one call in a hundred is of these days: 2026-01-23 (1 call), 2026-11-19"
    )


def test_a_day_is_kept_whole_however_narrow_its_panes_are(tmp_path: Path) -> None:
    calls = worlds.honest_day(1, 20, 10)
    engine = committed(tmp_path, calls, Settings(pane_us=DAY_US // 24))
    assert engine.warnings == []
    people = StateDirectory(tmp_path).part(TODAY, REFERENCE)
    assert len(people) == len({call["account_id"] for call in calls})
    assert people.calls.sum() == len(calls)


def test_a_kept_day_stays_or_is_replaced_as_the_directory_was_opened(tmp_path: Path) -> None:
    calls = worlds.honest_day(1, 30, 10)
    committed(tmp_path, calls)
    again = committed(tmp_path, calls[:100])
    assert again.warnings == [
        f"kept already and left as they were, --replace-day would replace them: {TODAY} (100 calls)"
    ]
    assert StateDirectory(tmp_path).part(TODAY, REFERENCE).calls.sum() == 300
    assert committed(StateDirectory(tmp_path, replace_days=True), calls[:100]).warnings == []
    parts = (StateDirectory(tmp_path).part(TODAY, part) for part in (REFERENCE, "thin_"))
    assert sum(part.calls.sum() for part in parts) == 100


def test_old_days_go_with_a_commit(tmp_path: Path) -> None:
    settings = replace(Settings(), retention_days=10)
    for age in (22, 11, 10):
        committed(tmp_path, worlds.honest_day(age, 10, 6, day=DAY - timedelta(days=age)), settings)
    assert StateDirectory(tmp_path).days() == [TODAY - timedelta(days=age) for age in (11, 10)]
    committed(tmp_path, worlds.honest_day(1, 10, 6), settings)
    assert StateDirectory(tmp_path).days() == [TODAY - timedelta(days=10), TODAY]
    late = committed(tmp_path, worlds.honest_day(1, 10, 6, day=DAY - timedelta(days=30)), settings)
    assert "more than 10 days older than the newest: 2026-10-21" in late.warnings[0]
    assert date(2026, 10, 21) not in StateDirectory(tmp_path).days()


# Others


def test_an_engine_reads_while_another_writes_and_commits_afterwards(tmp_path: Path) -> None:
    with StateDirectory(tmp_path).writing():
        engine = observing(REPEATED, Engine(tmp_path, streaming=0))
        engine.finish()
        assert engine.check(REPEATED[0]).family_id is not None
        with pytest.raises(StateLockedError, match="is writing to this state"):
            engine.commit()
    assert engine.commit() == [str(TODAY)]


def test_an_engine_replaces_the_day_it_kept_itself_when_it_has_seen_more_of_it(tmp_path: Path) -> None:
    calls = worlds.honest_day(1, 30, 10)
    engine = committed(tmp_path, calls[:100])
    for upto in (200, 300):
        engine.observe(worlds.batch(calls[upto - 100 : upto]))
        engine.finish()
        assert engine.commit() == [str(TODAY)]
        assert engine.warnings == []
    assert StateDirectory(tmp_path).part(TODAY, REFERENCE).calls.sum() == 300
    committed(StateDirectory(tmp_path, replace_days=True), calls[:150])
    engine = committed(tmp_path, calls)
    assert "kept already" in engine.warnings[0]


def test_what_was_given_by_another_since_is_not_given_twice(tmp_path: Path) -> None:
    """Two engines read the same ids; the second to commit is refused, and goes on by way of a saved state."""
    evening = [worlds.call(f"evening {row}", "good evening", row) for row in range(12)]
    engines = [observing(calls, Engine(tmp_path / "state", streaming=0)) for calls in (REPEATED, evening)]
    ids = [engine.finish().families.column("family_id").to_pylist() for engine in engines]
    assert ids == [[1], [1]]
    engines[0].commit()
    with pytest.raises(StateError, match="another run has given ids since"):
        engines[1].commit()
    engines[1].save(tmp_path / "saved")
    again = Engine.load(tmp_path / "saved", state=tmp_path / "state", streaming=0)
    assert again.finish().families.column("family_id").to_pylist() == [2]
    again.commit()
    assert StateDirectory(tmp_path / "state").families().ids.tolist() == [1, 2]


def test_a_commit_that_gave_no_ids_is_in_nobodys_way(tmp_path: Path) -> None:
    engine = observing(REPEATED, Engine(tmp_path, streaming=0))
    engine.finish()
    with StateDirectory(tmp_path).writing() as writing:
        writing.save_check(TODAY, {"accounts": 1, "flagged": 0, "alarm_level": 0.001})
    assert engine.commit() == [str(TODAY)]
