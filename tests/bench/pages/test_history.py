"""The history only grows."""

from __future__ import annotations

from pathlib import Path

from bench.pages import history


def test_rows_are_added_and_the_last_is_read(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    history.append({"run": 1, "commit": "a"}, path)
    first = path.read_bytes()
    history.append({"run": 2, "commit": "b"}, path)
    assert path.read_bytes().startswith(first)
    assert history.last(path) == {"run": 2, "commit": "b", "older": {}}


def test_a_part_that_was_not_measured_again_is_that_of_an_earlier_row(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    for row in ({"commit": "a", "speed": 1, "sections": 1}, {"commit": "b", "sections": 2}, {"commit": "c"}):
        history.append(row, path)
    last = history.last(path)
    assert (last["speed"], last["sections"]) == (1, 2)
    assert last["older"] == {"speed": "a", "sections": "b"}


def test_a_row_begins_with_when_where_and_on_what() -> None:
    row = history.begin("some command")
    assert row["command"] == "some command"
    assert "cores" in row["machine"]
    assert {"Python", "numba", "gauger"} <= set(row["versions"])
    assert row["date"].endswith("+00:00")
    assert isinstance(row["commit"], str)
