"""Discovery: what a user may point at, and how a format is told."""

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gauger.engine.common.errors import InputError
from gauger.logs import readers


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    for name in (
        "b.jsonl",
        "a.csv",
        "day/c.parquet",
        "day/deep/d.ndjson.gz",
        ".hidden.jsonl",
        "_temporary.jsonl",
        "e.jsonl.tmp",
        "f.jsonl~",
        "notes.txt",
        ".git/g.jsonl",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def names(paths: list[Path], root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in paths]


def test_directories_are_searched_in_depth_for_logs_only(logs: Path) -> None:
    assert names(readers.discover([logs]), logs) == ["a.csv", "b.jsonl", "day/c.parquet", "day/deep/d.ndjson.gz"]


def test_globs_files_and_directories_mix_and_count_once(logs: Path) -> None:
    found = readers.discover([f"{logs}/*.jsonl", logs / "b.jsonl", logs / "day", f"{logs}/d*"])
    assert names(found, logs) == ["b.jsonl", "day/c.parquet", "day/deep/d.ndjson.gz"]


def test_a_file_named_outright_is_taken_whatever_its_name(logs: Path) -> None:
    assert readers.discover([logs / "notes.txt"]) == [logs / "notes.txt"]


@pytest.mark.parametrize(
    ("given", "complaint"), [("missing.jsonl", "no such file or directory"), ("*.orc", "no log files there")]
)
def test_what_matches_nothing_is_an_error(logs: Path, given: str, complaint: str) -> None:
    with pytest.raises(InputError) as caught:
        readers.discover([logs, f"{logs}/{given}"])
    assert str(caught.value).startswith(f"{logs}/{given}: {complaint}")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.parquet", "parquet"),
        ("a.pq", "parquet"),
        ("a.arrow", "arrow"),
        ("a.ipc", "arrow"),
        ("a.feather", "arrow"),
        ("a.jsonl", "jsonl"),
        ("a.json.gz", "jsonl"),
        ("a.2026-11-20.ndjson.zst", "jsonl"),
        ("a.CSV", "csv"),
    ],
)
def test_suffixes(name: str, expected: str) -> None:
    assert readers.format_of(Path(name)).name == expected


def test_magic_bytes(tmp_path: Path) -> None:
    path = tmp_path / "log"
    data = pa.table({"a": [1]})
    pq.write_table(data, path)
    assert readers.format_of(path).name == "parquet"
    with pa.ipc.new_file(path, data.schema) as file:
        file.write_table(data)
    assert readers.format_of(path).name == "arrow"
    with pa.ipc.new_stream(path, data.schema) as stream:
        stream.write_table(data)
    assert readers.format_of(path).name == "arrow"
    path.write_bytes(b'\xef\xbb\xbf\n {"a": 1}\n')
    assert readers.format_of(path).name == "jsonl"
    path.write_bytes(gzip.compress(b'{"a": 1}\n'))
    assert readers.format_of(path).name == "jsonl"


@pytest.mark.parametrize("content", [b"", b"hello", b"\x1f\x8b\x08broken"])
def test_unknown_content_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        readers.format_of(path)
    assert str(caught.value).startswith(f"{path}: ")
