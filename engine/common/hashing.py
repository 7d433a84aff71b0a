"""Keyed hashes of Arrow text, and the buffers kernels read it from."""

import numpy as np
import pyarrow as pa

from gauger.kernels.machine import keys
from gauger.kernels.text.siphash import hash_strings
from gauger.kernels.text.texts import hash_words_of


def text_buffers(array: pa.StringArray) -> tuple[np.ndarray, np.ndarray]:
    """Bytes (uint8) and offsets (int64[n + 1]) of an admitted string array, without copying the bytes.

    The views borrow the array's memory: keep it alive while a kernel runs.
    """
    if len(array) == 0:
        return np.zeros(0, np.uint8), np.zeros(1, np.int64)
    offsets = np.frombuffer(array.buffers()[1], np.int32)[array.offset : array.offset + len(array) + 1]
    data = array.buffers()[2]
    values = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(0, np.uint8)
    return values, offsets.astype(np.int64)


def list_buffers(array: pa.ListArray) -> tuple[np.ndarray, np.ndarray]:
    """Values (int32) and offsets (int64[n + 1]) of an admitted list<int32> array."""
    offsets = np.asarray(array.offsets).astype(np.int64)
    return np.ascontiguousarray(array.values.to_numpy(zero_copy_only=False), np.int32), offsets


def hash_words(key: np.ndarray, texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Keyed word hashes of texts: uint64 values and int64[n + 1] offsets, as the pass sees them."""
    values, offsets = text_buffers(pa.array(texts, pa.string()))
    word_offsets = np.zeros(len(texts) + 1, np.int64)
    out = np.empty(len(values) // 2 + 1 + len(texts), np.uint64)
    hash_words_of(values, offsets, key, word_offsets, out)
    return out[: word_offsets[-1]], word_offsets


def hash_column(key: np.ndarray, column: pa.StringArray) -> np.ndarray:
    """Keyed SipHash of each string of a metadata column; uint64[n], 0 for null."""
    values, offsets = text_buffers(column)
    out = np.empty(len(column), np.uint64)
    hash_strings(key[keys.STRING], key[keys.STRING + 1], values, offsets, out)
    if column.null_count:
        out[~np.asarray(column.is_valid())] = 0
    return out
