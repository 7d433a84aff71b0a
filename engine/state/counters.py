"""Counters: columns of a call that are added up by account, each as the calls that say and those that say yes.

A new yes or no of a call is a line in ``COUNTERS``; the account table has a column for either number. A state saved
before the line was there is read with zero in both: no call said anything, which is not the same as a no.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class Counter:
    """A yes or no of each call."""

    known: str  # in the account table: calls for which the column says something, so absent is never taken for no
    true: str  # and those for which it says yes
    column: str  # of the call
    read: Callable[[pa.Array], tuple[np.ndarray, np.ndarray]]  # bool[n] each: known, true


def _flag(column: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(column.is_valid()), np.asarray(pc.fill_null(column, False))


def _several(column: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(column.is_valid()), np.asarray(pc.fill_null(pc.greater(column, 1), False))


def _present(column: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    return np.ones(len(column), bool), np.asarray(column.is_valid())


def _by_length(column: pa.ListArray) -> tuple[np.ndarray, np.ndarray]:
    """Whether any finish reason of a call is "length"."""
    hits = np.zeros(len(column), bool)
    equal = pc.fill_null(pc.equal(pc.list_flatten(column), "length"), False)
    hits[np.asarray(pc.list_parent_indices(column))[np.asarray(equal)]] = True
    return np.asarray(column.is_valid()), hits


COUNTERS = (
    Counter("finish_calls", "finish_length", "response_finish_reasons", _by_length),
    Counter("error_calls", "errors", "error_type", _present),
    Counter("logprob_calls", "logprobs", "request_logprobs", _flag),
    Counter("choice_calls", "choices_many", "request_choice_count", _several),
    Counter("accepted_calls", "accepted", "accepted", _flag),
    Counter("stream_calls", "streamed", "request_stream", _flag),
)


def count(batch: pa.RecordBatch) -> dict[str, np.ndarray]:
    """What a batch adds to the account table, by column of it; bool[n] each. Absent columns add nothing."""
    found: dict[str, np.ndarray] = {}
    for counter in COUNTERS:
        if counter.column in batch.schema.names:
            found[counter.known], found[counter.true] = counter.read(batch.column(counter.column))
    return found
