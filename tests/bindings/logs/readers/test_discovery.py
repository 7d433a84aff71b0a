"""Discovery: what a user may point at, and how a format is told."""

import gzip
import os
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


def test_files_of_a_directory_are_taken_by_content_and_the_others_named(tmp_path: Path) -> None:
    line = b'{"account_id": "a"}\n'
    for name, content in {
        "gw.jsonl.1": line,
        "gw.log": line,
        "vllm.log": b"INFO started\n",
        "old.tar": b"\0" * 257 + b"ustar",
        "_SUCCESS": b"",
        "permission-check": b"",
        ".part.crc": b"x",
        "part.crc": b"x",
        "README.md": b"words",
        "manifest.json": b"{}",
        "data/4_input.json.gz": gzip.compress(b"{}"),
        "data/day.json": line,
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    found = readers.survey([tmp_path])
    assert names(found.files, tmp_path) == ["data/day.json", "gw.jsonl.1", "gw.log"]
    left = {one.path.relative_to(tmp_path).as_posix(): one.is_data for one in found.left_out}
    beside = (
        "README.md",
        "data/4_input.json.gz",
        "manifest.json",
        "part.crc",
        "permission-check",
        "_SUCCESS",
        ".part.crc",
    )
    assert left == {**dict.fromkeys(beside, False), "old.tar": True, "vllm.log": True}
    assert found.complaints() == [
        f"{tmp_path}/old.tar: left out, a tar archive: unpack it and score what is in it",
        f"{tmp_path}/vllm.log: left out, no line is JSON: a text log, or another format",
    ]
    assert found.complaints(1)[1] == "1 more files left out"


def test_a_file_that_is_named_outright_is_not_left_out(tmp_path: Path) -> None:
    (tmp_path / "vllm.log").write_bytes(b"INFO started\n")
    (tmp_path / "a.jsonl").touch()
    found = readers.survey([tmp_path, tmp_path / "vllm.log"])
    assert names(found.files, tmp_path) == ["a.jsonl", "vllm.log"]
    assert found.left_out == []


@pytest.mark.parametrize("given", ["https://h/x", "https:/h/x", "oss://b/x"])
def test_places_of_no_store_are_refused(given: str) -> None:
    with pytest.raises(
        InputError, match=r"^[a-z]+://: no store that is read or written here; there are file://, s3://"
    ):
        readers.survey([given])


def test_a_url_of_this_machine_is_its_path(tmp_path: Path) -> None:
    (tmp_path / "a b.csv").write_text("account_id,prompt_text,start_time\n")
    assert readers.discover([f"file://{tmp_path}/a%20b.csv"]) == [tmp_path / "a b.csv"]


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(InputError, match="neither a file nor a directory"):
        readers.survey([tmp_path / "pipe.jsonl"])
