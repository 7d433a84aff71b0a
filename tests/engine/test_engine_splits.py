"""Any split, order, machine, layout or number of workers of the same calls gives the same tables."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import gauger
from gauger.engine.engine import Engine
from gauger.engine.intake.parts import Part, Taken
from gauger.engine.results.result import Result
from tests.engine import worlds
from tests.engine.worlds import DAY, Call, taking
from tests.engine.worlds import ENGINE_SETTINGS as SETTINGS


def assert_same(found: Result, expected: Result) -> None:
    for name in ("calls", "accounts", "families", "campaigns"):
        assert getattr(found, name).equals(getattr(expected, name)), name
    assert found.missing_evidence == expected.missing_evidence
    assert found.reference_days == expected.reference_days
    assert found.reference_accounts == expected.reference_accounts


@dataclass(frozen=True)
class Machines:
    """Engines that may work on one run: of one state directory, or in memory with one key."""

    directory: Path | None = None

    def new(self, workers: int = 1) -> Engine:
        if self.directory is None:
            return Engine(secret=worlds.SECRET, workers=workers, streaming=0)
        return Engine(self.directory, settings=SETTINGS, workers=workers, streaming=0)

    def load(self, folder: Path) -> Engine:
        secret = worlds.SECRET if self.directory is None else None
        return Engine.load(folder, state=self.directory, secret=secret, streaming=0)


def shuffled_at_once(machines: Machines, calls: list[Call], _: Path) -> Result:
    return taking(machines.new(), calls, np.random.default_rng(1).permutation(len(calls)).tolist()).finish()


def in_small_batches(machines: Machines, calls: list[Call], _: Path) -> Result:
    engine = machines.new()
    for part in np.array_split(np.random.default_rng(2).permutation(len(calls)), 9):
        taking(engine, calls, part.tolist())
    return engine.finish()


def merged(machines: Machines, calls: list[Call], _: Path) -> Result:
    """Four machines, merged as a tree in no particular order."""
    parts = np.array_split(np.random.default_rng(3).permutation(len(calls)), 4)
    engines = [taking(machines.new(), calls, part.tolist()) for part in parts]
    engines[2].merge(engines[0])
    engines[3].merge(engines[1])
    engines[3].merge(engines[2])
    return engines[3].finish()


def merged_into_an_empty_one(machines: Machines, calls: list[Call], _: Path) -> Result:
    engine = machines.new()
    engine.merge(taking(machines.new(), calls, range(len(calls))))
    return engine.finish()


def merged_through_files(machines: Machines, calls: list[Call], folder: Path) -> Result:
    """Two machines save, a third loads both."""
    for half in (0, 1):
        taking(machines.new(), calls, range(half, len(calls), 2)).save(folder / str(half))
    one, two = (machines.load(folder / str(half)) for half in (0, 1))
    two.merge(one)
    return two.finish()


def as_parts(machines: Machines, calls: list[Call], _: Path) -> Result:
    engine = machines.new(workers=3)
    rows = [np.arange(file, len(calls), 2) for file in (0, 1)]
    parts = [
        Part(worlds.batch([calls[row] for row in own[start : start + 100]]), file, own[start : start + 100] // 2)
        for file, own in enumerate(rows)
        for start in range(0, len(own), 100)
    ]
    taken = [item for item in engine.observe_parts(parts) if isinstance(item, Taken)]
    assert sum(item.rows for item in taken) == len(calls)
    return engine.finish()


Way = Callable[[Machines, list[Call], Path], Result]
WAYS = [shuffled_at_once, in_small_batches, merged, merged_into_an_empty_one, merged_through_files, as_parts]


@pytest.mark.parametrize("way", WAYS)
def test_any_way_of_taking_in_the_same_calls_gives_the_same_tables(
    way: Way, calls: list[Call], directory: Path, whole: Result, tmp_path: Path
) -> None:
    assert_same(way(Machines(directory), calls, tmp_path), whole)


@pytest.mark.parametrize("way", WAYS)
def test_calls_of_two_days_in_memory_give_the_same_tables_too(way: Way, calls: list[Call], tmp_path: Path) -> None:
    late = [one | {"start_time": one["start_time"] + timedelta(days=place % 2)} for place, one in enumerate(calls)]
    expected = taking(Engine(secret=worlds.SECRET, streaming=0), late, range(len(late))).finish()
    assert expected.missing_evidence == [
        "no reference of earlier days yet: content and timing evidence are not available"
    ]
    assert_same(way(Machines(), late, tmp_path), expected)


@pytest.mark.parametrize("workers", [1, 3])
def test_neither_workers_nor_finishing_twice_change_the_tables(
    workers: int, calls: list[Call], directory: Path, whole: Result
) -> None:
    engine = taking(Engine(directory, settings=SETTINGS, workers=workers, streaming=0), calls, range(len(calls)))
    assert_same(engine.finish(), whole)
    assert_same(engine.finish(), whole)


def test_finishing_in_between_does_not_change_what_accounts_are_worth(
    calls: list[Call], directory: Path, whole: Result
) -> None:
    engine = taking(Engine(directory, settings=SETTINGS, streaming=0), calls, range(len(calls) // 2))
    engine.finish()
    found = taking(engine, calls, range(len(calls) // 2, len(calls))).finish()
    assert found.accounts.equals(whole.accounts)
    assert found.calls.drop_columns(["family_id"]).equals(whole.calls.drop_columns(["family_id"]))


def test_a_first_batch_of_refused_rows_does_not_choose_the_reference(calls: list[Call], directory: Path) -> None:
    engine = Engine(directory, settings=SETTINGS, streaming=0)
    engine.observe(worlds.batch([worlds.call("", "no account", 0)]))
    assert taking(engine, calls, range(100)).finish().reference_days == ["2026-11-12"]


def test_which_of_two_days_comes_first_does_not_choose_the_reference(
    calls: list[Call], directory: Path, tmp_path: Path
) -> None:
    """Calls before and after a midnight, with one more reference day old enough for the second day only."""
    path = tmp_path / "state"
    shutil.copytree(directory, path)
    more = taking(
        Engine(path, settings=SETTINGS, streaming=0),
        worlds.honest_day(8, 260, 6, day=DAY - timedelta(days=7)),
        range(1_560),
    )
    more.finish()
    assert more.commit() == ["2026-11-13"]
    early = [one | {"start_time": one["start_time"] - timedelta(days=1)} for one in calls[:300]]
    both = [*early, *calls[300:]]
    found = []
    for parts in ([range(300), range(300, len(both))], [range(300, len(both)), range(300)]):
        engine = Engine(path, settings=SETTINGS, streaming=0)
        for part in parts:
            taking(engine, both, part)
        found.append(engine.finish())
    assert found[0].reference_days == found[1].reference_days
    # Novelty alone is against the reference of the first batch's day, as ``observe`` says.
    first, second = (result.accounts.drop_columns(["novelty_mean"]) for result in found)
    assert first.equals(second)


def foreign_layout(calls: list[Call]) -> pa.Table:
    """The same calls in the types a host may have: large strings, dictionaries, nanoseconds."""
    table = pa.Table.from_batches([worlds.batch(calls)])
    for name, kind in {
        "account_id": pa.large_string(),
        "request_model": pa.dictionary(pa.int32(), pa.string()),
        "client_address": pa.dictionary(pa.int16(), pa.large_string()),
        "prompt_text": pa.large_string(),
        "start_time": pa.timestamp("ns", tz="UTC"),
    }.items():
        column = table.column(name)
        cast = column.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else column.cast(kind)
        table = table.set_column(table.schema.get_field_index(name), name, cast)
    return table


def test_parquet_batches_in_foreign_layouts_and_slices_give_the_same_tables(calls: list[Call], tmp_path: Path) -> None:
    plain = gauger.Engine(secret=worlds.SECRET, streaming=0)
    plain.observe(worlds.batch(calls))
    pq.write_table(foreign_layout(calls), tmp_path / "log.parquet", row_group_size=150)
    engine = gauger.Engine(secret=worlds.SECRET, streaming=0)
    for batch in pq.ParquetFile(tmp_path / "log.parquet").iter_batches(batch_size=101):
        engine.observe(batch.slice(0, 40))
        engine.observe(batch.slice(40))
    assert_same(engine.finish(), plain.finish())
