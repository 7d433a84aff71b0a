"""Log records: whatever a server in Python takes for JSON is read, or its sender would be served and never be seen."""

import json
from typing import Any

import pytest

from gauger.host.log_records import calls_of
from gauger.host.taking import take_record
from gauger.logs.columns import load_column_map

MAP = load_column_map("openai")
BESIDE = {"account_id": "a", "timestamp": "2026-11-16T12:00:00Z", "error": None}
TEXT = '{"model":"m","messages":[{"role":"user","content":"hello there"}],"temperature":%s}'


def read(body: bytes | dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, int]]:
    batch, broken, rows = calls_of([take_record(body, BESIDE, "request")[0]], MAP)
    assert rows == batch.num_rows + sum(broken.values())
    return batch.to_pylist(), dict(broken)


@pytest.mark.parametrize(
    "body",
    [
        (TEXT % "0.5").encode(),
        (TEXT % "NaN").encode(),
        (TEXT % "-Infinity").encode(),
        (TEXT % ("9" * 400)).encode(),
        (TEXT % '"\\ud800"').encode(),
        b"\xef\xbb\xbf" + (TEXT % "1").encode(),
        (TEXT % "1").encode("utf-16"),
        (TEXT % "1").encode("utf-32-be"),
        {**json.loads(TEXT % "1"), "odd": 10**400, "nan": float("nan")},
        {**json.loads(TEXT % "1"), "odd": {(1, 2): "tuple key"}},
        {**json.loads(TEXT % "1"), "odd\ud800": "x\ud800"},
    ],
)
def test_one_odd_value_does_not_hide_the_call(body: bytes | dict[str, Any]) -> None:
    (call,), broken = read(body)
    assert broken == {}
    assert (call["account_id"], call["prompt_text"]) == ("a", "hello there")


def test_what_holds_itself_costs_its_field() -> None:
    cyclic: dict[str, Any] = {}
    cyclic["self"] = cyclic
    (call,), _ = read({**json.loads(TEXT % "1"), "odd": cyclic})
    assert call["prompt_text"] == "hello there"


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"{", b"\xff\xfe\x00", b"[" * 100_000, b"{} {}"])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    assert read(body) == ([], {"record is no JSON object": 1})
