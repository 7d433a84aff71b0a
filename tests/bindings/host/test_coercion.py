"""Coercion: a value that fits no column is null and counted, and nothing else is lost by it."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from gauger.engine.intake.admission import admit
from gauger.host import coercion
from gauger.host.coercion import ENDED, MENDED, batches
from gauger.host.taking import take

SOUND = {"account_id": "a", "prompt_text": "one two three", "start_time": datetime(2026, 11, 16, tzinfo=UTC)}


def coerced(*calls: dict[str, Any]) -> tuple[list[pa.RecordBatch], Counter[str]]:
    bad = Counter[str]()
    return list(batches([take({**SOUND, **call})[0] for call in calls], bad)), bad


@pytest.mark.parametrize(
    ("field", "value", "expected", "counted"),
    [
        ("request_temperature", "0.7", 0.7, False),
        ("request_temperature", 1, 1.0, False),
        ("request_temperature", "hot", None, True),
        ("request_max_tokens", 2**70, None, True),
        ("request_max_tokens", 12.0, 12, False),
        ("request_choice_count", 2**40, None, True),
        ("request_stream", "true", True, False),
        ("request_stream", [], None, True),
        ("client_address", 17, "17", False),
        ("client_address", b"::1", "::1", False),
        ("response_finish_reasons", ["stop"], ["stop"], False),
        ("response_finish_reasons", {"a": 1}, None, True),
        ("context_texts", ["x", None], ["x", None], False),
        ("context_texts", [[[["x"]]]], None, True),
        ("prompt_token_ids", [{"a": [{"b": [1]}]}], None, True),
        ("account_created_at", "2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC), False),
        ("account_created_at", datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC), False),
        ("user_agent_original", "a\ud800", "a\ufffd", False),
    ],
)
def test_a_value_of_another_type(field: str, value: Any, expected: Any, counted: bool) -> None:
    """Among others that are sound, which stay as they were."""
    (batch,), bad = coerced({}, {field: value}, {})
    assert admit(batch).calls.num_rows == 3
    assert batch.column(field).to_pylist()[1] == expected
    assert (bad[field] == 1) == counted
    assert batch.column("prompt_text").to_pylist() == [SOUND["prompt_text"]] * 3


def nested(depth: int) -> Any:
    found: Any = "a"
    for _ in range(depth):
        found = [found]
    return found


@pytest.mark.parametrize("field", ["response_finish_reasons", "context_texts", "prompt_token_ids"])
def test_arrow_is_not_asked_for_the_type_of_a_thousand_lists(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a fifth of a second for it: a few clients could keep the measuring process from all others' calls."""
    monkeypatch.setattr(coercion.casting, "cast", lambda *_: pytest.fail("it was asked"))
    (batch,), bad = coerced({field: nested(1_000)})
    assert bad == {field: 1}
    assert batch.column("prompt_text").to_pylist() == [SOUND["prompt_text"]]


def test_halves_of_pairs_are_mended_and_counted() -> None:
    (batch,), bad = coerced({"prompt_text": "x\ud800"}, {})
    assert batch.column("prompt_text").to_pylist() == ["x\ufffd", SOUND["prompt_text"]]
    assert bad == {MENDED: 1}


def test_texts_and_token_ids_come_apart() -> None:
    found, _ = coerced({}, {"prompt_text": None, "prompt_token_ids": [1, 2]}, {})
    assert [batch.num_rows for batch in found] == [2, 1]
    assert admit(found[1]).calls.column("prompt_token_ids").to_pylist() == [[1, 2]]


def test_who_says_how_calls_ended_is_not_mixed_with_who_does_not() -> None:
    found, _ = coerced({}, {ENDED: None}, {ENDED: "timeout"})
    assert [ENDED in batch.schema.names for batch in found] == [False, True]
    assert found[1].column(ENDED).to_pylist() == [None, "timeout"]


def test_chats_are_read_as_those_of_a_log() -> None:
    messages = [{"role": "system", "content": "be kind"}, {"role": "user", "content": [{"type": "text", "text": "hi"}]}]
    found, _ = coerced({"prompt_text": None, "messages": messages})
    calls = admit(found[0]).calls
    assert calls.column("prompt_text").to_pylist() == ["hi"]
    assert calls.column("context_texts").to_pylist() == [["be kind"]]
