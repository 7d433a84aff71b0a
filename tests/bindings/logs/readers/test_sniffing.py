"""Sniffing: formats by content where names do not tell, and what is not read, by name."""

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gauger.engine.common.errors import InputError
from gauger.logs.readers import sniffing

LINE = b'{"account_id": "a"}\n'
TABLE = b"start_time,account_id,prompt_text\n1,a,p\n"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("gw.jsonl.1", LINE, "jsonl"),
        ("gw.jsonl.2.gz", gzip.compress(LINE, mtime=0), "jsonl"),
        ("gw.jsonl-20261116", LINE, "jsonl"),
        ("gw.log", LINE, "jsonl"),
        ("gw.log.2026-11-16", b"[" + LINE + b"]", "jsonl"),
        ("stream-1-2026-11-16-10-00-00-aa", LINE.strip() * 3, "jsonl"),
        ("export.txt", TABLE, "csv"),
        ("export", TABLE.replace(b",", b"\t"), "csv"),
        ("calls.csv.1", b"anything", "csv"),
        ("wide.txt", LINE.decode().encode("utf-16"), "jsonl"),
    ],
)
def test_content_tells(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert sniffing.format_of(path).name == expected


def test_binary_content_goes_before_the_name(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    pq.write_table(pa.table({"a": [1]}), path)
    assert sniffing.format_of(path).name == "parquet"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"INFO 11-16 10:00:00 logger.py:39] Received request\n" * 3, "no line is JSON: a text log"),
        (b"[2026-11-16 10:00:00] INFO started, ready, waiting\n" * 3, "no line is JSON: a text log"),
        (b"PK\x03\x04 and more", "a zip archive"),
        (b"\x01\x02\x03\0\0\0", "unknown format"),
        (b"", "empty"),
    ],
)
def test_what_is_no_log(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(content)
    with pytest.raises(InputError, match=complaint):
        sniffing.format_of(path)


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("a.jsonl.gz", ".jsonl"), ("a.JSON.3.zst", ".json"), ("a.csv.2026-11-16", ".csv"), ("a.1", ""), ("a.log", ".log")],
)
def test_suffixes_behind_compressions_and_rotations(name: str, suffix: str) -> None:
    assert sniffing.suffix_of(Path(name)) == suffix
