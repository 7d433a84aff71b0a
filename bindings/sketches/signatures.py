"""Signatures: MinHash of word 3-shingles, one row of 128 slots a text.

    uint32[n, 128], C order: row i is 512 bytes

    slot    31      24 23                                             0
            [ round  ] [                24 hashed bits                ]

A slot is the least of what the text's shingles threw into it (``kernels/sketches/minhash.py``); 0xFFFFFFFF is a slot of
a text without words. The slot-wise minimum of two rows is the signature of both texts' shingles together.
"""

from typing import Any

import numpy as np
import pyarrow.types as pt

from gauger.engine.common.errors import KernelInputError
from gauger.engine.common.secret import Secret
from gauger.engine.intake import casting
from gauger.kernels.sketches import minhash
from gauger.kernels.text import texts as kernel
from gauger.sketches import values as columns


def signatures(values: Any, *, secret: Secret) -> np.ndarray:
    """MinHash signatures of a column of texts or of lists of token ids; uint32[n, 128].

    values : an Arrow, pandas or polars column, a NumPy array or a list, of text (or UTF-8 bytes) or of lists of token
        ids. Text is cut into words, lower-cased in ASCII; a row's set is its runs of three words (or ids).
    secret : rows of different secrets are not comparable.

    A null, and a text without words, gives a row of 0xFFFFFFFF, so that rows stay aligned with the column.
    """
    chunks = columns.chunks(values)
    out = np.empty((sum(map(len, chunks)), minhash.SLOTS), np.uint32)
    at = 0
    for chunk in chunks:
        target = out[at : at + len(chunk)]
        at += len(chunk)
        if casting.is_text(chunk.type) or pt.is_null(chunk.type):
            rows, sign = columns.texts(chunk), kernel.sign_texts
        elif casting.is_list(chunk.type):
            rows, sign = columns.token_ids(chunk), kernel.sign_token_ids
        else:
            raise KernelInputError(f"values are {chunk.type}; text or lists of token ids are needed")
        sign(rows.values, rows.offsets, secret.key, target)
        if rows.nulls is not None:
            target[rows.nulls] = minhash.EMPTY
    return out


def jaccard(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Estimated Jaccard similarity of signatures, row by row: the share of equal slots; float64.

    Rows pair as NumPy broadcasts them: ``jaccard(rows, rows[0])`` compares each with the first, and two single rows
    give one number. The estimate is
    unbiased, its standard error at most sqrt(J (1 - J) / 128), which is 0.044 at J = 1/2. Two rows without words have
    no similarity: NaN.
    """
    left, right = check(left), check(right)
    try:
        shares = np.mean(left == right, axis=-1)
    except ValueError:
        raise KernelInputError(f"rows of shape {left.shape} and {right.shape} do not pair") from None
    # A row of words has no empty slot: one tells. [()] makes a number of an array of no dimension.
    return np.where((left[..., 0] == minhash.EMPTY) & (right[..., 0] == minhash.EMPTY), np.nan, shares)[()]


def check(rows: np.ndarray) -> np.ndarray:
    """``rows`` if they are signatures: uint32, 128 in the last dimension."""
    rows = np.asarray(rows)
    if rows.dtype != np.uint32 or rows.ndim == 0 or rows.shape[-1] != minhash.SLOTS:
        raise KernelInputError(f"signatures are uint32[n, {minhash.SLOTS}]; this is {rows.dtype}{list(rows.shape)}")
    return rows
