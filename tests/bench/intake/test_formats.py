"""Every shape of the bench gives the same calls, and the table has a row for each."""

from pathlib import Path

from bench.intake import formats, logs
from gauger.engine.intake.admission import admit
from gauger.logs import readers
from gauger.logs.columns import load_column_map

SAID = ["account_id", "prompt_text", "context_texts", "usage_output_tokens"]


def test_every_shape_says_the_same(tmp_path: Path) -> None:
    said = {}
    for shape in logs.SHAPES:
        table = logs.make(tmp_path, 500)
        shape.write(table, tmp_path / shape.file)
        [chunk] = readers.read(tmp_path / shape.file, load_column_map(shape.columns))
        calls = admit(chunk.batch).calls
        said[shape.name] = calls.select(SAID).to_pylist()
    assert said["Parquet"] == table.select(SAID).to_pylist()
    assert all(rows == said["Parquet"] for rows in said.values())


def test_the_table_is_beside_the_first(tmp_path: Path) -> None:
    times = {"a": [1.0, 2.0, 4.0], "b": [3.0, 4.0, 4.0]}
    lines = formats.page(times, 1_000_000, {"a": 10**6, "b": 2 * 10**6}).splitlines()
    assert [line.split(" | ")[2:] for line in lines[2:]] == [["2.00", "2.0", "1.00 x |"], ["4.00", "4.0", "2.00 x |"]]
    assert formats.measure(tmp_path, 500, 1, logs.SHAPES[:2]).count("\n") >= 3
