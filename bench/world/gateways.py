"""Calls as gateways and providers log them: one canonical row as one record, with all that such a log can hold."""

from collections.abc import Callable
from typing import Any

Row = dict[str, Any]  # canonical names, as Arrow gives them
_PARAMETERS = {
    "model": "request_model",
    "temperature": "request_temperature",
    "top_p": "request_top_p",
    "max_tokens": "request_max_tokens",
    "stream": "request_stream",
}


def litellm(row: Row) -> Row:
    """LiteLLM's payload of a logged call; its times are seconds since 1970."""
    keys = {"user_id": "account_id", "org_id": "org_id", "hash": "api_key_hash"}
    metadata = {f"user_api_key_{name}": row.get(column) for name, column in keys.items()}
    return {
        "id": row.get("response_id"),
        "startTime": row["start_time"].timestamp(),
        "call_type": "acompletion",
        "session_id": row.get("conversation_id"),
        "model": row.get("request_model"),
        "stream": row.get("request_stream"),
        "metadata": metadata | {"user_agent": row.get("user_agent_original")},
        "requester_ip_address": row.get("client_address"),
        "messages": _chat(row),
        "completion_tokens": row.get("usage_output_tokens"),
        "model_parameters": {name: row.get(_PARAMETERS[name]) for name in ("temperature", "top_p", "max_tokens")},
        "response": {"choices": _choices(row)},
        "error_information": {"error_class": row.get("error_type")},
    }


def openai(row: Row) -> Row:
    """Bodies of chat completions beside a time and a user."""
    return _envelope(row) | {
        "api_key_hash": row.get("api_key_hash"),
        "response": {
            "id": row.get("response_id"),
            "choices": _choices(row),
            "usage": {"completion_tokens": row.get("usage_output_tokens")},
            "error": {"type": row.get("error_type")},
        },
    }


def anthropic(row: Row) -> Row:
    """Bodies of Anthropic's messages beside a time and a user."""
    return _envelope(row) | {
        "response": {
            "id": row.get("response_id"),
            "type": "message",
            "stop_reason": _first(row.get("response_finish_reasons")),
            "usage": {"output_tokens": row.get("usage_output_tokens")},
            "error": {"type": row.get("error_type")},
        }
    }


def bedrock(row: Row) -> Row:
    """Bedrock's log of an invocation of Anthropic's messages; its times are whole seconds."""
    body = {name: row.get(_PARAMETERS[name]) for name in ("temperature", "top_p", "max_tokens")}
    user = {"user_id": row["account_id"], "session_id": row.get("conversation_id")}
    return {
        "schemaType": "ModelInvocationLog",
        "timestamp": row["start_time"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "accountId": row.get("org_id"),
        "identity": {"arn": "arn:aws:sts::123456789012:assumed-role/app/all"},
        "requestId": row.get("response_id"),
        "operation": "InvokeModel",
        "modelId": row.get("request_model"),
        "errorCode": row.get("error_type"),
        "requestMetadata": {name: value for name, value in user.items() if value is not None},
        "input": {"inputBodyJson": body | {"messages": [{"role": "user", "content": [_text(row)]}]}},
        "output": {
            "outputBodyJson": {"stop_reason": _first(row.get("response_finish_reasons"))},
            "outputTokenCount": row.get("usage_output_tokens"),
        },
    }


def otlp(row: Row) -> Row:
    """A trace of one span, as the Collector's file exporter writes it."""
    span = {"name": "chat", "startTimeUnixNano": _nanoseconds(row), "attributes": _attributes(row)}
    return {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}


def otlp_logs(row: Row) -> Row:
    """The event of a call in the logs signal."""
    name = "gen_ai.client.inference.operation.details"
    record = {"timeUnixNano": _nanoseconds(row), "eventName": name, "attributes": _attributes(row)}
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}


def _text(row: Row) -> Row:
    return {"type": "text", "text": row["prompt_text"]}


def _chat(row: Row) -> list[Row]:
    return [{"role": "user", "content": row["prompt_text"]}]


def _choices(row: Row) -> list[Row] | None:
    """The answers; none of a call that failed."""
    return [{"finish_reason": one} for one in row.get("response_finish_reasons") or []] or None


def _envelope(row: Row) -> Row:
    return {
        "timestamp": row["start_time"].isoformat(),
        "user_id": row["account_id"],
        "organization_id": row.get("org_id"),
        "session_id": row.get("conversation_id"),
        "client_ip": row.get("client_address"),
        "headers": {"User-Agent": row.get("user_agent_original")},
        "request": {name: row.get(column) for name, column in _PARAMETERS.items()} | {"messages": _chat(row)},
    }


def _first(values: list[str] | None) -> str | None:
    return values[0] if values else None


def _nanoseconds(row: Row) -> str:
    return str(round(row["start_time"].timestamp() * 1_000_000) * 1_000)


_NAMES = {
    "user.id": "account_id",
    "gauger.org.id": "org_id",
    "gauger.api_key.hash": "api_key_hash",
    "gen_ai.conversation.id": "conversation_id",
    "gen_ai.response.id": "response_id",
    "gauger.payment.fingerprint": "payment_fingerprint",
    "gauger.account.created_at": "account_created_at",
    "client.address": "client_address",
    "user_agent.original": "user_agent_original",
    "tls.client.ja4": "client_ja4",
    "gen_ai.request.model": "request_model",
    "gen_ai.request.temperature": "request_temperature",
    "gen_ai.request.top_p": "request_top_p",
    "gen_ai.request.max_tokens": "request_max_tokens",
    "gen_ai.request.stream": "request_stream",
    "gen_ai.response.finish_reasons": "response_finish_reasons",
    "gen_ai.usage.output_tokens": "usage_output_tokens",
    "error.type": "error_type",
}


def _attributes(row: Row) -> list[Row]:
    said = {name: row[column] for name, column in _NAMES.items() if row.get(column) not in (None, [])}
    parts = [{"role": "user", "parts": [{"type": "text", "content": row["prompt_text"]}]}]
    values = {"gen_ai.operation.name": "chat", **said, "gen_ai.input.messages": parts}
    return pairs(values)


def tagged(value: Any) -> Row:
    """A plain value as OTLP-JSON has it."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [tagged(one) for one in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": pairs(value)}}
    return {"stringValue": value if isinstance(value, str) else value.isoformat()}


def pairs(values: Row) -> list[Row]:
    """Attributes as OTLP-JSON has them."""
    return [{"key": name, "value": tagged(value)} for name, value in values.items()]


# What writes a log, and the shipped map that reads it.
GATEWAYS: dict[str, tuple[Callable[[Row], Row], str]] = {
    "LiteLLM": (litellm, "litellm"),
    "OpenAI": (openai, "openai"),
    "Anthropic": (anthropic, "anthropic"),
    "Bedrock": (bedrock, "bedrock"),
    "OTLP traces": (otlp, "otlp"),
    "OTLP logs": (otlp_logs, "otlp"),
}
