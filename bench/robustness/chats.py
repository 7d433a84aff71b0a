"""Chats: calls as gateways, providers and OpenTelemetry write them."""

from random import Random
from typing import Any

from bench.robustness.records import Record, calls, prompt


def _messages(dice: Random) -> list[Record]:
    """A chat of some turns, with a tool's answer and parts now and then."""
    turns: list[Record] = [{"role": "system", "content": "You are of use."}] if dice.random() < 0.5 else []
    for _ in range(dice.randrange(3)):
        turns += [{"role": "user", "content": prompt(dice)}, {"role": "assistant", "content": prompt(dice)}]
    if dice.random() < 0.2:
        use = {"type": "tool_use", "id": "t-1", "name": "look", "input": {"at": prompt(dice)}}
        answer = {"type": "tool_result", "tool_use_id": "t-1", "content": [{"type": "text", "text": prompt(dice)}]}
        return [*turns, {"role": "assistant", "content": [use]}, {"role": "user", "content": [answer]}]
    parts = [{"type": "text", "text": prompt(dice)}, {"type": "image_url", "image_url": {"url": "data:,"}}]
    return [*turns, {"role": "user", "content": dice.choice((prompt(dice), prompt(dice), parts))}]


def _tools(dice: Random) -> list[Record]:
    return [{"type": "function", "function": {"name": "look", "description": prompt(dice), "parameters": {}}}]


def openai(dice: Random, count: int) -> list[Record]:
    """Requests and responses beside a time and a user."""
    return [
        {
            "timestamp": one["start_time"],
            "user_id": one["account_id"],
            "client_ip": one["client_address"],
            "headers": {"User-Agent": ["curl/8"]},
            "request": {"model": "m", "messages": _messages(dice), "temperature": 0.5, "tools": _tools(dice), "n": 1},
            "response": {"id": "r", "choices": [{"finish_reason": "stop"}], "usage": {"completion_tokens": 9}},
        }
        for one in calls(dice, count)
    ]


def anthropic(dice: Random, count: int) -> list[Record]:
    """The same with a system text apart, and a session in the user's id."""
    return [
        {
            "timestamp": one["start_time"],
            "request": {
                "model": "m",
                "system": [{"type": "text", "text": prompt(dice)}],
                "messages": _messages(dice),
                "metadata": {"user_id": f"user_{one['account_id']}_session_{dice.randrange(9)}"},
            },
            "response": {"id": "r", "stop_reason": "end_turn", "usage": {"output_tokens": 9}},
        }
        for one in calls(dice, count)
    ]


def litellm(dice: Random, count: int) -> list[Record]:
    """A proxy's own payload."""
    return [
        {
            "startTime": dice.choice((one["start_time"], 1_795_000_000.5)),
            "call_type": "acompletion",
            "metadata": {"user_api_key_user_id": one["account_id"], "user_api_key_hash": "ab" * 32},
            "messages": dice.choice((_messages(dice), _messages(dice), prompt(dice))),
            "model": "m",
            "model_parameters": {"temperature": 0.5, "tools": _tools(dice), "max_tokens": 9},
            "response": {"choices": [{"finish_reason": "stop"}]},
            "completion_tokens": 9,
            "requester_ip_address": one["client_address"],
        }
        for one in calls(dice, count)
    ]


def _tagged(value: Any) -> Record:
    """A plain value as OTLP writes it."""
    if isinstance(value, int | float):
        return {"doubleValue": value} if isinstance(value, float) else {"intValue": str(value)}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_tagged(one) for one in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": _pairs(value)}}
    return {"stringValue": value}


def _pairs(values: Record) -> list[Record]:
    return [{"key": name, "value": _tagged(value)} for name, value in values.items()]


def _nanoseconds(dice: Random) -> str:
    return str(1_795_176_000_000_000_000 + dice.randrange(10**13))


def _spoken(dice: Random, kinds: int = 3) -> Record:
    """Attributes of a call, in one of the ways in which instrumentations write a chat."""
    said = _messages(dice)
    own: Record = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "user.id": f"u-{dice.randrange(9)}"}
    kind = dice.randrange(kinds)
    if kind == 0:
        return {**own, "gen_ai.input.messages": said}
    if kind == 1:
        numbered = {f"gen_ai.prompt.{place}.{name}": str(value)
                    for place, one in enumerate(said) for name, value in one.items()}  # fmt: skip
        return {**own, **numbered}
    return {**own, "input.value": prompt(dice)}


def _span(dice: Random, name: str, above: str, attributes: Record) -> Record:
    times = {"startTimeUnixNano": _nanoseconds(dice), "endTimeUnixNano": _nanoseconds(dice)}
    return {"traceId": "t", "spanId": name, "parentSpanId": above, "name": name, **times,
            "attributes": _pairs(attributes), "events": []}  # fmt: skip


def otlp_traces(dice: Random, count: int) -> list[Record]:
    """Documents of a root span, a call below it and a tool."""
    found: list[Record] = []
    for number in range(count):
        spans = [
            _span(dice, f"{number}a", "", {"user.id": f"u-{dice.randrange(9)}"}),
            _span(dice, f"{number}b", f"{number}a", _spoken(dice)),
            _span(dice, f"{number}c", f"{number}b", {"gen_ai.operation.name": "execute_tool"}),
        ]
        resource = {"attributes": _pairs({"service.name": "gateway"})}
        found.append({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]})
    return found


def otlp_logs(dice: Random, count: int) -> list[Record]:
    """Documents of GenAI events: a whole call, or an event a turn."""
    found: list[Record] = []
    for number in range(count):
        about = {"timeUnixNano": _nanoseconds(dice), "traceId": "t", "spanId": str(number)}
        if dice.random() < 0.5:
            name = "gen_ai.client.inference.operation.details"
            rows = [{**about, "eventName": name, "attributes": _pairs(_spoken(dice, 1))}]
        else:
            who = _pairs({"user.id": f"u-{dice.randrange(9)}"})
            rows = [
                {
                    **about,
                    "eventName": "gen_ai.user.message",
                    "attributes": who,
                    "body": _tagged({"content": prompt(dice)}),
                },
                {**about, "eventName": "gen_ai.choice", "attributes": who, "body": _tagged({"index": 0})},
                {**about, "eventName": "process.started", "attributes": [], "body": _tagged("up")},
            ]
        found.append({"resourceLogs": [{"resource": {"attributes": []}, "scopeLogs": [{"logRecords": rows}]}]})
    return found
