"""Chunk: a piece of a file as every reader hands it on, and the limits all readers share."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gauger.engine.common.errors import InputError
from gauger.engine.common.schema import CALL_SCHEMA
from gauger.engine.intake import casting
from gauger.logs.files import limits

BATCH_ROWS = 65_536
BATCH_BYTES = 64 << 20  # a batch ends early here: a few kilobytes of Parquet can decode to gigabytes

# What Arrow raises on damaged files, depending on where the damage is met.
DAMAGE = (pa.ArrowException, OSError, MemoryError, KeyError, IndexError, OverflowError, ValueError)


@dataclass(frozen=True)
class Chunk:
    """Some rows of a file under canonical names, in any layout, not yet admitted."""

    batch: pa.RecordBatch
    rows: np.ndarray  # int64, 0-based number in the file of each batch row
    broken: list[tuple[int, str]]  # rows that could not even be parsed, and why


def empty_batch(wanted: Sequence[str] | None) -> pa.RecordBatch:
    """No rows, with the ``wanted`` canonical columns: what a chunk of nothing but broken rows holds."""
    names = CALL_SCHEMA.names if wanted is None else [name for name in CALL_SCHEMA.names if name in wanted]
    fields = [CALL_SCHEMA.field(name) for name in names]
    return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in fields], schema=pa.schema(fields))


def slices(batch: pa.RecordBatch, batch_rows: int) -> Iterator[pa.RecordBatch]:
    """``batch`` cut, without copying, to at most ``batch_rows`` rows and about BATCH_BYTES each."""
    for start in range(0, batch.num_rows, batch_rows):
        yield from _halves(batch.slice(start, batch_rows))


def _halves(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    if batch.num_rows <= 1 or sum(map(decoded_bytes, batch.columns)) <= BATCH_BYTES:
        yield batch
        return
    middle = batch.num_rows // 2
    yield from _halves(batch.slice(0, middle))
    yield from _halves(batch.slice(middle))


def decoded_bytes(array: pa.Array) -> int:
    """Bytes of ``array`` once its dictionary, if any, is spelt out."""
    if isinstance(array, pa.DictionaryArray) and casting.is_text(array.type.value_type):
        # Every row may hold the longest value: an upper bound that looks at no row.
        longest = pc.max(pc.binary_length(array.dictionary.cast(pa.large_binary()))).as_py()
        return array.nbytes + len(array) * (longest or 0)
    return array.nbytes


def cut_short(path: Path, kind: str, error: OSError, rows: int) -> InputError:
    """The error for a stream of text that breaks off after so many rows."""
    if error.strerror:
        return unreadable(path, kind, error)
    return InputError(
        f"{path}: compressed data are truncated or damaged after {rows} rows; those were read, "
        "fetch the file again for the rest"
    )


def crowded(path: Path) -> InputError:
    """The error for a file with more rows than one of its size can hold of a log."""
    return InputError(
        f"{path}: more than {limits.ROWS_PER_BYTE} rows a byte; no log is that dense, leave it out or write it again"
    )


def unreadable(path: Path, kind: str, error: BaseException) -> InputError:
    """The error for a corrupt file; Arrow's own words are left out, as they may quote the data."""
    if isinstance(error, OSError) and error.strerror:
        return InputError(f"{path}: cannot be read ({error.strerror}); check the file and its permissions")
    if "encrypt" in str(error).lower() or "decrypt" in str(error).lower():
        return InputError(f"{path}: an encrypted {kind} file: write it decrypted, gauger takes no keys")
    if "checksum" in str(error).lower():
        return InputError(f"{path}: damaged, a page does not match its checksum; fetch or write it again")
    if "out of range for nanosecond" in str(error):
        return InputError(f"{path}: holds a time outside of 1677 to 2262, which Arrow cannot read; leave it out")
    if isinstance(error, MemoryError):
        return InputError(f"{path}: too large to decode in memory, or not a sound {kind} file; write it again")
    return InputError(f"{path}: not a sound {kind} file, truncated or damaged; write it again or leave it out")
