"""Near names: what a map may have meant, out of the head of a log, and nothing where that cannot be read."""

from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gauger.logs.near_names import names_of, near_to

RECORD = {"Http": {"Remote_IP": "203.0.113.5"}, "uid": "a", "parts": [1, {"text": "Sort it"}]}
NAMES = ["Http", "Http.Remote_IP", "parts", "parts.text", "uid"]


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("http.remote_ip", ["Http.Remote_IP"]),
        ("request.remoteIp", ["Http.Remote_IP"]),
        ("UID", ["uid"]),
        ("uidd", ["uid"]),
        ("payment", []),
    ],
)
def test_names_that_come_near(path: str, near: list[str]) -> None:
    assert near_to(path, NAMES) == near


def test_names_are_read_from_the_head_of_a_log(tmp_path: Path) -> None:
    lines = tmp_path / "log.jsonl"
    lines.write_bytes(orjson.dumps(RECORD) + b"\n\n" + orjson.dumps({"uid": {"deep": 1}}))
    assert names_of(lines) == sorted([*NAMES, "uid.deep"])
    packed = tmp_path / "log.jsonl.gz"
    with pa.output_stream(str(packed)) as stream:
        stream.write(lines.read_bytes())
    assert names_of(packed) == names_of(lines)
    pq.write_table(pa.table({"Http": [RECORD["Http"]], "uid": ["a"]}), tmp_path / "log.parquet")
    assert names_of(tmp_path / "log.parquet") == ["Http", "Http.Remote_IP", "uid"]


@pytest.mark.parametrize("name", ["log.jsonl", "log.parquet", "log.csv", "log.jsonl.gz"])
def test_what_cannot_be_read_has_no_names(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b'{"a": \nx,y\n')
    assert names_of(tmp_path / name) == []
    assert names_of(tmp_path / f"no-{name}") == []
