"""Intake: a batch in any Arrow layout becomes a canonical batch, and every refused row gets a reason.

Order matters: the structure of every column that will be used is checked before any value is read; then
columns are cast; then rows are judged.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from gauger.engine.common.errors import InputError
from gauger.engine.common.schema import CALL_SCHEMA, CONTENT, REQUIRED
from gauger.engine.intake import casting, structure, values


@dataclass(frozen=True)
class Admitted:
    """The rows of a batch that can be scored, and why the others cannot."""

    calls: pa.RecordBatch  # canonical: plain types, offset 0, valid in full, safe for kernels
    rows: np.ndarray  # int64, positions in the given batch of the admitted rows, ascending
    rejected: np.ndarray  # int64, positions of the rejected rows, ascending
    reasons: list[str]  # one per rejected row; never a value
    accounts: list[str | None]  # of the rejected rows, where it is known
    filled: dict[str, tuple[int, int]]  # rows of each column that held something, and those whose value could be read


def admit(batch: pa.RecordBatch) -> Admitted:
    """Cast ``batch`` (canonical names, any layout) to the canonical types and refuse bad rows one by one.

    A row is refused for a missing or bad ``start_time``, ``account_id`` or prompt; any other bad value
    becomes null. Unknown columns are dropped; ``prompt_text`` wins over ``prompt_token_ids``. Raises
    ``InputError`` when a required column is absent, or a batch is too large for Arrow's 32-bit offsets, and
    ``KernelInputError`` when a column's offsets or buffers are broken.
    """
    columns = _known_columns(batch)
    for name, array in columns.items():
        structure.check(name, array)
    cleaned = {name: values.clean(name, array) for name, array in columns.items()}
    casts = {name: column.cast for name, column in cleaned.items()}
    reason_of_row, reasons = _judge(casts, batch.num_rows)
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
            f"no column {', '.join(missing)}; say where to find it with --columns "
            "(litellm, openai, otlp or a TOML file)"
        )
    if all(name in columns for name in CONTENT):
        del columns["prompt_token_ids"]
    return columns


def _judge(casts: dict[str, casting.Cast], rows: int) -> tuple[np.ndarray, list[str]]:
    """The first thing wrong with each row: an index (int8) into the list of reasons, 0 for a good row."""
    reason_of_row = np.zeros(rows, dtype=np.int8)
    reasons = [""]
    for at_fault, reason in _faults(casts):
        if at_fault.any():
            reason_of_row[at_fault & (reason_of_row == 0)] = len(reasons)
            reasons.append(reason)
    return reason_of_row, reasons


def _faults(casts: dict[str, casting.Cast]) -> Iterator[casting.Fault]:
    content = next(name for name in CONTENT if name in casts)
    for name, label in (("account_id", "account_id"), ("start_time", "start_time"), (content, "prompt")):
        for at_fault, fault in casts[name].faults:
            yield at_fault, f"{label} {fault}"
        yield casting.mask(casts[name].array.is_null()), f"{label} is missing"
    yield casting.empty(casts[content].array), "prompt is empty"
    if content == "prompt_text":
        yield values.placeholders(casts[content].array), "prompt is a placeholder"
        yield values.cut_chats(casts[content].array), "prompt is cut off JSON"


def single(call: Mapping[str, Any]) -> pa.RecordBatch:
    """A batch of one row; whatever types the values have, intake casts them as it does those of a file."""
    known = {name: call[name] for name in CALL_SCHEMA.names if name in call}
    try:
        return pa.RecordBatch.from_pylist([known])
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        raise InputError(
            "cannot check this call: a field has the wrong type; see gauger.engine.common.schema"
        ) from None
