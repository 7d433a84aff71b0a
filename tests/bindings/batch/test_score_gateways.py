"""A small day in the logs of several gateways: findings are those of Parquet with the columns that such a log holds."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest

from bench.world.gateways import GATEWAYS
from gauger.batch.score import score
from gauger.logs.columns import load_column_map
from tests.bindings import traffic

ROWS = sorted(traffic.honest(40, 6, 1) + traffic.campaign(25, 6, 2), key=lambda row: row["start_time"])


def native(folder: Path, rows: Iterable[dict[str, Any]], columns: Iterable[str]) -> dict[str, pa.Table]:
    """The tables of a run over Parquet with some columns."""
    schema = pa.schema([field for field in traffic.SCHEMA if field.name in {*columns, "prompt_text"}])
    score([traffic.write(traffic.table(rows, schema), folder / "day.parquet")], folder / "native")
    return traffic.tables_of(folder / "native")


@pytest.mark.parametrize("name", GATEWAYS)
def test_a_day_gives_the_same_findings_whoever_wrote_it(name: str, tmp_path: Path) -> None:
    write, columns = GATEWAYS[name]
    cut = name == "Bedrock"  # whose times are whole seconds
    rows = [row | ({"start_time": row["start_time"].replace(microsecond=0)} if cut else {}) for row in ROWS]
    held = load_column_map(columns).columns
    expected = native(tmp_path, rows, held)
    assert expected["campaigns"]["accounts"].to_pylist() == [25]
    log = tmp_path / "log.jsonl"
    log.write_bytes(b"".join(orjson.dumps(write(row)) + b"\n" for row in ROWS))
    found = score([log], tmp_path / "out", columns=columns)
    assert (found.doubts, found.errors, found.manifest["quarantined"]) == ([], [], 0)
    tables = traffic.tables_of(tmp_path / "out")
    for table in (*traffic.TABLES, "calls"):
        assert tables[table].equals(expected[table]), table
