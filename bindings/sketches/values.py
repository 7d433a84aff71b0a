"""Values: any column a user may hold, as Arrow arrays that kernels may read.

Conversion is left to the column's own library, through the Arrow PyCapsule interface, ``__arrow_array__`` or
``to_arrow``; no dataframe library is imported here. What arrives is checked as a stranger's data is
(``engine.structure``) and brought to one of three forms, chunk by chunk: bytes with 64-bit offsets, lists of int32
token ids, or 64-bit integers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from gauger.engine.common.errors import KernelInputError
from gauger.engine.intake import casting, structure
from gauger.kernels.machine import keys
from gauger.kernels.text.siphash import hash_strings, hash_words

COLUMNS = "Arrow, pandas, polars or NumPy column, or a list"
_REFUSED = (pa.ArrowException, TypeError, ValueError, OverflowError, AttributeError)


@dataclass(frozen=True)
class Rows:
    """Rows of a column as a kernel reads them: row i is ``values[offsets[i]:offsets[i + 1]]``."""

    values: np.ndarray  # uint8 for texts, int32 for token ids
    offsets: np.ndarray  # int64[n + 1]
    nulls: np.ndarray | None  # bool[n], rows that are null; None = no row is

    def __len__(self) -> int:
        return len(self.offsets) - 1


def chunks(values: Any) -> list[pa.Array]:
    """The Arrow arrays of a column, checked; dictionaries and run-end encoding undone.

    Raises ``KernelInputError``, whose message never holds a value, when this is no column or its data is broken.
    """
    found = []
    for chunk in _chunks(values):
        structure.check("values", chunk)
        try:
            array = casting.decode(chunk)
        except pa.ArrowNotImplementedError:
            raise KernelInputError(f"values are {chunk.type}, which Arrow does not decode; cast them first") from None
        except pa.ArrowException:
            raise KernelInputError("a chunk holds more than 2 GB once decoded; pass smaller chunks") from None
        # A column without a value has whatever type its library gave it.
        found.append(pa.nulls(len(array)) if array.null_count == len(array) else array)
    return found


def _chunks(values: Any) -> list[pa.Array]:
    if isinstance(values, pa.ChunkedArray):
        return values.chunks
    if isinstance(values, pa.Array):
        return [values]
    if isinstance(values, str | bytes | dict) or getattr(values, "ndim", 1) != 1 or not _iterable(values):
        raise KernelInputError(f"one {type(values).__name__} is not a column: pass an {COLUMNS}")
    try:
        if hasattr(values, "__arrow_c_stream__"):
            array: Any = pa.chunked_array(values)
        elif hasattr(values, "to_arrow"):
            array = values.to_arrow()
        else:
            # from_pandas: None, NaN and NaT among Python objects are nulls.
            array = pa.array(values, from_pandas=True)
    except _REFUSED:
        # Arrow's own message may quote a value.
        raise KernelInputError(f"{type(values).__name__}: values of one type are needed, in an {COLUMNS}") from None
    if not isinstance(array, pa.Array | pa.ChunkedArray):
        raise KernelInputError(f"{type(values).__name__} is not a column: pass an {COLUMNS}")
    return array.chunks if isinstance(array, pa.ChunkedArray) else [array]


def texts(array: pa.Array, present: bool = False) -> Rows:
    """Rows of a checked array of text or bytes, without the nulls if only those ``present`` are wanted."""
    if pt.is_null(array.type):
        array = array.cast(pa.large_binary())
    if not casting.is_text(array.type):
        raise KernelInputError(f"values are {array.type}; text is needed")
    # Bytes with 64-bit offsets: no limit of 2 GB, and of string and large_string the bytes are not copied.
    array = array.cast(pa.large_binary())
    if present and array.null_count:
        array = array.drop_null()  # a null may lie over bytes that are not empty
    if len(array) == 0:
        return Rows(np.zeros(0, np.uint8), np.zeros(1, np.int64), None)
    _, offsets, data = array.buffers()
    # Copied, because memory from elsewhere need not be aligned.
    offsets = np.frombuffer(offsets, np.uint8)[8 * array.offset : 8 * (array.offset + len(array) + 1)].copy()
    data = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(0, np.uint8)
    return Rows(data, offsets.view(np.int64), _nulls(array))


def token_ids(array: pa.Array) -> Rows:
    """Rows of a checked array of lists of token ids."""
    cast = casting.cast(array, casting.TOKEN_IDS)
    for rows, reason in cast.faults:
        raise KernelInputError(f"row {int(np.argmax(rows))} of a chunk {reason}")
    offsets = np.asarray(cast.array.offsets).astype(np.int64)
    ids = np.require(cast.array.values.to_numpy(zero_copy_only=False), np.int32, ["C", "A"])
    return Rows(ids, offsets, _nulls(cast.array))


def hashes(array: pa.Array, key: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Keyed hash of each value of a checked array, text or integers, as a whole; and which rows are null.

    Text is hashed as its bytes. An integer is hashed as the eight bytes of its two's complement, whatever its width.
    """
    out = np.zeros(len(array), np.uint64)
    if casting.is_text(array.type) or pt.is_null(array.type):
        rows = texts(array)
        hash_strings(key[keys.STRING], key[keys.STRING + 1], rows.values, rows.offsets, out)
        return out, rows.nulls
    if not pt.is_integer(array.type):
        raise KernelInputError(f"values are {array.type}; text or integers are needed")
    wide = array.fill_null(0).cast(pa.uint64() if pt.is_unsigned_integer(array.type) else pa.int64())
    words = np.require(wide.to_numpy(zero_copy_only=False), None, ["C", "A"]).view(np.uint64)
    hash_words(key[keys.TOKEN_ID], key[keys.TOKEN_ID + 1], words, out)
    return out, _nulls(array)


def present_hashes(values: Any, key: np.ndarray) -> Iterator[np.ndarray]:
    """Keyed hashes of the values of a column that are not null, chunk by chunk."""
    for chunk in chunks(values):
        found, nulls = hashes(chunk, key)
        yield found if nulls is None else found[~nulls]


def present_texts(values: Any) -> Iterator[Rows]:
    """Rows of a column of texts without the nulls, chunk by chunk."""
    for chunk in chunks(values):
        yield texts(chunk, present=True)


def _iterable(values: Any) -> bool:
    return any(hasattr(values, name) for name in ("__iter__", "__arrow_c_stream__", "__arrow_c_array__", "to_arrow"))


def _nulls(array: pa.Array) -> np.ndarray | None:
    return casting.mask(array.is_null()) if array.null_count else None
