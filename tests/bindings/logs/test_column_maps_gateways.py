"""Maps of gateways: every field on a fixture in the shape of its log."""

from gauger.engine.intake import admission as intake
from gauger.engine.intake.conversation import CUT
from tests.bindings.logs.shipped import at, brief, read, settings


def test_litellm() -> None:
    (first, second), refused = read("litellm")
    assert first == {
        "start_time": at(0, 250_000),
        "account_id": "user-1",
        "org_id": "team-9",
        "api_key_hash": "88dc28d0",
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
    }
    assert (second["account_id"], second["prompt_text"]) == ("99aa", "A bare prompt")
    assert (second["error_type"], second["request_max_tokens"]) == ("RateLimitError", 64)
    assert "context_texts" not in second
    assert refused == []


def test_litellm_out_of_its_database() -> None:
    (spend,), refused = read("litellm", "litellm_spend_logs.jsonl")
    assert spend == {
        "start_time": at(2, 250_000),
        "account_id": "hash-of-key",  # the user is everybody's
        "org_id": "team-7",
        "api_key_hash": "hash-of-key",
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
    assert refused == [(1, intake.NO_CALL)]


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
