"""Calls as a struct of arrays, before and while they become Arrow batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gauger.engine.common.schema import CALL_SCHEMA, TIMESTAMP
from gauger.simulate.accounts import AGENTS, MODELS, Accounts, hex_strings
from gauger.simulate.language.prompts import grammar

_WRITTEN = (
    *("start_time", "account_id", "org_id", "api_key_hash", "conversation_id", "response_id"),
    *("payment_fingerprint", "account_created_at", "client_address", "client_as_number", "user_agent_original"),
    *("client_ja4", "prompt_text", "request_model", "request_temperature", "request_top_p", "request_max_tokens"),
    *("request_stream", "response_finish_reasons", "usage_input_tokens", "usage_output_tokens", "error_type"),
    "duration",
)
# What a gateway writes too, and gauger does not read.
_UNREAD = {
    "client_as_number": pa.int64(),
    "usage_input_tokens": pa.int64(),
    "duration": pa.float64(),
}
WRITTEN_SCHEMA = pa.schema(
    [pa.field(name, _UNREAD[name]) if name in _UNREAD else CALL_SCHEMA.field(name) for name in _WRITTEN]
)
_BYTES_PER_TOKEN = 4.2
_ERROR_SHARE = 0.004


@dataclass(frozen=True)
class Calls:
    """One entry per call in every field."""

    account: np.ndarray  # int64, index into the accounts
    time: np.ndarray  # int64, microseconds since 1970
    address: np.ndarray  # int64, index into the network's addresses
    conversation: np.ndarray  # int64, -1 for a call outside any conversation
    root: np.ndarray  # int32, symbol the prompt is expanded from
    attributes: np.ndarray  # int16 (calls, ATTRIBUTES)
    casing: np.ndarray  # int8
    typing_errors: np.ndarray  # float32

    def __len__(self) -> int:
        return self.account.size

    def take(self, rows: np.ndarray | slice) -> Calls:
        """The calls of some rows, in the order given."""
        return Calls(*(getattr(self, field.name)[rows] for field in fields(Calls)))


def concatenate(parts: Sequence[Calls]) -> Calls:
    """All calls of all parts, in order."""
    return Calls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Calls)))


def by_time(calls: Calls) -> Calls:
    """The calls in order of time."""
    return calls.take(np.argsort(calls.time, kind="stable"))


def prompt_texts(calls: Calls, rng: np.random.Generator) -> pa.StringArray:
    """The prompts of the calls."""
    return grammar().write(calls.root, calls.attributes, calls.casing, calls.typing_errors, rng)


def _optional(values: np.ndarray, missing: np.ndarray) -> pa.Array:
    return pa.array(values, mask=missing)


def _response_columns(
    accounts: Accounts, calls: Calls, prompt: pa.StringArray, rng: np.random.Generator
) -> dict[str, pa.Array]:
    count = len(calls)
    failed = rng.random(count) < _ERROR_SHARE
    limit = accounts.max_tokens[calls.account]
    output = (accounts.output_tokens[calls.account] * rng.lognormal(0.0, 0.7, count)).astype(np.int64) + 1
    truncated = (limit > 0) & (output >= limit)
    output = np.where(failed, 0, np.where(truncated, limit, output))
    reason = pa.array(["stop", "length"]).take(pa.array(truncated.astype(np.int8)))
    offsets = np.concatenate([[0], np.cumsum(~failed)]).astype(np.int32)
    size = pc.binary_length(prompt).to_numpy(zero_copy_only=False)
    return {
        "response_finish_reasons": pa.ListArray.from_arrays(pa.array(offsets), reason.filter(pa.array(~failed))),
        "usage_input_tokens": pa.array((size / _BYTES_PER_TOKEN).astype(np.int64) + 1),
        "usage_output_tokens": pa.array(output),
        "error_type": pa.array(["rate_limit_exceeded"]).take(_optional(np.zeros(count, np.int8), ~failed)),
        "duration": pa.array(np.round(0.3 + output / 70.0 * rng.lognormal(0.0, 0.2, count), 3)),
    }


def record_batch(
    accounts: Accounts,
    calls: Calls,
    addresses: pa.StringArray,
    as_numbers: pa.Int64Array,
    rng: np.random.Generator,
    prompt: pa.StringArray | None = None,
) -> pa.RecordBatch:
    """The calls in the canonical schema; prompts are written from the grammar unless they are given."""
    prompt = prompt_texts(calls, rng) if prompt is None else prompt
    account, address = pa.array(calls.account), pa.array(calls.address)
    columns = _response_columns(accounts, calls, prompt, rng)
    for name in ("account_id", "org_id", "api_key_hash", "payment_fingerprint"):
        columns[name] = getattr(accounts, name).take(account)
    temperature, top_p = accounts.temperature[calls.account], accounts.top_p[calls.account]
    limit = accounts.max_tokens[calls.account]
    agent = pa.array(accounts.agent[calls.account])
    columns |= {
        "start_time": pa.array(calls.time).cast(TIMESTAMP),
        "account_created_at": pa.array(accounts.created_at[calls.account]).cast(TIMESTAMP),
        "conversation_id": hex_strings(np.maximum(calls.conversation, 0), "conv_"),
        "response_id": hex_strings(rng.integers(0, 2**63, len(calls), dtype=np.uint64), "resp_"),
        "client_address": addresses.take(address),
        "client_as_number": as_numbers.take(address),
        "user_agent_original": pa.array(AGENTS).take(agent),
        "client_ja4": pa.array([f"t13d{1500 + 7 * i}h2_{i:012x}" for i in range(len(AGENTS))]).take(agent),
        "prompt_text": prompt,
        "request_model": pa.array(MODELS).take(pa.array(accounts.model[calls.account])),
        "request_temperature": _optional(temperature, np.isnan(temperature)),
        "request_top_p": _optional(top_p, np.isnan(top_p)),
        "request_max_tokens": _optional(limit, limit < 0),
        "request_stream": pa.array(accounts.stream[calls.account]),
    }
    known = pa.array(calls.conversation >= 0)
    columns["conversation_id"] = pc.if_else(known, columns["conversation_id"], pa.scalar(None, pa.string()))
    return pa.RecordBatch.from_arrays([columns[name] for name in _WRITTEN], schema=WRITTEN_SCHEMA)
