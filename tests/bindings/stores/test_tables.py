"""Tables of a lakehouse: what is in them now, and nothing that was replaced or deleted."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq
import pyiceberg.catalog
import pytest
from pyiceberg.utils.config import Config

from gauger.engine.common.errors import InputError
from gauger.logs.columns import load_column_map
from gauger.logs.readers import read, survey
from gauger.stores import tables
from tests.bindings import traffic


def rows(seed: int, accounts: int = 4) -> pa.Table:
    return pa.Table.from_pylist(traffic.honest(accounts, 5, seed))


def prompts(given: Any) -> list[str]:
    chunks = (chunk for path in survey([given]).files for chunk in read(path, load_column_map(None)))
    return sorted(text for chunk in chunks for text in chunk.batch.column("prompt_text").to_pylist())


def texts(*of: pa.Table) -> list[str]:
    return sorted(text for one in of for text in one.column("prompt_text").to_pylist())


def test_delta_after_an_overwrite_a_delete_and_a_new_column(tmp_path: Path) -> None:
    place = tmp_path / "calls"
    deltalake.write_deltalake(place, rows(1))
    deltalake.write_deltalake(place, rows(2), mode="overwrite")
    first, more = rows(2), rows(3).append_column("request_top_p", pa.array([0.5] * 20))
    deltalake.write_deltalake(place, more, mode="append", schema_mode="merge")
    gone = first.column("account_id")[0].as_py()
    deltalake.DeltaTable(place).delete(f"account_id = '{gone}'")
    left = [one.filter(pa.compute.not_equal(one.column("account_id"), gone)) for one in (first, more)]
    assert prompts(f"delta:{place}") == texts(*left)
    assert prompts(f"delta:file://{place}") == texts(*left)
    for given in (place, tmp_path):
        with pytest.raises(InputError, match=f"{place}: a Delta table, .* give delta:{place} "):
            survey([given])


def test_delta_in_parts_named_by_folders(tmp_path: Path) -> None:
    calls = rows(1)
    deltalake.write_deltalake(tmp_path / "calls", calls, partition_by=["account_id"])
    found = survey([f"delta:{tmp_path / 'calls'}"]).files
    batches = [chunk.batch for path in found for chunk in read(path, load_column_map(None))]
    accounts = [name for batch in batches for name in batch.column("account_id").to_pylist()]
    assert sorted(accounts) == sorted(calls.column("account_id").to_pylist())


@pytest.mark.parametrize("feature", ["deletionVectors", "columnMapping"])
def test_delta_whose_files_do_not_hold_it_is_refused(
    tmp_path: Path, feature: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    deltalake.write_deltalake(tmp_path / "calls", rows(1))
    real = deltalake.DeltaTable.protocol
    monkeypatch.setattr(deltalake.DeltaTable, "protocol", lambda self: real(self)._replace(reader_features=[feature]))
    with pytest.raises(InputError, match=f"uses {feature}, which is not read here"):
        survey([f"delta:{tmp_path / 'calls'}"])


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    (tmp_path / "house").mkdir()
    given = {"TYPE": "sql", "URI": f"sqlite:///{tmp_path / 'catalog.db'}", "WAREHOUSE": f"file://{tmp_path / 'house'}"}
    for name, value in given.items():
        monkeypatch.setenv(f"PYICEBERG_CATALOG__LAKE__{name}", value)
    monkeypatch.setattr(pyiceberg.catalog, "_ENV_CONFIG", Config())  # it was read when the library was imported
    found = pyiceberg.catalog.load_catalog("lake")
    found.create_namespace("llm")
    yield found
    found.close()


def test_iceberg_at_its_last_snapshot(catalog: Any, tmp_path: Path) -> None:
    first, second = rows(1), rows(2)
    table = catalog.create_table("llm.calls", first.schema)
    table.append(first)
    table.overwrite(second)
    table.append(rows(3))
    assert prompts("iceberg:lake.llm.calls") == texts(second, rows(3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table.delete(f"account_id == '{second.column('account_id')[0].as_py()}'")
    kept = second.filter(pa.compute.not_equal(second.column("account_id"), second.column("account_id")[0]))
    other = rows(3).filter(pa.compute.not_equal(rows(3).column("account_id"), second.column("account_id")[0]))
    assert prompts("iceberg:lake.llm.calls") == texts(kept, other)
    with pytest.raises(InputError, match=r"an Iceberg table, .* give iceberg:CATALOG.SPACE.TABLE"):
        survey([tmp_path / "house"])


def test_iceberg_with_a_renamed_column_is_refused(catalog: Any) -> None:
    table = catalog.create_table("llm.calls", rows(1).schema)
    table.append(rows(1))
    with table.update_schema() as update:
        update.rename_column("request_model", "model")
    with pytest.raises(InputError, match=r"the column (model|request_model) was renamed"):
        survey(["iceberg:lake.llm.calls"])


@pytest.mark.parametrize("given", ["iceberg:lake.llm.nothing", "iceberg:none.llm.calls", "delta:/nowhere"])
def test_what_is_no_table_is_said_in_a_line(catalog: Any, given: str) -> None:
    with pytest.raises(InputError) as told:
        survey([given])
    assert str(told.value).startswith(f"{given}: ")
    assert "\n" not in str(told.value)


def test_without_the_library_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("deltalake", "pyiceberg.catalog"):
        monkeypatch.setitem(__import__("sys").modules, module, None)
    for given, extra in (("delta:/calls", "delta"), ("iceberg:lake.llm.calls", "iceberg")):
        with pytest.raises(InputError, match=rf"pip install 'gauger\[{extra}\]'"):
            list(tables.files_of(given))


def test_a_folder_called_metadata_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "metadata").mkdir()
    pq.write_table(rows(1), tmp_path / "metadata" / "calls.parquet")
    assert len(survey([tmp_path]).files) == 1
