"""Intake: a batch in any Arrow layout becomes a canonical batch, and every refused row gets a reason.

Order matters: the structure of every column that will be used is checked before any value is read; then
columns are cast; then rows are judged.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from gauger.engine.common.errors import InputError
from gauger.engine.common.schema import CALL_SCHEMA, CONTENT, CONVERSATION, REQUIRED
from gauger.engine.intake import casting, conversation, structure, values


@dataclass(frozen=True)
class Admitted:
    """The rows of a batch that can be scored, and why the others cannot."""

    calls: pa.RecordBatch  # canonical: plain types, offset 0, valid in full, safe for kernels
    rows: np.ndarray  # int64, positions in the given batch of the admitted rows, ascending
    rejected: np.ndarray  # int64, positions of the rejected rows, ascending
    reasons: list[str]  # one per rejected row; never a value
    accounts: list[str | None]  # of the rejected rows, where it is known
    filled: dict[str, tuple[int, int]]  # rows of each column that held something, and those whose value could be read

    def half_chats(self) -> np.ndarray:
        """Which calls' prompts begin as a chat in JSON and break off, bool: somebody's words, unless many have them."""
        if "prompt_text" not in self.calls.schema.names:
            return np.zeros(self.calls.num_rows, bool)
        return values.cut_chats(self.calls.column("prompt_text"))


def admit(batch: pa.RecordBatch) -> Admitted:
    """Cast ``batch`` (canonical names, any layout) to the canonical types and refuse bad rows one by one.

    Whole chats (the columns of ``CONVERSATION``) become prompts and context texts first. A row is refused for a
    missing or bad ``start_time``, ``account_id`` or prompt, and where it is no call; any other bad value becomes null.
    Unknown columns are dropped; ``prompt_text`` wins over ``prompt_token_ids``.

    Raises ``InputError`` when a required column is absent, or a batch is too large for Arrow's 32-bit offsets, and
    ``KernelInputError`` when a column's offsets or buffers are broken.
    """
    batch, prompt_fault = _with_texts(batch)
    columns = _known_columns(batch)
    for name, array in columns.items():
        structure.check(name, array)
    cleaned = {name: values.clean(name, array) for name, array in columns.items()}
    casts = {name: column.cast for name, column in cleaned.items()}
    reason_of_row, reasons = _judge(casts, batch.num_rows, prompt_fault)
    calls = pa.RecordBatch.from_arrays(
        [cast.array for cast in casts.values()], schema=pa.schema([CALL_SCHEMA.field(name) for name in casts])
    )
    rejected = np.flatnonzero(reason_of_row)
    if len(rejected):
        calls = calls.filter(pa.array(reason_of_row == 0))
    rows = np.flatnonzero(reason_of_row == 0)
    assert len(rows) + len(rejected) == batch.num_rows
    return Admitted(
        calls,
        rows,
        rejected,
        [reasons[index] for index in reason_of_row[rejected]],
        casts["account_id"].array.take(pa.array(rejected)).to_pylist(),
        {name: (column.given, column.used) for name, column in cleaned.items()},
    )


def _known_columns(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    """The canonical columns of ``batch`` in schema order."""
    columns = {}
    for name in CALL_SCHEMA.names:
        found = batch.schema.get_all_field_indices(name)
        if len(found) > 1:
            raise InputError(f"column {name} appears {len(found)} times; keep one")
        if found:
            columns[name] = batch.column(found[0])
    missing = [name for name in REQUIRED if name not in columns]
    if not any(name in columns for name in CONTENT):
        missing.append(" or ".join(CONTENT))
    if missing:
        raise InputError(
            f"no column {', '.join(missing)}; say where to find it with --columns (a shipped map or a TOML file); "
            "gauger columns shows how a log would be read"
        )
    if all(name in columns for name in CONTENT):
        del columns["prompt_token_ids"]
    return columns


def _with_texts(batch: pa.RecordBatch) -> tuple[pa.RecordBatch, pa.Array | None]:
    """The batch with whole chats as the columns they become, and why some gave no prompt.

    A reader may have done it by rules of its own; then there is no chat left, but perhaps a ``prompt_fault``. Where a
    chat says nothing, a ``prompt_text`` beside it counts.
    """
    names = set(batch.schema.names)
    if not names & CONVERSATION.keys():
        return batch, batch.column("prompt_fault") if "prompt_fault" in names else None
    chats, systems, tools = (_objects(batch, name) for name in CONVERSATION)
    found = conversation.columns(chats, systems, tools)
    if "prompt_text" in names:
        structure.check("prompt_text", batch.column("prompt_text"))
        text = casting.cast(batch.column("prompt_text"), pa.string()).array
        found["prompt_text"] = pc.coalesce(found["prompt_text"], text)
    fault = found.pop("prompt_fault", None)
    kept = [place for place, name in enumerate(batch.schema.names) if name not in CONVERSATION and name not in found]
    arrays = [*(batch.column(place) for place in kept), *found.values()]
    return pa.RecordBatch.from_arrays(arrays, [*(batch.schema.names[place] for place in kept), *found]), fault


def _objects(batch: pa.RecordBatch, name: str) -> list[Any]:
    """A column as Python objects, None where it is absent or a value is not UTF-8."""
    if name not in batch.schema.names:
        return [None] * batch.num_rows
    array = batch.column(name)
    structure.check(name, array)
    if casting.is_text(array.type):
        return casting.cast(array, pa.string()).array.to_pylist()
    return [casting.python_value(array, row) for row in range(len(array))]


def _judge(casts: dict[str, casting.Cast], rows: int, prompt_fault: pa.Array | None) -> tuple[np.ndarray, list[str]]:
    """The first thing wrong with each row: an index (int8) into the list of reasons, 0 for a good row."""
    reason_of_row = np.zeros(rows, dtype=np.int8)
    reasons = [""]
    for at_fault, reason in _faults(casts, prompt_fault):
        if at_fault.any():
            reason_of_row[at_fault & (reason_of_row == 0)] = len(reasons)
            reasons.append(reason)
    return reason_of_row, reasons


def _faults(casts: dict[str, casting.Cast], prompt_fault: pa.Array | None) -> Iterator[casting.Fault]:
    if "operation_name" in casts:
        yield _no_call(casts["operation_name"].array), NO_CALL
    if prompt_fault is not None:
        broken = casting.mask(pc.fill_null(pc.equal(prompt_fault, conversation.BROKEN), False))
        yield broken, f"prompt {conversation.BROKEN}"
    content = next(name for name in CONTENT if name in casts)
    for name, label in (("account_id", "account_id"), ("start_time", "start_time"), (content, "prompt")):
        for at_fault, fault in casts[name].faults:
            yield at_fault, f"{label} {fault}"
        if name in CONTENT and prompt_fault is not None:
            missing = casting.mask(casts[name].array.is_null())
            for at_fault, fault in conversation.faults(prompt_fault):
                yield at_fault & missing, f"{label} {fault}"
        yield casting.mask(casts[name].array.is_null()), f"{label} is missing"
    yield casting.empty(casts[content].array), "prompt is empty"
    if content == "prompt_text":
        yield values.placeholders(casts[content].array), "prompt is a placeholder"


# What an endpoint does that is no use of a language model; the names of OpenTelemetry and of gateways, lower case.
_OTHER_OPERATIONS = (
    "embedding|embeddings|image|images|image_generation|image_edit|image_variation|generate_image|moderation|moderations"
    "|rerank|transcription|transcriptions|translation|translations|speech|audio|execute_tool|create_agent|invoke_agent"
    "|invoke_workflow|retrieval|search|vector_store_search|ocr|video_generation|retriever|reranker|guardrail|evaluator"
    "|span|event|agent|tool|chain|around_calls|other_span|log_record|metric"
)
NO_CALL = "not a call: an embedding, an image, speech, or a step or request around calls"


def _no_call(operation: pa.Array) -> np.ndarray:
    """Rows (bool) of other operations than chat and completion; what is not known counts as a call."""
    pattern = f"(?i)^(a|create_)?({_OTHER_OPERATIONS})$"
    return casting.mask(pc.fill_null(pc.match_substring_regex(operation, pattern), False))


def single(call: Mapping[str, Any]) -> pa.RecordBatch:
    """A batch of one row; whatever types the values have, intake casts them as it does those of a file."""
    if not isinstance(call, Mapping):
        raise InputError("cannot check this call: it is no mapping of fields")
    known = {name: call[name] for name in CALL_SCHEMA.names if name in call}
    try:
        for name in CONVERSATION.keys() & call.keys():  # of any shape, which Arrow need not know
            known[name] = call[name] if isinstance(call[name], str) else orjson.dumps(call[name], default=str).decode()
        return pa.RecordBatch.from_pylist([known])
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        raise InputError(
            "cannot check this call: a field has the wrong type; see gauger.engine.common.schema"
        ) from None
