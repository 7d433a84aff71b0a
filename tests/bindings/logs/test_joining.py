"""Joins of two records by a key: within a file, across files, in any order, and what has no other half."""

from pathlib import Path
from typing import Any

import pytest

from gauger.logs import joining
from tests.bindings.logs.mapped import outcome, written

BATCH = """
[join]
on = "custom_id"
call = "response"
with = "body"
[columns]
start_time = "response.body.created"
account_id = { path = "custom_id", match = "^([a-z]+)-" }
messages = "body.messages"
response_id = "id"
"""


def halves(key: str, text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    asked = {"custom_id": key, "body": {"messages": [{"role": "user", "content": text}]}, "id": "of the request"}
    return asked, {"custom_id": key, "id": f"r-{key}", "response": {"body": {"created": 1_795_000_000}}}


def prompts(rows: list[Any]) -> list[str]:
    return [one if isinstance(one, str) else one["prompt_text"] for one in rows]


def test_halves_in_two_files(tmp_path: Path) -> None:
    one, two = halves("ann-1", "Why?"), halves("bob-1", "How?")
    column_map, asked = written(tmp_path, BATCH, one[0], two[0], name="in.jsonl")
    _, answered = written(tmp_path, BATCH, two[1], one[1], name="out.jsonl")
    rows = outcome(column_map, asked, answered)
    assert prompts(rows) == [joining.TAKEN, joining.TAKEN, "How?", "Why?"]
    assert [rows[2]["account_id"], rows[3]["response_id"]] == ["bob", "r-ann-1"]


def test_halves_in_one_file_and_what_has_none(tmp_path: Path) -> None:
    one, two, three = halves("ann-1", "Why?"), halves("bob-1", "How?"), halves("cy-1", "Who?")
    nobody, plain = {"response": {"body": {}}}, {"status": "ok"}
    column_map, log = written(tmp_path, BATCH, one[1], one[0], two[1], three[0], nobody, plain)
    assert prompts(outcome(column_map, log)) == [
        "Why?",
        joining.TAKEN,
        "has no other half: no record with body has the same custom_id",
        "has no other half: no record with response has the same custom_id",
        "custom_id is missing, by which the map joins",
        joining.NO_SIDE,
    ]


def test_a_field_that_is_nested_too_deeply_costs_no_other(tmp_path: Path) -> None:
    asked, answered = halves("ann-1", "Why?")
    column_map, log = written(tmp_path, BATCH, {**asked, "id": "deep"}, answered)
    log.write_bytes(log.read_bytes().replace(b'"deep"', b"[" * 400 + b"]" * 400))
    assert prompts(outcome(column_map, log)) == [joining.TAKEN, "Why?"]


def test_a_record_that_is_whole_needs_no_other_half(tmp_path: Path) -> None:
    asked, answered = halves("ann-1", "Why?")
    assert prompts(outcome(*written(tmp_path, BATCH, {**asked, **answered}))) == ["Why?"]


def test_spans_take_what_the_span_above_them_has(tmp_path: Path) -> None:
    text = """
[join]
on = "trace"
call = "attributes.model"
with = "attributes.user"
[columns]
start_time = "start"
account_id = "joined.attributes.user"
prompt_text = "attributes.prompt"
"""
    root = {"trace": 7, "start": 1, "attributes": {"user": "ann"}}
    spans = [
        {"trace": "7", "start": 1_795_000_000, "attributes": {"model": "m", "prompt": one}} for one in ("A?", "B?")
    ]
    rows = outcome(*written(tmp_path, text, spans[0], root, {"trace": 7, "attributes": {}}, spans[1]))
    assert prompts(rows) == ["A?", joining.TAKEN, joining.NO_SIDE, "B?"]
    assert {rows[0]["account_id"], rows[3]["account_id"]} == {"ann"}


def test_keys_of_two_names(tmp_path: Path) -> None:
    text = BATCH.replace('on = "custom_id"', 'on = ["request_id", "custom_id"]')
    asked, answered = halves("ann-1", "Why?")
    answered["request_id"] = "ann-1"
    assert prompts(outcome(*written(tmp_path, text, asked, answered))) == [joining.TAKEN, "Why?"]


def test_memory_is_bounded_and_the_limit_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = [half for number in range(40) for half in halves(f"ann-{number}", "Why?")]
    monkeypatch.setattr(joining, "HELD_BYTES_MAX", 3_000)
    rows = prompts(outcome(*written(tmp_path, BATCH, *pairs)))
    full = f"not joined: records to join take more than {joining.HELD_BYTES_MAX >> 20} MB; give fewer files at a time"
    assert set(rows) == {"Why?", joining.TAKEN, full}
    assert rows.count("Why?") == 9


def test_the_first_of_several_other_halves_counts_and_only_read_fields_are_kept() -> None:
    kept = joining.Kept()
    kept.add(b"k", b"first")
    kept.add(b"k", b"second")
    assert (kept.others, kept.held) == ({b"k": b"first"}, 125)
    assert joining._is_read("body", ("body.messages",))
    assert not joining._is_read("secret", ("body.messages", "secrets"))
