"""Tables: Arrow tables of calls whose columns have any type a writer may choose, and the files made of them."""

import io
from collections.abc import Callable
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet as pq

from bench.robustness.records import ODD, Record

_TIMES = (pa.timestamp("us", "UTC"), pa.timestamp("ns"), pa.timestamp("s"), pa.date32(), pa.int64(), pa.duration("ms"))
_NUMBERS = (pa.int8(), pa.uint64(), pa.float32(), pa.float16(), pa.decimal128(38, 3), pa.bool_(), pa.time64("us"))
_TEXTS = (
    *(pa.large_string(), pa.binary(), pa.large_binary(), pa.string_view(), pa.binary_view()),
    *(pa.dictionary(pa.int8(), pa.string()), pa.dictionary(pa.int32(), pa.large_string()), pa.binary(36)),
    *(pa.list_(pa.string()), pa.large_list(pa.string()), pa.list_view(pa.string()), pa.list_(pa.string(), 2)),
    *(pa.struct([("text", pa.string()), ("at", pa.int64())]), pa.map_(pa.string(), pa.string())),
    *(pa.run_end_encoded(pa.int32(), pa.string()), pa.null(), pa.list_(pa.list_(pa.int64()))),
)
_REFUSED = (pa.ArrowException, OverflowError, TypeError, ValueError, UnicodeEncodeError)
_OPTIONS: dict[str, tuple[Any, ...]] = {
    "compression": ("none", "none", "snappy", "zstd", "gzip", "lz4"),
    "use_dictionary": (True, False),
    "data_page_version": ("1.0", "2.0"),
    "write_page_checksum": (True, False, False),
    "row_group_size": (5, 1_000),
    "data_page_size": (200, 1 << 20),
}


def table(dice: Random, records: list[Record], odd: bool) -> pa.Table:
    """Sound records as a table; ``odd``: with columns of other types, and values that do not belong there."""
    columns = {name: [record.get(name) for record in records] for name in records[0]} if records else {"a": []}
    arrays = {name: pa.array(values) for name, values in columns.items()}
    if records and (not odd or dice.random() < 0.7):
        arrays["start_time"] = arrays["start_time"].cast(pa.timestamp("us", "UTC"))
    for _ in range(dice.choice((1, 2, 3)) if odd and records else 0):
        name = dice.choice(list(arrays))
        arrays[name] = _other(dice, columns[name], arrays[name])
    return pa.table(arrays)


def _other(dice: Random, values: list[Any], array: pa.Array) -> pa.Array:
    """A column in another type, or with a value of another kind; as it was where Arrow cannot do it."""
    kind = dice.choice((*_TIMES, *_NUMBERS, *_TEXTS))
    makers: tuple[Callable[[], pa.Array], ...] = (
        lambda: array.cast(kind),
        lambda: pa.array(values, kind),
        lambda: pa.array([_wrapped(value, kind) for value in values], kind),
        lambda: pa.array([dice.choice(ODD) for _ in values], kind),
        lambda: pa.array([dice.choice((value, None)) for value in values]),
        lambda: pa.array([value if dice.random() < 0.9 else dice.choice(ODD) for value in values]),
        lambda: pa.array([b"\xff\xfe" if dice.random() < 0.2 else str(value).encode() for value in values]),
    )
    if pa.types.is_map(kind):  # of values that are no pairs Arrow does not refuse to make one: it ends the process
        makers = makers[2:3]
    for make in dice.sample(makers, len(makers)):
        try:
            return make()
        except _REFUSED:
            continue
    return array


def _wrapped(value: Any, kind: pa.DataType) -> Any:
    if pa.types.is_struct(kind):
        return {"text": str(value), "at": 1}
    return [("a", str(value))] if pa.types.is_map(kind) else [str(value), "b"]


def parquet(dice: Random, made: pa.Table) -> bytes:
    """A Parquet file with options drawn."""
    chosen = {name: dice.choice(values) for name, values in _OPTIONS.items()}
    return _written(made, lambda rows, sink: pq.write_table(rows, sink, **chosen))


def orc(dice: Random, made: pa.Table) -> bytes:
    """An ORC file."""
    chosen = dice.choice(("uncompressed", "uncompressed", "zlib", "zstd", "snappy"))
    return _written(made, lambda rows, sink: pyarrow.orc.write_table(rows, sink, compression=chosen))


def arrow_file(dice: Random, made: pa.Table) -> bytes:
    """An Arrow file."""
    return _arrow(dice, made, pa.ipc.new_file)


def arrow_stream(dice: Random, made: pa.Table) -> bytes:
    """An Arrow stream."""
    return _arrow(dice, made, pa.ipc.new_stream)


def _arrow(dice: Random, made: pa.Table, opened: Callable[..., Any]) -> bytes:
    options = pa.ipc.IpcWriteOptions(compression=dice.choice((None, None, "lz4", "zstd")))

    def write(rows: pa.Table, sink: io.BytesIO) -> None:
        with opened(sink, rows.schema, options=options) as writer:
            writer.write_table(rows, max_chunksize=dice.choice((7, 1_000)))

    return _written(made, write)


def _written(made: pa.Table, write: Callable[[pa.Table, io.BytesIO], None]) -> bytes:
    """The file of a table, without the columns that its format has no type for."""
    sink = io.BytesIO()
    try:
        write(made, sink)
        return sink.getvalue()
    except (*_REFUSED, OSError):
        pass
    kept = []
    for name in made.schema.names:
        try:
            write(made.select([name]), io.BytesIO())
            kept.append(name)
        except (*_REFUSED, OSError):
            continue
    sink = io.BytesIO()
    write(made.select(kept), sink)
    return sink.getvalue()


def parquet_heads(data: bytes) -> list[tuple[int, int]]:
    """Where the heads of pages and the footer stand in a sound file."""
    metadata = pq.ParquetFile(io.BytesIO(data)).metadata
    starts = [
        chunk.dictionary_page_offset or chunk.data_page_offset
        for group in range(metadata.num_row_groups)
        for chunk in map(metadata.row_group(group).column, range(metadata.num_columns))
    ]
    starts += [
        metadata.row_group(group).column(column).data_page_offset
        for group in range(metadata.num_row_groups)
        for column in range(metadata.num_columns)
    ]
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    return [*((start, start + 40) for start in starts), (footer, len(data)), (footer, len(data))]


def marked(mark: bytes, before: int, behind: int) -> Callable[[bytes], list[tuple[int, int]]]:
    """Finds the places around each ``mark``: messages of Arrow, blocks of Avro, stripes of ORC."""

    def places(data: bytes) -> list[tuple[int, int]]:
        found, at = [], data.find(mark)
        while at >= 0 and len(found) < 100:
            found.append((max(0, at - before), min(len(data), at + behind)))
            at = data.find(mark, at + 1)
        return found

    return places
