"""Maps of tools that observe calls, and of collections: every field on a fixture in the shape of its log."""

from datetime import UTC, datetime

from gauger.engine.intake import admission as intake
from tests.bindings.logs.shipped import at, brief, read, settings


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
    (row,), refused = read("langfuse", "langfuse.csv")
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
        "api_key_hash": "88dc28d0",
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
