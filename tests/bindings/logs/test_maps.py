"""The shipped maps: every field of every map on a fixture in the shape of its log."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from gauger.engine.intake import admission as intake
from gauger.engine.intake.conversation import APART, CUT, TEMPLATE
from gauger.logs import column_maps, readers
from gauger.logs.columns import RECORDS, first_value, load_column_map

FIXTURES = Path(__file__).parents[1] / "fixtures"
AGENT = "user_ab_account_cd"  # the account of an agent's user_id, without the session
# Columns in which a row is told from its neighbours; the first row of a map is looked at whole.
BRIEF = ("account_id", "prompt_text", "context_texts")


def read(name: str, suffix: str = "jsonl") -> tuple[list[dict[str, Any]], list[tuple[int, str]]]:
    """The admitted rows of a map's fixture, nulls left out, and the refused rows with their reasons."""
    [chunk] = readers.read(FIXTURES / f"{name}.{suffix}", load_column_map(name))
    assert not chunk.broken
    admitted = intake.admit(chunk.batch)
    rows = [{column: value for column, value in row.items() if value is not None} for row in admitted.calls.to_pylist()]
    return rows, list(zip(admitted.rejected.tolist(), admitted.reasons, strict=True))


def at(minute: int, microsecond: int = 0) -> datetime:
    return datetime(2026, 11, 20, 12, minute, 0, microsecond, tzinfo=UTC)


def brief(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [tuple(row.get(name) for name in BRIEF) for row in rows]


def settings(row: dict[str, Any]) -> tuple[Any, ...]:
    names = ("request_model", "request_temperature", "request_top_p", "request_max_tokens")
    return tuple(row.get(name) for name in names)


@pytest.mark.parametrize("name", column_maps.names())
def test_every_column_of_a_map_is_met_by_its_fixture(name: str) -> None:
    column_map = load_column_map(name)
    lines = [orjson.loads(line) for line in (FIXTURES / f"{name}.jsonl").read_bytes().splitlines()]
    records_of = RECORDS[column_map.records]
    records = lines if records_of is None else [record for line in lines for record in records_of(line)]
    unmet = [
        column
        for column, sources in column_map.sources().items()
        if all(first_value(record, sources) in (None, "", []) for record in records)
    ]
    assert unmet == []


def test_litellm() -> None:
    (first, second, spend), refused = read("litellm")
    assert first == {
        "start_time": at(0, 250_000),
        "account_id": "user-1",
        "org_id": "team-9",
        "conversation_id": "trace-1",
        "response_id": "chatcmpl-1",
        "client_address": "203.0.113.7",
        "prompt_text": "Second question\nwith an image",
        "context_texts": ["Be brief.\nFirst question\nFirst answer\nSecond question\nwith an image"],
        "operation_name": "acompletion",
        "request_model": "gpt-4o",
        "request_temperature": 0.2,
        "request_max_tokens": 256,
        "request_choice_count": 1,
        "request_stream": False,
        "response_finish_reasons": ["stop"],
        "usage_output_tokens": 10,
        "error_type": "",
    }
    assert (second["account_id"], second["prompt_text"]) == ("99aa", "A bare prompt")
    assert (second["error_type"], second["request_max_tokens"]) == ("RateLimitError", 64)
    assert "context_texts" not in second
    assert spend == {
        "start_time": at(2, 250_000),
        "account_id": "hash-of-key",  # the user is everybody's
        "org_id": "team-7",
        "conversation_id": "session-3",
        "response_id": "chatcmpl-3",
        "client_address": "203.0.113.9",
        "user_agent_original": "curl/8",
        "prompt_text": "Whose letter is this?",
        "context_texts": [
            "You never open a letter.",
            "Please keep the tone formal\nFinds who works in which room\nA name and a room number",
            "You sort the post of a small office.",
        ],
        "operation_name": "acompletion",
        "request_model": "gpt-4o",
        "request_temperature": 0.3,
        "request_top_p": 0.9,
        "request_max_tokens": 32,
        "request_choice_count": 2,
        "request_stream": True,
        "request_logprobs": True,
        "response_finish_reasons": ["stop"],
        "usage_output_tokens": 5,
    }
    assert refused == [(3, intake.NO_CALL)]


def test_openai() -> None:
    (chat, responses, completions, beside, batch, claude), refused = read("openai")
    assert chat["start_time"] == at(0, 250_000)
    assert (chat["org_id"], chat["client_address"]) == ("org-1", "203.0.113.7")
    assert brief([chat]) == [("user-1", "Chat question", ["Be brief."])]
    assert (chat["response_finish_reasons"], chat["usage_output_tokens"]) == (["stop"], 10)
    assert (chat["request_stream"], chat["user_agent_original"]) == (False, "OpenAI/Python 1.0")
    assert responses["start_time"] == at(1)
    assert brief([responses]) == [("user-2", "Responses question", ["Be brief."])]
    assert responses["error_type"] == "server_error"
    assert brief([completions]) == [("user-3", "Completions question", None)]
    assert completions["response_finish_reasons"] == ["length"]
    [context] = beside["context_texts"]
    assert context.split("\n") == [
        "Opens the gate of the yard",
        "Who owns which tool",
        "The tools are all his own",
        "the first of both",
        "the second of both",
        "Said in the metadata field",
    ]
    assert (beside["conversation_id"], beside["response_id"], beside["org_id"]) == ("session-4", "r-4", "project-1")
    assert (beside["request_choice_count"], beside["request_logprobs"]) == (3, True)
    assert settings(beside) == ("gpt-4o", None, 0.5, 12)
    assert brief([batch]) == [("user-6", "In a batch", ["Rings the bell of the ship"])]
    assert (batch["response_id"], batch["usage_output_tokens"]) == ("r-6", 3)
    assert settings(batch) == ("gpt-4o-mini", 0.1, None, 7)
    assert brief([claude]) == [(AGENT, "Claude's shape", ["You are a terminal assistant."])]
    assert refused == [(4, f"prompt {TEMPLATE}")]


def test_anthropic() -> None:
    (first, tool, prefilled), refused = read("anthropic")
    assert first == {
        "start_time": at(0, 250_000),
        "account_id": AGENT,
        "org_id": "org-1",
        "conversation_id": "ef",
        "response_id": "msg_1",
        "client_address": "203.0.113.7",
        "user_agent_original": "claude-cli/2",
        "prompt_text": "Fix the test",
        "context_texts": [
            "You are a terminal assistant.",
            "Runs a command in the shell",
            "<system-reminder>\nThe list is empty.\n</system-reminder>",
        ],
        "continuation": False,
        "request_model": "claude-x",
        "request_temperature": 0.2,
        "request_top_p": 0.9,
        "request_max_tokens": 1024,
        "request_stream": True,
        "response_finish_reasons": ["end_turn"],
        "usage_output_tokens": 40,
    }
    assert brief([tool]) == [("cd", "Fix the test", ["3 of the tests failed", "run all of the tests"])]
    assert (tool["continuation"], tool["conversation_id"], tool["error_type"]) == (True, "gh", "overloaded_error")
    assert brief([prefilled]) == [("user-3", "Name ten", ["You name rivers and nothing else.", "["])]
    assert refused == []


def test_bedrock() -> None:
    rows, refused = read("bedrock")
    role, crew = "arn:aws:sts::123456789012:assumed-role/app/person-1", "You draw up plans for a crew."
    assert rows[0] == {
        "start_time": at(0),
        "account_id": role,
        "org_id": "123456789012",
        "conversation_id": "ef",
        "response_id": "r-0",
        "prompt_text": "Draft the plan",
        "context_texts": [crew, "Lists who is on watch"],
        "operation_name": "InvokeModel",
        "request_model": "model-1",
        "request_temperature": 0.2,
        "request_top_p": 0.8,
        "request_max_tokens": 5,
        "response_finish_reasons": ["end_turn"],
        "usage_output_tokens": 8,
    }
    assert brief(rows[1:]) == [
        ("person-2", "Draft it again", [crew, "Lists who is on watch"]),
        (role, "Titan's prompt", None),
        (role, "Llama's prompt", None),
        (role, "Cohere's question", ["You answer in rhyme and short.\nAn earlier question of mine"]),
        (role, "x", None),
        (role, "Out of CloudWatch", None),
        (role, "Out of CloudWatch", None),
    ]
    assert [settings(row)[1:] for row in rows[1:5]] == [(0.3, 0.7, 7), (0.4, 0.6, 4), (0.5, 0.5, 6), (None, 0.4, None)]
    assert [row.get("response_finish_reasons") for row in rows[1:3]] == [["max_tokens"], ["FINISH"]]
    assert (rows[5]["error_type"], rows[1]["conversation_id"]) == ("ThrottlingException", "s-2")
    assert [(row["start_time"], row["response_id"]) for row in rows[6:]] == [(at(7), "r-7"), (at(8), "r-8")]
    assert refused == [(4, f"prompt {APART}")]


def test_vertex() -> None:
    (gemini, claude), refused = read("vertex")
    assert gemini == {
        "start_time": at(0, 250_000),
        "account_id": "user-1",
        "conversation_id": "s-1",
        "response_id": "resp-1",
        "prompt_text": "Plan the route",
        "context_texts": [
            '{"response":{"km":7}}',
            "You know all the roads here.",
            "Measures a way between towns\nA list of places by name",
            "the third of the bridges",
        ],
        "continuation": True,
        "operation_name": "generateContent",
        "request_model": "gemini-x",
        "request_temperature": 0.5,
        "request_top_p": 0.9,
        "request_max_tokens": 64,
        "request_choice_count": 2,
        "request_logprobs": True,
        "response_finish_reasons": ["STOP"],
        "usage_output_tokens": 9,
    }
    assert brief([claude]) == [(AGENT, "Ask Claude", ["You are a terminal assistant."])]
    assert (*settings(claude), claude["conversation_id"]) == ("claude-x", 0.1, 0.2, 5, "ef")
    assert (claude["response_finish_reasons"], claude["usage_output_tokens"]) == (["end_turn"], 4)
    assert refused == [(2, "account_id is missing")]


def test_kong() -> None:
    (openai, gemini, anthropic), refused = read("kong")
    assert openai == {
        "start_time": at(0, 250_000),
        "account_id": "user-1",
        "org_id": "default",
        "response_id": "req-0",
        "client_address": "203.0.113.5",
        "user_agent_original": "py/1",
        "prompt_text": "Carve a fish",
        "context_texts": ["Sharpens the knife for carving", "You carve figures out of oak."],
        "request_model": "model-1",
        "request_temperature": 0.2,
        "request_top_p": 0.9,
        "request_max_tokens": 9,
        "request_choice_count": 2,
        "request_stream": False,
        "request_logprobs": True,
        "response_finish_reasons": ["stop"],
        "usage_output_tokens": 6,
    }
    assert brief([gemini]) == [("c-2", "Carve a boat", ["You carve figures out of elm."])]
    assert settings(gemini) == ("model-1", 0.3, 0.8, 8)
    assert brief([anthropic]) == [("custom-3", "Carve a bird", ["You carve figures out of ash."])]
    assert refused == []


def test_azure() -> None:
    (table, stored, body), refused = read("azure")
    assert table == {
        "start_time": at(0, 250_000),
        "account_id": "team-key-1",
        "org_id": "product-1",
        "response_id": "c-1",
        "client_address": "203.0.113.5",
        "user_agent_original": "py/1",
        "prompt_text": "Where is north?",
        "context_texts": ["You steer by the stars alone."],
        "request_model": "gpt-4o",
        "request_stream": True,
        "usage_output_tokens": 6,
    }
    assert brief([stored]) == [("team-key-2", "Where is south?", None)]
    assert (stored["response_id"], stored["client_address"]) == ("c-2", "203.0.113.6")
    assert (stored["usage_output_tokens"], stored["error_type"]) == (7, "BackendTimeout")
    assert brief([body]) == [("team-key-3", "Out of a body", ["Reads the compass on deck"])]
    assert settings(body) == ("m", 0.4, None, 5)
    assert refused == [(1, "prompt is missing"), (3, f"prompt {CUT}")]


def test_envoy() -> None:
    (body, attributes), refused = read("envoy")
    court = "You speak for the whole court."
    assert body == {
        "start_time": at(0, 250_000),
        "account_id": "user-1",
        "org_id": "tenant-1",
        "conversation_id": "s-1",
        "response_id": "q-1",
        "client_address": "203.0.113.5",
        "user_agent_original": "py/1",
        "prompt_text": "Ask the envoy",
        "context_texts": [court, "Sends a letter to court"],
        "request_model": "gpt-4o",
        "request_temperature": 0.2,
        "request_top_p": 0.9,
        "request_max_tokens": 9,
        "request_stream": True,
        "usage_output_tokens": 6,
    }
    assert brief([attributes]) == [("user-2", "Ask again", [court])]
    assert (*settings(attributes), attributes["operation_name"]) == (None, 0.3, 0.8, 8, "chat")
    assert (attributes["client_address"], attributes["error_type"]) == ("203.0.113.6", "timeout")
    assert refused == [(2, "prompt is missing")]


def test_langfuse() -> None:
    (first, second, trace), refused = read("langfuse")
    assert first == {
        "start_time": at(0, 250_000),
        "account_id": "user-1",
        "conversation_id": "s-1",
        "response_id": "o-1",
        "prompt_text": "Rate this one",
        "context_texts": ["Answer as a pirate would", "You rate the cheese of farms."],
        "operation_name": "GENERATION",
        "request_model": "gpt-4o",
        "request_temperature": 0.2,
        "request_top_p": 0.9,
        "request_max_tokens": 9,
        "request_choice_count": 2,
        "request_stream": True,
        "usage_output_tokens": 4,
    }
    assert brief([second]) == [("user-2", "Rate that one", ["You never taste it first.", "Weighs a whole cheese"])]
    assert settings(second) == ("gpt-4o", 0.3, 0.8, 8)
    assert (second["conversation_id"], second["response_finish_reasons"]) == ("t-2", ["stop"])
    assert brief([trace]) == [("user-4", "A trace of plain text", None)]
    assert refused == [(2, intake.NO_CALL), (4, "account_id is missing")]


def test_langfuse_as_csv() -> None:
    (row,), refused = read("langfuse", "csv")
    assert brief([row]) == [("user-1", "Rate this one", ["Answer as a pirate would", "You rate the cheese of farms."])]
    assert (*settings(row), row["usage_output_tokens"]) == ("gpt-4o", 0.2, 0.9, 9, 4)
    assert refused == [(1, intake.NO_CALL)]


def test_conversations_of_collections() -> None:
    (thanks, one), refused = read("wildchat")
    assert (thanks["prompt_text"], thanks["start_time"], thanks["conversation_id"]) == ("thanks", at(0), "h-1")
    assert "Give me twenty riddles" in thanks["context_texts"][0]
    assert (one["account_id"], one["start_time"], one["request_model"]) == ("ip-2", at(1), "gpt-4")
    assert [row["user_agent_original"] for row in (thanks, one)] == ["Mozilla/5.0", "Mozilla/6.0"]
    assert refused == []
    (arena, joined), refused = read("lmsys")
    assert brief([arena, joined]) == [
        ("arena_user_7", "Which is longer?", ["A"]),
        ("user-2", "Joined to a time", ["Yes"]),
    ]
    assert [row["start_time"] for row in (arena, joined)] == [at(0, 250_000), at(1)]
    assert [row["conversation_id"] for row in (arena, joined)] == ["q-1", "c-2"]
    assert ([row["request_model"] for row in (arena, joined)], refused) == (["m-a", "m"], [])
    (shared, short), refused = read("sharegpt")
    assert (shared["account_id"], shared["prompt_text"], shared["start_time"]) == (
        "user-1",
        "And the second?",
        at(0, 250_000),
    )
    assert shared["context_texts"] == [
        "It is about the tides",
        "You answer from the old books.",
        "Fetches a book by name",
        "What is in the first book?",
        "Sums and more sums\n{}\nTides",
    ]
    assert (shared["conversation_id"], shared["request_model"]) == ("s-1", "m")
    assert (short["account_id"], short["prompt_text"], short["start_time"], refused) == ("user-2", "Short", at(1), [])


def test_otlp() -> None:
    (attribute, numbered, event, structured, every), refused = read("otlp")
    assert attribute == {
        "start_time": at(0, 250_000),
        "account_id": "user-1",
        "client_address": "203.0.113.7",
        "prompt_text": "Attribute question",
        "context_texts": ["r", "Be brief."],
        "continuation": True,
        "operation_name": "chat",
        "request_model": "gpt-4o",
        "request_temperature": 0.2,
        "request_max_tokens": 256,
        "response_finish_reasons": ["stop"],
        "usage_output_tokens": 10,
    }
    assert (numbered["account_id"], numbered["prompt_text"]) == ("user-of-resource", "Numbered question")
    assert (numbered["context_texts"], numbered["error_type"]) == (["Be brief."], "timeout")
    assert brief([event]) == [("user-3", "Event question", ["Be brief."])]
    assert structured["prompt_text"] == "Structured question"
    assert every == {
        "start_time": at(4),
        "account_id": "user-5",
        "org_id": "org-5",
        "conversation_id": "session-5",
        "response_id": "r-5",
        "payment_fingerprint": "card-5",
        "account_created_at": datetime(2026, 11, 19, tzinfo=UTC),
        "client_address": "203.0.113.5",
        "user_agent_original": "py/1",
        "client_ja4": "t13d",
        "prompt_text": "Every field",
        "context_texts": ["Folds the sails when wet"],
        "continuation": False,
        "operation_name": "chat",
        "request_model": "gpt-4o",
        "request_temperature": 0.2,
        "request_top_p": 0.9,
        "request_max_tokens": 9,
        "request_choice_count": 2,
        "request_stream": True,
        "request_logprobs": True,
        "response_finish_reasons": ["stop"],
        "usage_output_tokens": 6,
        "error_type": "timeout",
        "accepted": True,
    }
    assert refused == [(4, intake.NO_CALL)]
