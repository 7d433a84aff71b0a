"""The registry says what the tables hold, no more and no less, and what each statistic needs."""

import importlib
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from gauger.engine.common.schema import CALL_SCHEMA, REQUIRED
from gauger.engine.common.settings import Settings
from gauger.engine.engine import Engine
from gauger.engine.results import tables
from gauger.engine.statistics.registry import STATISTICS
from gauger.engine.statistics.shared_text import SHARED_TEXT
from tests.engine import calls, worlds

SETTINGS = Settings(reference_accounts_min=100, alarm_level=0.01)
DAY_ROWS, ACCOUNTS = 2_000, 150
ALL = list(calls.TEXT_COLUMNS)
HEAD, TAIL = set(tables.ACCOUNTS_HEAD.names), set(tables.ACCOUNTS_TAIL.names)


def day(seed: int, days_ago: int) -> list[calls.Call]:
    rows = calls.some_calls(DAY_ROWS, accounts=ACCOUNTS, seed=seed)
    return [{**row, "start_time": row["start_time"] - days_ago * 86_400_000_000} for row in rows]


def accounts_of(folder: Path, columns: list[str], *, days: int = 1) -> pa.Table:
    """accounts.parquet of a day (or two) after a reference day, from the columns given."""
    reference = Engine(folder, settings=SETTINGS)
    reference.observe(calls.batch_of(day(1, 10), columns))
    reference.finish()
    reference.commit()
    engine = Engine(folder, settings=SETTINGS)
    for ago in range(days):
        engine.observe(calls.batch_of(day(2 + ago, ago), columns))
    return engine.finish().accounts


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    return accounts_of(tmp_path_factory.mktemp("whole") / "state", ALL, days=2)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    return accounts_of(tmp_path_factory.mktemp("bare") / "state", list(calls.BARE_COLUMNS))


def test_every_column_is_in_the_registry_available_and_in_its_range(whole: pa.Table) -> None:
    assert set(whole.column_names) - HEAD - TAIL == set(STATISTICS)
    bounds = {"any": (-np.inf, np.inf), "0 and up": (0, np.inf)}
    for name, statistic in STATISTICS.items():
        low, high = bounds.get(statistic.range) or [
            float(part.replace("−", "-")) for part in statistic.range.split(" to ")
        ]
        assert whole[name].null_count < len(whole), name
        values = whole[name].drop_null().to_numpy()
        assert np.isfinite(values).all(), name
        assert values.min() >= low - 1e-9, name
        assert values.max() <= high + 1e-9, name


@pytest.mark.parametrize("group", sorted({one.columns for one in STATISTICS.values()}))
def test_without_its_columns_a_statistic_is_null_and_with_one_of_them_it_is_not(
    group: tuple[str, ...], bare: pa.Table, tmp_path: Path
) -> None:
    named = {name for name, one in STATISTICS.items() if one.columns == group}
    if not set(group) & {*REQUIRED, "prompt_text"}:
        assert {name for name in named if bare[name].null_count < len(bare)} == set()
    columns = [name for name in CALL_SCHEMA.names if name in (*calls.BARE_COLUMNS, group[0])]
    one = accounts_of(tmp_path / "one", columns, days=2)
    assert {name for name in named if one[name].null_count == len(one)} == set()


def test_token_ids_do_for_content_and_not_for_text(tmp_path: Path) -> None:
    table = accounts_of(tmp_path / "state", ["start_time", "account_id", "prompt_token_ids"], days=2)
    for name, one in STATISTICS.items():
        lacking = "prompt_token_ids" not in one.columns and "start_time" not in one.columns
        assert (table[name].null_count == len(table)) == lacking, name


def test_without_a_reference_what_needs_one_is_null_or_absent() -> None:
    engine = Engine(secret=worlds.SECRET)
    engine.observe(worlds.batch(worlds.honest_day(1, 30, 6, day=worlds.DAY - timedelta(days=1))))
    table = engine.finish().accounts
    for name, one in STATISTICS.items():
        of_the_day = ("component_accounts_log2", SHARED_TEXT)
        if one.relational and name not in of_the_day and name in table.column_names:
            assert table[name].null_count == len(table), name


def test_homes_are_functions_and_columns_are_the_schemas() -> None:
    for statistic in STATISTICS.values():
        module, _, function = statistic.home.rpartition(".")
        assert callable(getattr(importlib.import_module(f"gauger.engine.{module}"), function)), statistic.name
        assert set(statistic.columns) <= set(CALL_SCHEMA.names)
        assert all((statistic.title, statistic.formula, statistic.source, statistic.unit, statistic.range))
        assert "|" not in "".join((statistic.title, statistic.formula, statistic.source)), "it would split a table"
