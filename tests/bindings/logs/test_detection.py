"""Detection: the shipped map that fits the heads of some files."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from gauger.logs import detection
from gauger.logs.columns import load_column_map
from gauger.logs.detection import detect, fits, head_of
from tests.bindings.logs.mapped import written

FIXTURES = Path(__file__).parents[1] / "fixtures"
CALL = {"start_time": 1_795_000_000, "account_id": "a", "prompt_text": "Why?"}


def log(folder: Path, *records: dict[str, Any], name: str = "log.jsonl") -> Path:
    path = folder / name
    path.write_bytes(b"\n".join(map(orjson.dumps, records)))
    return path


@pytest.mark.parametrize("name", ["litellm", "openai", "otlp"])
def test_shipped_maps_are_found_by_their_logs(name: str) -> None:
    assert detect([FIXTURES / f"{name}.jsonl"]) == name


def test_canonical_names_need_no_map(tmp_path: Path) -> None:
    assert detect([log(tmp_path, CALL)]) is None


def test_a_log_that_none_fits_has_no_map(tmp_path: Path) -> None:
    assert detect([log(tmp_path, {"event": "login", "at": 1})]) is None
    assert detect([log(tmp_path)]) is None
    assert not fits([log(tmp_path)])[0].is_good


def test_a_map_that_gives_a_few_calls_does_not_fit(tmp_path: Path) -> None:
    one = orjson.loads((FIXTURES / "litellm.jsonl").read_bytes().splitlines()[0])
    assert detect([log(tmp_path, one, {"a": 1})]) == "litellm"
    assert detect([log(tmp_path, one, {"a": 1}, {"a": 2})]) is None


def test_heads_are_bounded_and_say_what_is_wrong(tmp_path: Path) -> None:
    path = log(tmp_path, *[CALL] * 50, {**CALL, "account_id": None})
    assert head_of(path, load_column_map(None), 20).rows < 51
    head = head_of(path, load_column_map(None), 100)
    assert (head.rows, head.scored, dict(head.refused)) == (51, 50, {"account_id is missing": 1})
    assert head.filled()["account_id"] == 50
    column_map, kept = written(tmp_path, '[[where]]\npath = "x"\npresent = true\n[columns]\norg_id = "x"\n', CALL)
    assert head_of(kept, load_column_map(str(column_map)), 9).left_out == 1
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(b"PAR1 and no more")
    assert str(bad) in (head_of(bad, load_column_map(None), 9).error or "")


def test_of_many_files_a_few_are_looked_at(tmp_path: Path) -> None:
    paths = [Path(f"log-{number}") for number in range(100)]
    assert detection._some(paths) == [paths[number] for number in (0, 20, 40, 60, 80)]
    assert detection._some(paths[:3]) == paths[:3]
