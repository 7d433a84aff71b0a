"""Pieces of cut records: by what ends the last, by number, interleaved, missing, and beyond the limits."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest

from gauger.engine.common.errors import ColumnMapError
from gauger.logs import pieces, shaping
from gauger.logs.columns import load_column_map
from tests.bindings.logs.mapped import BASE, call, mapped, outcome, written

DOCKER = f"""
rows = "log"
[pieces]
text = "log"
by = "stream"
last = {{ path = "log", matches = '\\n$' }}
[columns]{BASE}"""
NUMBERED = f"""
rows = "body"
[pieces]
text = "body"
by = ["id"]
order = "part"
[columns]{BASE}"""


def cut(number: int, *at: int, stream: str = "out") -> list[dict[str, Any]]:
    """A call as a line that a runtime cut at some places."""
    line = f"{orjson.dumps(call(number)).decode()}\n"
    ends = [0, *at, len(line)]
    return [{"log": line[start:end], "stream": stream} for start, end in pairwise(ends)]


def parts(number: int, *at: int, first: int = 0) -> list[dict[str, Any]]:
    return [{"id": f"c-{number}", "part": part, "body": one["log"]} for part, one in enumerate(cut(number, *at), first)]


def said(rows: list[Any]) -> list[str]:
    return [one if isinstance(one, str) else one["prompt_text"] for one in rows]


def test_lines_that_were_cut_are_whole_at_their_first_piece(tmp_path: Path) -> None:
    rows = mapped(tmp_path, DOCKER, *cut(0), *cut(1, 9), *cut(2, 9, 20), *cut(3))
    assert said(rows) == ["Why 0?", "Why 1?", pieces.TAKEN, "Why 2?", pieces.TAKEN, pieces.TAKEN, "Why 3?"]
    assert rows[1]["account_id"] == "a-1"


def test_streams_are_told_apart(tmp_path: Path) -> None:
    one, two = cut(0, 9), cut(1, 12, stream="err")
    rows = mapped(tmp_path, DOCKER, one[0], two[0], one[1], two[1])
    assert said(rows) == ["Why 0?", "Why 1?", pieces.TAKEN, pieces.TAKEN]


def test_every_piece_of_a_record_without_its_end_says_so(tmp_path: Path) -> None:
    assert said(mapped(tmp_path, DOCKER, *cut(0), *cut(1, 9, 20)[:2])) == ["Why 0?", pieces.CUT, pieces.CUT]


def test_another_file_does_not_end_a_line(tmp_path: Path) -> None:
    one, two = cut(0, 9)
    column_map, first = written(tmp_path, DOCKER, one, name="a.jsonl")
    _, second = written(tmp_path, DOCKER, two, *cut(1), name="b.jsonl")
    assert said(outcome(column_map, first, second)) == [pieces.CUT, shaping.HALF.format("log"), "Why 1?"]


@pytest.mark.parametrize("first", [0, 1])
def test_numbered_pieces_in_any_order_and_file(first: int, tmp_path: Path) -> None:
    one, two, three = parts(0, 9, 20, first=first), parts(1, first=first), parts(2, 15, first=first)
    column_map, log = written(tmp_path, NUMBERED, one[2], three[1], one[0], two[0], name="a.jsonl")
    _, other = written(tmp_path, NUMBERED, one[1], three[0], name="b.jsonl")
    rows = said(outcome(column_map, log, other))
    assert rows == [pieces.TAKEN, pieces.TAKEN, "Why 0?", "Why 1?", pieces.TAKEN, "Why 2?"]


@pytest.mark.parametrize("missing", [0, 1])
def test_a_number_that_is_missing_is_said_of_all_others(missing: int, tmp_path: Path) -> None:
    some = parts(0, 9, 20)
    del some[missing]
    assert said(mapped(tmp_path, NUMBERED, *parts(1), *some)) == ["Why 1?", pieces.CUT, pieces.CUT]


def test_what_only_a_later_piece_has_is_taken_over(tmp_path: Path) -> None:
    one, two = parts(0, 9)
    text = NUMBERED + 'usage_output_tokens = "tokens"\n'
    [row, _] = mapped(tmp_path, text, one | {"tokens": None}, two | {"tokens": 7})
    assert row["usage_output_tokens"] == 7


def test_a_record_without_a_number_is_whole(tmp_path: Path) -> None:
    whole = {"id": "c-1", "body": orjson.dumps(call(1)).decode()}
    assert said(mapped(tmp_path, NUMBERED, whole, whole | {"part": "-3"}, whole | {"part": 10**15})) == ["Why 1?"] * 3


def test_a_piece_that_came_twice_counts_once_in_the_whole(tmp_path: Path) -> None:
    one, two = parts(0, 9)
    assert said(mapped(tmp_path, NUMBERED, one, two, two)) == ["Why 0?", pieces.TAKEN, pieces.TAKEN]


def test_limits_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "LINE_BYTES_MAX", 40)
    assert said(mapped(tmp_path, NUMBERED, *parts(0, 9))) == [pieces.TOO_LONG, pieces.TAKEN]
    monkeypatch.setattr(pieces, "HELD_BYTES_MAX", 310)
    rows = said(mapped(tmp_path, NUMBERED, *parts(0, 9), *parts(1)))
    assert rows == [pieces.FULL, pieces.FULL, "Why 1?"]
    monkeypatch.setattr(pieces, "HELD_BYTES_MAX", 290)
    assert said(mapped(tmp_path, NUMBERED, *parts(0, 9), *parts(1)))[-1] == pieces.FULL


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ('text = "log"', "either by and order, or last"),
        ('text = "log"\norder = "n"', "either by and order, or last"),
        ('by = "id"\norder = "n"', "pieces have text"),
        ('text = "log"\nlast = "x"', "last must be a condition"),
        ('text = "log"\nlast = { path = "log" }', "a condition has a path and one of"),
        (
            'text = "log"\nlast = { path = "log", equals = "x" }\n[join]\non = "a"\ncall = "b"\nwith = "c"',
            "cannot be joined",
        ),
    ],
)
def test_errors_say_what_to_do(table: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text(f"[pieces]\n{table}\n[columns]{BASE}")
    with pytest.raises(ColumnMapError, match=complaint):
        load_column_map(str(path))
