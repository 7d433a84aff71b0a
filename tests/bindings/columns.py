"""The same rows in every form a user may hold them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from hypothesis import strategies as st

from gauger import Secret

SECRET = Secret(bytes(range(16)))
OTHER = Secret(bytes(range(1, 17)))
TEXTS = ["one two three four", "", "Wörter über 日本語", None, "x", " .,! ", "one two three four " * 40]

Rows = Sequence[Any]


def arrow(rows: Rows) -> pa.Array:
    """Rows as a plain Arrow array."""
    ids = any(isinstance(row, list) for row in rows)
    return pa.array(rows, pa.list_(pa.int32()) if ids else pa.string())


def sliced(rows: Rows) -> pa.Array:
    """A slice out of a longer array."""
    kind = arrow(rows).type
    around = arrow([[9, 9]] if pa.types.is_list(kind) else ["not of ours"])
    return pa.concat_arrays([around, arrow(rows).cast(kind), around]).slice(1, len(rows))


def chunked(rows: Rows) -> pa.ChunkedArray:
    """Uneven chunks, some of them empty."""
    array = arrow(rows)
    middle = len(rows) // 3
    return pa.chunked_array([array[:0], array[:middle], array[middle:middle], array[middle:]], array.type)


def dictionary(rows: Rows) -> pa.Array:
    """Dictionary-encoded."""
    return arrow(rows).dictionary_encode()


def run_ends(rows: Rows) -> pa.Array:
    """Run-end encoded, each row a run."""
    return pa.RunEndEncodedArray.from_arrays(pa.array(range(1, len(rows) + 1), pa.int32()), arrow(rows))


def bytes_under_null(rows: Rows) -> pa.Array:
    """Nulls lie over text, as they do in what a mask made of a column."""
    array = arrow(["left behind" if row is None else row for row in rows])
    null = pa.array([row is None for row in rows]).cast(pa.uint8()).to_numpy()
    valid = pa.py_buffer(np.packbits(1 - null, bitorder="little").tobytes())
    return pa.Array.from_buffers(array.type, len(rows), [valid, *array.buffers()[1:]])


def numpy_objects(rows: Rows) -> np.ndarray:
    """NumPy array of Python objects."""
    out = np.empty(len(rows), object)
    out[:] = rows
    return out


TEXT_FORMS: dict[str, Callable[[Rows], Any]] = {
    "list": list,
    "tuple": tuple,
    "arrow": arrow,
    "large_string": lambda rows: arrow(rows).cast(pa.large_string()),
    "string_view": lambda rows: arrow(rows).cast(pa.string_view()),
    "sliced string_view": lambda rows: sliced(rows).cast(pa.string_view()),
    "binary": lambda rows: arrow(rows).cast(pa.binary()),
    "sliced": sliced,
    "sliced large": lambda rows: sliced(rows).cast(pa.large_string()),
    "chunked": chunked,
    "dictionary": dictionary,
    "sliced dictionary": lambda rows: sliced(rows).dictionary_encode(),
    "bytes under null": bytes_under_null,
    "numpy objects": numpy_objects,
    "pandas": lambda rows: pd.Series(rows, dtype="str"),
    "pandas objects": lambda rows: pd.Series(rows, dtype=object),
    "pandas on arrow": lambda rows: pd.Series(arrow(rows), dtype=pd.ArrowDtype(pa.string())),
    "pandas category": lambda rows: pd.Series(rows, dtype="category"),
    "pandas index": lambda rows: pd.Index(rows, dtype="str"),
    "pandas part": lambda rows: pd.Series([*rows, "more"], dtype="str")[:-1],
    "polars": lambda rows: pl.Series(rows, dtype=pl.String),
    "polars categories": lambda rows: pl.Series(rows, dtype=pl.String).cast(pl.Categorical),
    "polars part": lambda rows: pl.Series([*rows, "more"], dtype=pl.String)[:-1],
}
ID_FORMS: dict[str, Callable[[Rows], Any]] = {
    "list": list,
    "list<int32>": arrow,
    "list<int64>": lambda rows: arrow(rows).cast(pa.list_(pa.int64())),
    "large_list": lambda rows: arrow(rows).cast(pa.large_list(pa.uint32())),
    "sliced": sliced,
    "chunked": chunked,
    "numpy objects": numpy_objects,
    "pandas": lambda rows: pd.Series(rows),
    "polars": lambda rows: pl.Series(rows, dtype=pl.List(pl.UInt32)),
}
COLUMN = st.lists(st.one_of(st.none(), st.sampled_from(["a b c", "a b d", ""]), st.text(max_size=20)), max_size=12)
