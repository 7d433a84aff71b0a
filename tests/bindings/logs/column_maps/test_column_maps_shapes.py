"""Shapes in which people have logs: the same two calls in each, read by the shortest map that says how.

Each file of ``shapes`` has the map and the log, of this project's own making after the public format. Parquet is
made of the lines that stand there. ``lacks`` names columns that such a log does not hold.
"""

import datetime as dt
import re
import tomllib
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gauger.engine.intake.parts import NOT_A_CALL
from tests.bindings.logs.mapped import outcome

SHAPES = sorted((Path(__file__).parent / "shapes").glob("*.toml"))
NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
CALLS = [
    {"start_time": NOON, "account_id": "u-1", "prompt_text": "Why is the sky blue?", "request_model": "m-1"},
    {
        "start_time": NOON + dt.timedelta(minutes=1),
        "account_id": "u-2",
        "prompt_text": "How do tides work?",
        "request_model": "m-1",
    },
]


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist([orjson.loads(line) for line in text.splitlines()]), path)
    else:
        path.write_text(text)
    return path


@pytest.mark.parametrize("shape", SHAPES, ids=lambda path: path.stem)
def test_a_map_can_say_it(shape: Path, tmp_path: Path) -> None:
    given = tomllib.loads(shape.read_text())
    logs = [write(tmp_path / "logs" / name, text) for name, text in given["files"].items()]
    rows = outcome(write(tmp_path / "map.toml", given["map"]), *logs)
    calls = [row for row in rows if not isinstance(row, str)]
    expected = [{name: call[name] for name in call if name not in given.get("lacks", [])} for call in CALLS]
    found = [{name: row.get(name) for name in expected[0]} for row in calls]
    assert sorted(found, key=lambda row: row["start_time"]) == expected
    assert all(row.startswith(NOT_A_CALL) for row in rows if isinstance(row, str)), rows


def test_the_page_counts_them() -> None:
    page = (Path(__file__).parents[4] / "docs" / "columns.md").read_text()
    [number] = re.findall(r"(\d+) shapes of logs", page)
    assert int(number) == len(SHAPES)
