"""The shipped maps, and those of providers: every field on a fixture in the shape of its log."""

import orjson
import pytest

from gauger.engine.intake.conversation import APART, TEMPLATE
from gauger.logs import column_maps
from gauger.logs.column_map import RECORDS
from gauger.logs.columns import first_value, load_column_map
from tests.bindings.logs.shipped import AGENT, FIXTURES, at, brief, read, settings


@pytest.mark.parametrize("name", column_maps.names())
def test_every_column_of_a_map_is_met_by_its_fixture(name: str) -> None:
    column_map = load_column_map(name)
    files = FIXTURES.glob(f"{name}*.jsonl")
    lines = [orjson.loads(line) for file in files for line in file.read_bytes().splitlines()]
    make = RECORDS[column_map.records]
    records = lines if make is None else [record for line in lines for record in make()(line)]
    unmet = [
        column
        for column, sources in column_map.sources().items()
        if all(first_value(record, sources) in (None, "", []) for record in records)
    ]
    assert unmet == []


@pytest.mark.parametrize("name", column_maps.names())
def test_no_map_takes_an_owner_from_what_a_client_writes(name: str) -> None:
    """Headers of requests and attributes of an application's spans prove nothing of who an account belongs to."""
    sources = load_column_map(name).sources()
    for column in ("org_id", "payment_fingerprint"):
        for source in map(str, sources.get(column, ())):
            assert "x-" not in source, source
            assert "attributes." not in source or "attributes.gauger." in source, source


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
