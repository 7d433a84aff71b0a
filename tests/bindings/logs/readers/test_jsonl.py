"""JSON lines: bad lines cost themselves only, and mixed values never cost a column."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from gauger.engine.common.errors import InputError
from gauger.engine.intake import admission as intake
from gauger.logs import readers
from gauger.logs.columns import load_column_map
from gauger.logs.files import limits, streams
from gauger.logs.readers import jsonl
from gauger.logs.readers.chunk import Chunk
from tests.bindings.logs.mapped import outcome

CANONICAL = load_column_map(None)
TIME = "2026-11-20T12:00:00Z"


def call(number: int, **fields: Any) -> bytes:
    base = {"start_time": TIME, "account_id": f"account-{number}", "prompt_text": f"prompt {number}"}
    return orjson.dumps(base | fields)


def read(path: Path, batch_rows: int = 65_536) -> list[Chunk]:
    return list(readers.read(path, CANONICAL, batch_rows=batch_rows))


def test_broken_lines_are_numbered_among_the_others_and_blank_lines_are_not_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    deep = b'{"a":' * 20_000
    bad = [b"{", b"[1]", b"7", b'"text"', b'{"prompt_text": "\\ud800"}', deep, b'{"a": "\xff"}']
    path.write_bytes(b"\n\n".join([call(0), *bad, call(8)]))
    [chunk] = read(path)
    invalid, no_object = "line is not valid JSON", "line is not a JSON object"
    assert chunk.rows.tolist() == [0, 8]
    reasons = [invalid, no_object, no_object, no_object, invalid, invalid, invalid]
    assert chunk.broken == list(enumerate(reasons, 1))


def test_a_line_over_the_limit_is_broken(tmp_path: Path) -> None:
    assert limits.LINE_BYTES_MAX == 64 << 20
    path = tmp_path / "a.jsonl"
    path.write_bytes(call(0) + b"\n" + call(1, prompt_text="x" * (65 << 20)) + b"\n" + call(2))
    [chunk] = read(path)
    assert (chunk.rows.tolist(), chunk.broken) == ([0, 2], [(1, "line is longer than 64 MB")])


def test_nothing_but_broken_lines_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"{\n[]\n")
    [chunk] = read(path)
    assert len(intake.admit(chunk.batch).rows) == 0
    assert [row for row, _ in chunk.broken] == [0, 1]


def test_an_empty_file_has_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"")
    assert read(path) == []


def test_a_truncated_gzip_gives_its_good_rows_first(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    whole = gzip.compress(b"".join(call(number) + b"\n" for number in range(5000)))
    path.write_bytes(whole[: len(whole) // 2])
    chunks: list[Chunk] = []
    with pytest.raises(InputError, match="truncated or damaged after") as caught:
        chunks.extend(readers.read(path, CANONICAL))
    rows = sum(chunk.batch.num_rows for chunk in chunks)
    assert str(caught.value).startswith(f"{path}: ")
    assert f"after {rows} rows" in str(caught.value)
    assert 1000 < rows < 5000


def test_a_file_that_is_gone_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be read \(No such file"):
        read(tmp_path / "gone.jsonl")


def test_mixed_values_are_judged_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [
        call(0, request_temperature=1, usage_output_tokens=1.5, response_finish_reasons=["stop"]),
        call(1, request_temperature="0.5", usage_output_tokens=2, response_finish_reasons="length"),
        call(2, request_temperature={}, usage_output_tokens=True, request_stream=1, account_id=7),
        call(3, start_time=1_795_176_000.25, request_stream=False, prompt_text=["a list"]),
        call(4, start_time=1_795_176_000, request_stream="yes", usage_output_tokens=2**63),
    ]
    path.write_bytes(b"\n".join(rows))
    [chunk] = read(path)
    admitted = intake.admit(chunk.batch)
    assert (admitted.rejected.tolist(), admitted.reasons) == ([3], ["prompt is missing"])
    calls = admitted.calls.to_pydict()
    assert calls["account_id"] == ["account-0", "account-1", "7", "account-4"]
    assert calls["request_temperature"] == [1.0, 0.5, None, None]
    assert calls["usage_output_tokens"][:2] == [None, 2]
    assert calls["request_stream"] == [None, None, True, None]
    assert calls["response_finish_reasons"] == [["stop"], ["length"], None, None]


def test_types_may_change_from_block_to_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "PIECE_BYTES", 100)
    path = tmp_path / "a.jsonl"
    values: list[Any] = [1, 2.5, "3", None]
    path.write_bytes(b"\n".join(call(row, request_top_p=values[row % 4]) for row in range(40)))
    [chunk] = read(path)
    assert intake.admit(chunk.batch).calls.column("request_top_p").to_pylist() == [1.0, 2.5, 3.0, None] * 10


def test_a_column_once_seen_stays_in_later_batches(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join([call(0, client_address="10.0.0.1"), *(call(row) for row in range(1, 6))]))
    assert all("client_address" in chunk.batch.schema.names for chunk in read(path, batch_rows=2))
    assert all("org_id" not in chunk.batch.schema.names for chunk in read(path, batch_rows=2))


def test_token_ids(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    ids: list[Any] = [[1, 2], [], [1.5], [2**40], "x", None]
    path.write_bytes(
        b"\n".join(orjson.dumps({"start_time": TIME, "account_id": "a", "prompt_token_ids": each}) for each in ids)
    )
    [chunk] = read(path)
    admitted = intake.admit(chunk.batch)
    assert admitted.calls.column("prompt_token_ids").to_pylist() == [[1, 2]]
    assert admitted.rejected.tolist() == [1, 2, 3, 4, 5]


def test_batches_end_at_their_byte_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "PIECE_BYTES", 1000)
    monkeypatch.setattr(jsonl, "BATCH_BYTES", 5000)
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join(call(row) for row in range(200)))
    chunks = read(path)
    assert len(chunks) > 1
    assert np.concatenate([chunk.rows for chunk in chunks]).tolist() == list(range(200))


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"resourceSpans": 3},
        {"resourceSpans": [None, {"scopeSpans": [None, {"spans": None}]}]},
        {"resourceSpans": [{"resource": 1, "scopeSpans": [{"spans": [7, {"attributes": [1, {"key": "a"}]}]}]}]},
    ],
)
def test_odd_trace_documents_give_rows_or_nothing(tmp_path: Path, document: Any) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(orjson.dumps(document) + b"\n{\n")
    [chunk] = readers.read(path, load_column_map("otlp"))
    rows = [*chunk.rows.tolist(), *(row for row, _ in chunk.broken)]
    assert rows == list(range(len(rows)))
    assert chunk.broken[0][1] == "line is not valid JSON"


@pytest.mark.parametrize("column_map", ["otlp", "openai", "anthropic", "litellm", None])
def test_what_is_nested_as_deeply_as_json_can_be_costs_its_own_row(tmp_path: Path, column_map: str | None) -> None:
    """Python reads four times as many levels as it writes, and a type or a name may hold them."""
    path, lists = tmp_path / "a.jsonl", "[" * 980 + "]" * 980
    deep = {"role": "DEEP", "type": "DEEP", "content": "DEEP", "name": "DEEP", "id": "DEEP"}
    attributes = {
        "gen_ai.operation.name": deep,
        "ai.operationId": deep,
        "gen_ai.input.messages": [deep],
        "user.id": deep,
    }
    spans = [{"spanId": "s", "attributes": attributes, "events": [{"name": deep, "attributes": [{"key": deep}]}]}]
    logs = [{"eventName": "gen_ai.choice", "traceId": deep, "spanId": deep}]
    logs += [{"eventName": deep, "attributes": attributes, "body": {"kvlistValue": {"values": [{"key": deep}]}}}]
    call = {
        **dict.fromkeys(("start_time", "timestamp", "startTime", "account_id", "api_key", "user", "prompt_text"), deep),
        **dict.fromkeys(("response_finish_reasons", "context_texts", "model", "ip"), deep["role"]),
        **{
            name: {"messages": [deep], "user": deep}
            for name in ("messages", "request", "metadata", "response", "system")
        },
        "resourceSpans": [{"scopeSpans": [{"spans": spans}]}],
        "resourceLogs": [{"scopeLogs": [{"logRecords": logs}]}],
    }
    path.write_text(
        orjson.dumps(call).decode().replace('"DEEP"', lists)
        + '\n{"start_time": 1795000000, "account_id": "a", "prompt_text": "p"}\n'
    )
    [chunk] = readers.read(path, load_column_map(column_map))
    assert len(chunk.rows) == (4 if column_map == "otlp" else 2)


LAYOUTS: dict[str, Callable[[list[Any]], bytes]] = {
    "array": lambda calls: orjson.dumps(calls),
    "indented array": lambda calls: orjson.dumps(calls, option=orjson.OPT_INDENT_2),
    "indented": lambda calls: b"\n".join(orjson.dumps(one, option=orjson.OPT_INDENT_2) for one in calls),
    "side by side": lambda calls: b"".join(map(orjson.dumps, calls)),
    "side by side on some lines": lambda calls: b"\n".join(
        b"".join(map(orjson.dumps, calls[at : at + 2])) for at in range(0, len(calls), 2)
    ),
    "arrays on lines": lambda calls: b"\n".join(orjson.dumps(calls[at : at + 3]) for at in range(0, len(calls), 3)),
    "text sequence": lambda calls: b"".join(b"\x1e" + orjson.dumps(one) + b"\n" for one in calls),
    "utf-16": lambda calls: "\n".join(orjson.dumps(one).decode() for one in calls).encode("utf-16"),
}


@pytest.mark.parametrize("batch_rows", [3, 1000])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_rows(tmp_path: Path, layout: str, batch_rows: int) -> None:
    path = tmp_path / "a.json"
    calls = [orjson.loads(call(number, request_top_p=0.5)) for number in range(40)]
    path.write_bytes(LAYOUTS[layout](calls))
    chunks = read(path, batch_rows)
    assert [row for chunk in chunks for row in chunk.rows.tolist()] == list(range(40))
    prompts = [prompt for chunk in chunks for prompt in chunk.batch.column("prompt_text").to_pylist()]
    assert prompts == [f"prompt {number}" for number in range(40)]


def test_elements_of_a_list_are_rows_each(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(call(0) + b"\n[" + call(1) + b", 7, " + call(3) + b"]\n[]\n" + call(5) + b" {torn\n" + call(6))
    [chunk] = read(path)
    assert chunk.rows.tolist() == [0, 1, 3, 6]
    assert chunk.broken == [
        (2, "line is not a JSON object"),
        (4, "line is an empty list"),
        (5, "line is not valid JSON"),
    ]


def test_damage_within_one_document_costs_its_record(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    calls = [orjson.loads(call(number)) for number in range(9)]
    damaged = orjson.dumps(calls, option=orjson.OPT_INDENT_2).replace(b'"prompt 4"', b'"prompt 4')
    path.write_bytes(damaged)
    [chunk] = read(path)
    assert (chunk.rows.tolist(), chunk.broken) == ([0, 1, 2, 3, 5, 6, 7, 8], [(4, "record is not valid JSON")])
    path.write_bytes(damaged[: len(damaged) // 2])
    with pytest.raises(InputError, match="JSON array is never closed, the file is cut off, after 5 records"):
        read(path)


def test_a_text_log_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"INFO 11-16 10:00:00 started\n" * 9)
    with pytest.raises(InputError, match="no line is JSON: a text log"):
        read(path)


def test_a_long_line_of_very_many_values_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "NODES_COUNTED_BYTES", 1_000)
    monkeypatch.setattr(limits, "NODES_MAX", 1_000)
    path = tmp_path / "a.jsonl"
    crowded = call(1, z=[[]] * 900 + ["x"])
    prose = call(2, prompt_text="one, two, [three] " * 300)
    path.write_bytes(b"\n".join([call(0), crowded, prose]))
    [chunk] = read(path)
    assert (chunk.rows.tolist(), [row for row, _ in chunk.broken]) == ([0, 2], [1])
    assert chunk.broken[0][1].startswith("record holds more than")


def test_values_out_of_folder_names(tmp_path: Path) -> None:
    path = tmp_path / "org_id=o" / "account_id=outer" / "a.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(call(0) + b'\n{"start_time": 1, "prompt_text": "p"}')
    [chunk] = read(path)
    assert chunk.batch.column("account_id").to_pylist() == ["account-0", "outer"]
    assert chunk.batch.column("org_id").to_pylist() == ["o", "o"]


def test_a_record_that_a_shipper_cut_is_said_to_be_cut(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(
        '[columns]\nstart_time = "time"\naccount_id = "log.user"\nmessages = "log.messages"\n'
    )
    whole = orjson.dumps({"user": "a", "messages": "Why is the sky blue?"}).decode()
    path = tmp_path / "a.jsonl"
    logs = (whole, whole[:-12], whole[-12:], "{}", "f() { }")
    path.write_bytes(b"".join(orjson.dumps({"time": 1_795_000_000, "log": log}) + b"\n" for log in logs))
    [chunk] = readers.read(path, load_column_map(str(tmp_path / "map.toml")))
    admitted = intake.admit(chunk.batch)
    assert admitted.rows.tolist() == [0]
    half = "prompt is in a record that is cut off: half of its JSON is missing"
    assert admitted.reasons == [half, half, "account_id is missing", "account_id is missing"]


def test_lines_of_text_are_what_the_groups_of_a_pattern_find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = "[columns]\nstart_time = 'ts'\naccount_id = 'who'\nprompt_text = 'q'\n"
    (tmp_path / "map.toml").write_text(f"line = '^(?P<ts>\\d+) (?P<who>\\S+) (?P<q>.+)$'\n{columns}")
    log = tmp_path / "calls.log"
    log.write_bytes(b'1795000000 a {"one": 1}\r\n\n1795000001 b {half\nstarted\n1795000002 c Why?')
    rows = outcome(tmp_path / "map.toml", log)
    assert [one if isinstance(one, str) else one["prompt_text"] for one in rows] == [
        '{"one": 1}',
        "{half",
        "line is not matched by the map's pattern",
        "Why?",
    ]
    assert readers.prompts_at(log, load_column_map(str(tmp_path / "map.toml")), np.array([3])) == {3: "Why?"}
    monkeypatch.setattr(jsonl, "TEXT_MAX", 20)
    assert outcome(tmp_path / "map.toml", log)[0].startswith("line is longer than")
