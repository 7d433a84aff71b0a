"""What a call is: the canonical Arrow schema every reader ends in.

Names are those of the OpenTelemetry GenAI semantic conventions with ``.`` written ``_`` and the ``gen_ai_``
prefix dropped; the dotted name sits in the field metadata under ``otel``.

A *canonical batch* is a ``pyarrow.RecordBatch`` whose columns are a subset of ``CALL_SCHEMA`` (same names, same
types, in schema order), always with ``start_time``, ``account_id`` and exactly one of ``prompt_text`` and
``prompt_token_ids``. ``context_texts`` are what else a call says (system text, earlier turns, tool results ...), each a
text of its own; a ``continuation`` answers a tool and resends what the user said; ``attachments`` are how many files it
carries that hold no text that can be read. Absent columns are absent, not null: a statistic that needs them is reported
as not available. ``written_by`` in the metadata says whether the provider assigns or sees a column, or the client
writes it.
"""

import pyarrow as pa

TIMESTAMP = pa.timestamp("us", tz="UTC")


# Columns that whoever makes a call writes himself. They are evidence of how he acts; none of them says who he is, or
# whose seats accounts are: only what the provider assigns or sees does.
CLIENT_WRITTEN = frozenset(
    {
        "conversation_id",
        "user_agent_original",
        "client_ja4",
        "prompt_text",
        "prompt_token_ids",
        "context_texts",
        "continuation",
        "attachments",
        "operation_name",
        "request_model",
        "request_temperature",
        "request_top_p",
        "request_max_tokens",
        "request_choice_count",
        "request_stream",
        "request_logprobs",
    }
)


def _field(name: str, kind: pa.DataType, dotted: str) -> pa.Field:
    writer = b"client" if name in CLIENT_WRITTEN else b"provider"
    return pa.field(name, kind, metadata={b"otel": dotted.encode(), b"written_by": writer})


CALL_SCHEMA = pa.schema(
    [
        _field("start_time", TIMESTAMP, "start_time"),
        _field("account_id", pa.string(), "gauger.account.id"),
        _field("org_id", pa.string(), "gauger.org.id"),
        _field("api_key_hash", pa.string(), "gauger.api_key.hash"),
        _field("conversation_id", pa.string(), "gen_ai.conversation.id"),
        _field("response_id", pa.string(), "gen_ai.response.id"),
        _field("payment_fingerprint", pa.string(), "gauger.payment.fingerprint"),
        _field("account_created_at", TIMESTAMP, "gauger.account.created_at"),
        _field("client_address", pa.string(), "client.address"),
        _field("user_agent_original", pa.string(), "user_agent.original"),
        _field("client_ja4", pa.string(), "tls.client.ja4"),
        _field("prompt_text", pa.string(), "gauger.prompt.text"),
        _field("prompt_token_ids", pa.list_(pa.int32()), "gauger.prompt.token_ids"),
        _field("context_texts", pa.list_(pa.string()), "gauger.context.texts"),
        _field("continuation", pa.bool_(), "gauger.continuation"),
        _field("attachments", pa.int32(), "gauger.attachments"),
        _field("operation_name", pa.string(), "gen_ai.operation.name"),
        _field("request_model", pa.string(), "gen_ai.request.model"),
        _field("request_temperature", pa.float64(), "gen_ai.request.temperature"),
        _field("request_top_p", pa.float64(), "gen_ai.request.top_p"),
        _field("request_max_tokens", pa.int64(), "gen_ai.request.max_tokens"),
        _field("request_choice_count", pa.int32(), "gen_ai.request.choice.count"),
        _field("request_stream", pa.bool_(), "gen_ai.request.stream"),
        _field("request_logprobs", pa.bool_(), "gauger.request.logprobs"),
        _field("response_finish_reasons", pa.list_(pa.string()), "gen_ai.response.finish_reasons"),
        _field("usage_output_tokens", pa.int64(), "gen_ai.usage.output_tokens"),
        _field("error_type", pa.string(), "error.type"),
        _field("accepted", pa.bool_(), "gauger.response.accepted"),
    ]
)

# A whole chat, as a log has it: what it says and what stands beside it become the columns above.
CONVERSATION = {
    "messages": "gen_ai.input.messages",
    "system_instructions": "gen_ai.system_instructions",
    "tool_definitions": "gen_ai.tool.definitions",
}
# Columns of earlier versions, which nothing reads: a map that names them is read without them.
RETIRED = frozenset(
    {
        "client_as_number",
        "duration",
        "feedback_score",
        "retry_of",
        "system_hash",
        "usage_input_tokens",
        "usage_reasoning_output_tokens",
    }
)

REQUIRED = ("start_time", "account_id")
CONTENT = ("prompt_text", "prompt_token_ids")

# Calls outside this span are quarantined as impossible: before public LLM APIs, or beyond any clock skew.
EARLIEST_YEAR = 2015
LATEST_YEAR = 2100
