"""The rows of results only grow, and say what they were measured on."""

from pathlib import Path

from bench.pages import history


def test_rows_are_added_and_the_newest_of_each_part_counts(tmp_path: Path) -> None:
    path = tmp_path / "new" / "history.jsonl"
    assert history.read(path) == []
    history.append({"commit": "a", "date": "1", "speed": 1, "sections": 1}, path)
    first = path.read_bytes()
    history.append({"commit": "b", "date": "2", "sections": 2}, path)
    assert path.read_bytes().startswith(first)
    found = history.newest(path, ("speed", "sections", "accuracy"))
    assert (found["speed"], found["sections"], "accuracy" in found) == (1, 2, False)
    assert {part: run["commit"] for part, run in found["runs"].items()} == {"speed": "a", "sections": "b"}


def test_runs_name_the_commit_and_machine_of_each_part() -> None:
    row = history.begin("some command")
    assert row["command"] == "some command"
    assert "cores" in row["machine"]
    assert {"Python", "numba", "gauger"} <= set(row["versions"])
    assert row["date"].endswith("+00:00")
    lines = history.runs({"runs": {"speed": row, "accuracy": row | {"date": "1", "commit": "b-dirty"}}}).splitlines()
    assert lines[2].startswith(f"| speed | `{row['commit']}` | {row['date']} | {row['machine']}; load before ")
    assert lines[3].startswith("| accuracy | `b-dirty` |")
