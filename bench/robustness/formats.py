"""Formats: every way of writing calls that gauger reads, and the mutants of each, by number."""

import bz2
import csv
import gzip
import io
import lzma
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import pyarrow as pa

from bench.robustness import chats, records, tables
from bench.robustness.mutations import Span, mutated
from bench.robustness.records import Record, altered, text, to_json

_COUNTS = (1, 4, 8, 8, 12, 12, 24)
_MANY, _MANY_SHARE = 300, 0.03  # records of a file that is larger than what readers look at first
_WHOLE_SHARE, _ODD_SHARE = 0.35, 0.55  # of mutants: values alone are changed; values are changed
_SNAPPY_BLOCK = 1 << 16


@dataclass(frozen=True)
class Format:
    """A way of writing calls."""

    suffix: str
    write: Callable[[Random, list[Record], bool], bytes]  # ``odd``: with what no sound writer does
    columns: str | None = None  # the column map to read it by
    calls: Callable[[Random, int], list[Record]] = records.calls
    hot: Callable[[bytes], list[Span]] = lambda data: []
    is_table: bool = False
    holds: str = "lines"  # how rows are counted by other means: see ``oracle``
    packed: str | None = None


def mutant(name: str, seed: int, number: int) -> bytes:
    """Mutant ``number`` of a format: records altered, bytes changed, or both."""
    kind, dice = FORMATS[name], Random(f"{seed}/{name}/{number}")
    style = dice.random()
    count = _MANY if dice.random() < _MANY_SHARE else dice.choice(_COUNTS)
    odd = style < _ODD_SHARE
    calls = kind.calls(dice, count)
    if odd and not kind.is_table:
        calls = altered(dice, calls, dice.choice((1, 2, 8)))
    data = kind.write(dice, calls, odd)
    if style < _WHOLE_SHARE:
        return data
    other = kind.write(dice, kind.calls(dice, 6), False)
    return mutated(dice, data, other, kind.hot(data) if data else ())


def is_whole(name: str, seed: int, number: int) -> bool:
    """Whether a mutant is a sound file of its format, odd as its values may be."""
    return FORMATS[name].is_table and Random(f"{seed}/{name}/{number}").random() < _WHOLE_SHARE


def json_lines(dice: Random, calls: list[Record], odd: bool) -> bytes:
    """A record a line."""
    ascii_only = dice.random() < 0.5
    end = (
        dice.choice(("\n", "\r\n", "\n\n", "\r", ",\n", " ", "\x1e\n", "\n\x1e"))
        if odd and dice.random() < 0.2
        else "\n"
    )
    lines = [to_json(one, ensure_ascii=ascii_only) for one in calls]
    if odd and lines and dice.random() < 0.2:
        place = dice.randrange(len(lines))
        lines[place] = _key_again(dice, lines[place])
    joined = end.join(lines) + (end if dice.random() < 0.8 else "")
    encoding = dice.choice(("utf-16", "utf-16-le", "utf-16-be", "latin-1")) if odd and dice.random() < 0.05 else "utf-8"
    return joined.encode(encoding, "surrogatepass" if encoding != "latin-1" else "replace")


def _key_again(dice: Random, line: str) -> str:
    """An object whose key stands in it twice."""
    name = dice.choice(("account_id", "prompt_text", "start_time", "request", "messages"))
    return f'{{"{name}": {to_json(dice.choice(records.ODD))}, {line[1:]}' if line.startswith("{") else line


def documents(dice: Random, calls: list[Record], odd: bool) -> bytes:
    """An array, or objects over several lines, or with nothing between them."""
    indent = dice.choice((None, 1, 2))
    kind = dice.randrange(4)
    if kind < 2:
        joined = to_json(calls, indent=indent)
    else:
        joined = dice.choice(("", "\n", ",\n")).join(to_json(one, indent=2) for one in calls)
    return joined.encode("utf-8", "surrogatepass")


def separated(dice: Random, calls: list[Record], odd: bool) -> bytes:
    """CSV."""
    rows = [one for one in calls if isinstance(one, dict) and one]
    names = list(rows[0]) if rows else ["a"]
    separator = dice.choice(",,,;\t|")
    end = dice.choice(("\r\n", "\n", "\n", "\r", "\n\n")) if odd else "\n"
    sheet = io.StringIO()
    if odd and dice.random() < 0.1:
        sheet.write(f"sep={separator}{end}")
    quoting = dice.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    writer = csv.writer(sheet, delimiter=separator, lineterminator=end, quoting=quoting)
    if odd and dice.random() < 0.1:
        names[dice.randrange(len(names))] = dice.choice(("", "a" * 9_999, "account_id", "prompt_token_ids", "\n", '"'))
    writer.writerow(names)
    for row in rows:
        values = [text(value) for value in row.values()]
        if odd and dice.random() < 0.1:
            values[dice.randrange(len(values))] = dice.choice(("\n" * 9, '"', "\0", "\r", '""', "a\nb\n\nc"))
        writer.writerow(values)
    return sheet.getvalue().encode("utf-8", "surrogatepass")


def avro(dice: Random, calls: list[Record], odd: bool) -> bytes:
    """An Avro file; ``odd``: with nested values as well."""
    import fastavro

    fields: list[dict[str, Any]] = [
        {"name": name, "type": ["null", "string", "double", "boolean", "long"]} for name in (calls[0] if calls else {})
    ]
    rows = calls
    if odd:
        fields.append({"name": "messages", "type": {"type": "array", "items": {"type": "map", "values": "string"}}})
        rows = [{**one, "messages": [{"role": "user", "content": records.prompt(dice)}]} for one in calls]
        times = {"type": "long", "logicalType": dice.choice(("timestamp-micros", "timestamp-millis", "time-micros"))}
        fields.append({"name": "account_created_at", "type": times})
        rows = [{**one, "account_created_at": dice.choice((0, 10**15, -(2**62)))} for one in rows]
        if times["logicalType"] == "time-micros":
            rows = [{**one, "account_created_at": 1} for one in rows]
    sink = io.BytesIO()
    schema = {"type": "record", "name": "call", "fields": fields}
    sync = dice.randbytes(16)
    fastavro.writer(sink, schema, rows, dice.choice(("null", "null", "deflate")), 200, sync_marker=sync)
    return sink.getvalue()


def _packed(pack: Callable[[Random, bytes], bytes]) -> Callable[[Random, list[Record], bool], bytes]:
    """JSON lines, damaged inside where ``odd``, and packed; now and then as two members, one after the other."""

    def write(dice: Random, calls: list[Record], odd: bool) -> bytes:
        inner = json_lines(dice, calls, odd)
        if odd and dice.random() < 0.5:
            inner = mutated(dice, inner, b'{"account_id": "other"}\n')
        cut = dice.choice((0, 0, len(inner) // 2))
        return (pack(dice, inner[:cut]) if cut else b"") + pack(dice, inner[cut:])

    return write


def _by_arrow(kind: str) -> Callable[[Random, bytes], bytes]:
    def pack(dice: Random, data: bytes) -> bytes:
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, kind) as stream:
            stream.write(data)
        return sink.getvalue().to_pybytes()

    return pack


def _snappy(dice: Random, data: bytes) -> bytes:
    """Framed Snappy, its checksums left at zero: gauger does not compute them."""
    codec, framed = pa.Codec("snappy"), b"\xff\x06\x00\x00sNaPpY"
    for start in range(0, len(data), _SNAPPY_BLOCK):
        plain = data[start : start + _SNAPPY_BLOCK]
        kind, block = (0, bytes(codec.compress(plain))) if dice.random() < 0.8 else (1, plain)
        framed += bytes([kind]) + (len(block) + 4).to_bytes(3, "little") + bytes(4) + block
    return framed


def _prefixed(dice: Random, calls: list[Record], odd: bool) -> bytes:
    """Records with a length before each, packed or not."""
    pack = _by_arrow("zstd") if dice.random() < 0.4 else lambda _, record: record
    framed = [pack(dice, to_json(one).encode()) for one in calls]
    return b"".join(len(record).to_bytes(4) + record for record in framed)


FORMATS: dict[str, Format] = {
    "parquet": Format(".parquet", lambda dice, calls, odd: tables.parquet(dice, tables.table(dice, calls, odd)),
                      hot=tables.parquet_heads, is_table=True, holds="parquet"),
    "arrow-file": Format(".arrow", lambda dice, calls, odd: tables.arrow_file(dice, tables.table(dice, calls, odd)),
                         hot=tables.marked(b"\xff\xff\xff\xff", 0, 400), is_table=True, holds="arrow"),
    "arrow-stream": Format(".ipc", lambda dice, calls, odd: tables.arrow_stream(dice, tables.table(dice, calls, odd)),
                           hot=tables.marked(b"\xff\xff\xff\xff", 0, 400), is_table=True, holds="arrow"),
    "orc": Format(".orc", lambda dice, calls, odd: tables.orc(dice, tables.table(dice, calls, odd)),
                  hot=tables.marked(b"ORC", 300, 60), is_table=True, holds="orc"),
    "avro": Format(".avro", avro, hot=tables.marked(b"Obj\x01", 0, 600), is_table=True, holds="avro"),
    "json-lines": Format(".jsonl", json_lines),
    "json-documents": Format(".json", documents, holds="documents"),
    "csv": Format(".csv", separated, holds="csv"),
    "otlp-traces": Format(".jsonl", json_lines, "otlp", chats.otlp_traces, holds="at least lines"),
    "otlp-logs": Format(".jsonl", json_lines, "otlp", chats.otlp_logs, holds="at least lines"),
    "openai": Format(".jsonl", json_lines, "openai", chats.openai),
    "anthropic": Format(".jsonl", json_lines, "anthropic", chats.anthropic),
    "litellm": Format(".jsonl", json_lines, "litellm", chats.litellm),
    "gzip": Format(".jsonl.gz", _packed(lambda dice, data: gzip.compress(data, mtime=0)), packed="gzip"),
    "bz2": Format(".jsonl.bz2", _packed(lambda dice, data: bz2.compress(data)), packed="bz2"),
    "xz": Format(".jsonl.xz", _packed(lambda dice, data: lzma.compress(data)), packed="xz"),
    "zstd": Format(".jsonl.zst", _packed(_by_arrow("zstd")), packed="zstd"),
    "lz4": Format(".jsonl.lz4", _packed(_by_arrow("lz4")), packed="lz4"),
    "snappy": Format(".jsonl.sz", _packed(_snappy), packed="snappy"),
    "prefixed": Format(".jsonl", _prefixed, packed="prefixed"),
}  # fmt: skip
