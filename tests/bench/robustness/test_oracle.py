"""Oracle: rows counted without gauger, and damage it must not pass over."""

import bz2
import gzip
import lzma

import pytest

from bench.robustness import oracle
from bench.robustness.formats import FORMATS
from bench.robustness.oracle import UNKNOWN, Held

LINES = b'{"a": 1}\n[{"a": 1}, {"a": 2}]\n\n{"a": 1}{"a": 2}\n{torn\n7\n'


@pytest.mark.parametrize(
    ("name", "data", "held"),
    [
        ("json-lines", LINES, Held(6, 7)),
        ("otlp-traces", LINES, Held(6, None)),
        ("json-lines", b"", UNKNOWN),
        ("json-documents", b'[{"a": 1},\n {"a": 2}]\n{"a":\n 3}', Held(3, 3)),
        ("json-documents", b'[{"a": 1},\n {"a": 2', Held(is_damaged=True)),
        ("gzip", gzip.compress(b"7\n", mtime=0) * 2, UNKNOWN),
        ("gzip", gzip.compress(LINES, mtime=0) + gzip.compress(b"8\n", mtime=0), Held(7, 8)),
        ("gzip", gzip.compress(LINES, mtime=0) + b"x", Held(is_damaged=True)),
        ("bz2", bz2.compress(LINES)[:-1], Held(is_damaged=True)),
        ("xz", lzma.compress(LINES) + bytes(8), Held(6, 7)),
        ("xz", lzma.compress(LINES) + b"garbage behind", Held(is_damaged=True)),
        ("parquet", b"PAR1 and nothing", UNKNOWN),
    ],
)
def test_what_a_file_holds(name: str, data: bytes, held: Held) -> None:
    assert oracle.held(FORMATS[name], data) == held


def test_lines_behind_the_header() -> None:
    assert oracle.csv_lines(b"a,b\n1,2\n\n3,4\n") == (2, 4)
    assert oracle.csv_lines(b"a,b\r1,2\r3,4") == (2, 2)
    assert oracle.csv_lines(b'a,"b\nc"\n1,2\n') is None
    assert oracle.csv_lines(b"sep=;\na;b\n1;2\n") is None
