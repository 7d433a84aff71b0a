"""The same simulated calls as a log in every shape that is measured."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from gauger.engine.common.schema import CALL_SCHEMA
from gauger.simulate import simulate

_SYSTEMS = 40  # apps with a system text of their own
_SYSTEM_WORDS = 60
_ANSWER = "Here is a short answer, as most logs keep them beside what was asked. " * 4
_ROWS = 16_384  # of a row group, as writers of logs make them


@dataclass(frozen=True)
class Shape:
    """One way to write the calls down."""

    name: str
    file: str
    columns: str | None  # the column map that reads it
    write: Callable[[pa.Table, Path], None]


def make(folder: Path, calls: int) -> pa.Table:
    """About ``calls`` simulated calls under canonical names, half of them with one of a few system texts."""
    log = simulate(folder / "simulated", calls=calls, campaigns=(), reference_days=0).day
    table = pq.read_table(log)
    table = table.select([name for name in CALL_SCHEMA.names if name in table.column_names])
    prompts = table.column("prompt_text").slice(0, 2 * _SYSTEMS).to_pylist()
    texts = [
        f"You are assistant {place}. {' '.join(text.split()[:_SYSTEM_WORDS])}" for place, text in enumerate(prompts)
    ]
    accounts = pc.dictionary_encode(table.column("account_id").combine_chunks()).indices.to_pylist()
    contexts = [[texts[account % len(texts)]] if account % 2 else None for account in accounts]
    return table.append_column(CALL_SCHEMA.field("context_texts"), pa.array(contexts, pa.list_(pa.string())))


def _parquet(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path, compression="zstd", row_group_size=_ROWS)


def _csv(table: pa.Table, path: Path) -> None:
    lists = {name: table.column(name) for name in table.column_names if pa.types.is_list(table.schema.field(name).type)}
    for name, column in lists.items():
        written = [None if value is None else orjson.dumps(value).decode() for value in column.to_pylist()]
        table = table.set_column(table.column_names.index(name), name, pa.array(written, pa.string()))
    pyarrow.csv.write_csv(table, path)


def _lines(record: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[pa.Table, Path], None]:
    def write(table: pa.Table, path: Path) -> None:
        with open(path, "wb") as file:
            for call in _calls(table):
                file.write(orjson.dumps(record(call), option=orjson.OPT_APPEND_NEWLINE))

    return write


def _calls(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.to_batches(max_chunksize=_ROWS):
        yield from batch.to_pylist()


def _canonical(call: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in call.items() if value is not None}


def _messages(call: dict[str, Any]) -> list[dict[str, Any]]:
    before = [{"role": "system", "content": text} for text in call["context_texts"] or []]
    return [*before, {"role": "user", "content": call["prompt_text"]}]


def _response(call: dict[str, Any]) -> dict[str, Any]:
    spent = call.get("usage_output_tokens")
    finish = (call.get("response_finish_reasons") or [None])[0]
    answer = {"index": 0, "message": {"role": "assistant", "content": _ANSWER}, "finish_reason": finish}
    usage = {"prompt_tokens": 100, "completion_tokens": spent, "total_tokens": 100 + (spent or 0)}
    return {
        "id": call.get("response_id"),
        "object": "chat.completion",
        "created": int(call["start_time"].timestamp()),
        "model": call.get("request_model"),
        "choices": [answer],
        "usage": usage,
    }


def _parameters(call: dict[str, Any]) -> dict[str, Any]:
    names = {"temperature": "request_temperature", "top_p": "request_top_p", "max_tokens": "request_max_tokens"}
    found = {name: call.get(column) for name, column in names.items()} | {"stream": call.get("request_stream")}
    return {name: value for name, value in found.items() if value is not None}


def _openai(call: dict[str, Any]) -> dict[str, Any]:
    return {
        "timestamp": call["start_time"],
        "user_id": call["account_id"],
        "client_ip": call.get("client_address"),
        "headers": {"user-agent": call.get("user_agent_original"), "content-type": "application/json"},
        "request": {"model": call.get("request_model"), "messages": _messages(call), **_parameters(call)},
        "response": _response(call),
    }


def _litellm(call: dict[str, Any]) -> dict[str, Any]:
    started = call["start_time"].timestamp()
    response = _response(call)
    return {
        "id": call.get("response_id"),
        "trace_id": call.get("conversation_id"),
        "call_type": "acompletion",
        "stream": call.get("request_stream"),
        "status": "success",
        "custom_llm_provider": "openai",
        "response_cost": 0.00012,
        **response["usage"],
        "startTime": started,
        "endTime": started + 1.5,
        "completionStartTime": started + 0.5,
        "model": call.get("request_model"),
        "model_group": call.get("request_model"),
        "api_base": "https://api.example.com/v1",
        "metadata": {
            "user_api_key_hash": call.get("api_key_hash"),
            "user_api_key_alias": None,
            "user_api_key_team_id": None,
            "user_api_key_org_id": call.get("org_id"),
            "user_api_key_user_id": call["account_id"],
            "user_api_key_end_user_id": None,
            "spend_logs_metadata": None,
            "requester_ip_address": call.get("client_address"),
            "requester_metadata": {},
            "user_agent": call.get("user_agent_original"),
        },
        "cache_hit": False,
        "cache_key": None,
        "saved_cache_cost": 0.0,
        "request_tags": [],
        "end_user": "",
        "requester_ip_address": call.get("client_address"),
        "messages": _messages(call),
        "response": response,
        "error_str": None,
        "error_information": {"error_code": "", "error_class": "", "llm_provider": ""},
        "model_parameters": _parameters(call),
        "hidden_params": {"model_id": "m-1", "cache_key": None, "api_base": "https://api.example.com/v1"},
    }


SHAPES = (
    Shape("Parquet", "calls.parquet", None, _parquet),
    Shape("JSON lines, canonical", "canonical.jsonl", None, _lines(_canonical)),
    Shape("JSON lines, openai", "openai.jsonl", "openai", _lines(_openai)),
    Shape("JSON lines, litellm", "litellm.jsonl", "litellm", _lines(_litellm)),
    Shape("CSV", "calls.csv", None, _csv),
)
