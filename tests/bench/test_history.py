"""The history only grows."""

from __future__ import annotations

from pathlib import Path

from bench import history


def test_rows_are_added_and_the_last_is_read(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    history.append({"run": 1}, path)
    first = path.read_bytes()
    history.append({"run": 2}, path)
    assert path.read_bytes().startswith(first)
    assert history.last(path) == {"run": 2}


def test_a_row_begins_with_when_where_and_on_what() -> None:
    row = history.begin("some command")
    assert row["command"] == "some command"
    assert "cores" in row["machine"]
    assert {"Python", "numba", "gauger"} <= set(row["versions"])
    assert row["date"].endswith("+00:00")
    assert isinstance(row["commit"], str)
