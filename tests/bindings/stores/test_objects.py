"""Logs out of a store and findings into it, against a server of S3's interface on this machine."""

import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from gauger.batch import outputs
from gauger.batch.score import score
from gauger.engine.common.errors import GaugerError, InputError
from gauger.engine.common.secret import Secret
from gauger.engine.reference.directory import StateDirectory
from gauger.logs.columns import load_column_map
from gauger.logs.readers import read, survey
from gauger.stores.elsewhere import Elsewhere
from gauger.stores.objects import Location
from tests.bindings import traffic
from tests.bindings.adapters.hosts import free_port

TABLES = ("accounts", "families", "campaigns", "ranks", "edges", "neighbours", "quarantine")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(url, timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield url
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A bucket ``day`` with a log in parts, and the environment of a user who may read and write it."""
    given = {
        "AWS_ACCESS_KEY_ID": "an-id",
        "AWS_SECRET_ACCESS_KEY": "a-secret-of-the-store",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": server,
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    urllib.request.urlopen(urllib.request.Request(f"{server}/moto-api/reset", method="POST"), timeout=20).close()
    store = boto3.client("s3")
    store.create_bucket(Bucket="day")
    return store


def put(store: Any, folder: Path, key: str, rows: list[dict[str, Any]], **options: Any) -> Path:
    path = folder / key
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path, **options)
    store.upload_file(str(path), "day", key)
    return path


def logs(store: Any, folder: Path) -> list[str]:
    """Three files of calls below ``logs``, in the store and in a folder."""
    rows = [*traffic.honest(40, 6, 1), *traffic.campaign(25, 12, 2)]
    return [
        str(put(store, folder, f"logs/part-{part}.parquet", rows[part::3], compression=packing))
        for part, packing in enumerate(("snappy", "brotli", "lz4"))
    ]


def table(place: str, name: str) -> pa.Table:
    store, path = fs.FileSystem.from_uri(f"{place}/{name}.parquet")
    return pq.read_table(path, filesystem=store)


def test_the_same_findings_as_from_a_folder_to_the_byte(bucket: Any, tmp_path: Path) -> None:
    logs(bucket, tmp_path)
    bucket.put_object(Bucket="day", Key="logs/_SUCCESS", Body=b"")
    states = [StateDirectory(tmp_path / name, Secret(b"0123456789abcdef")) for name in ("state", "other")]
    run = score(["s3://day/logs"], Path("s3://day/found/today"), state=states[0])
    score([tmp_path / "logs"], tmp_path / "out", state=states[1])
    assert run.place == "s3://day/found/today"
    for name in (*TABLES, "calls/00000", "calls/00002"):
        assert table("s3://day/found/today", name).equals(pq.read_table(tmp_path / "out" / f"{name}.parquet")), name
    assert [one.record()["path"] for one in run.inputs] == [f"s3://day/logs/part-{part}.parquet" for part in range(3)]
    assert (run.manifest["scored"], run.manifest["files_left_out"]) == (540, 1)
    assert list((tmp_path / "cache" / "gauger" / "runs").iterdir()) == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("s3://day/logs", 3),
        ("s3://day/logs/", 3),
        ("s3a://day/logs/part-1.parquet", 1),
        ("s3://day/logs/*-[0-9].parquet", 0),
        ("s3://day/l*/part-*.parquet", 3),
        ("s3://day/*", 3),
        ("s3://day", 3),
    ],
)
def test_what_a_url_stands_for(bucket: Any, tmp_path: Path, given: str, expected: int) -> None:
    logs(bucket, tmp_path)
    if expected:
        found = survey([given]).files
        assert len(found) == expected
        assert all(isinstance(path, Elsewhere) for path in found)
    else:
        with pytest.raises(InputError):
            survey([given])


def test_formats_that_seek_and_those_that_do_not(bucket: Any, tmp_path: Path) -> None:
    rows = traffic.honest(3, 4, 1)
    path = put(bucket, tmp_path, "a/calls.parquet", rows)
    calls = pq.read_table(path)
    with pa.OSFile(str(tmp_path / "b.arrow"), "wb") as out, pa.ipc.new_file(out, calls.schema) as writer:
        writer.write_table(calls)
    pa.csv.write_csv(calls.select(["start_time", "account_id", "prompt_text"]), tmp_path / "c.csv")
    with pa.CompressedOutputStream(str(tmp_path / "d.csv.gz"), "gzip") as out:
        out.write((tmp_path / "c.csv").read_bytes())
    from pyarrow import orc

    orc.write_table(calls.select(["account_id", "prompt_text"]), tmp_path / "e.orc")
    for name in ("b.arrow", "c.csv", "d.csv.gz", "e.orc"):
        bucket.upload_file(str(tmp_path / name), "day", f"a/{name}")
    found = survey(["s3://day/a"]).files
    assert len(found) == 5
    for one in found:
        chunks = list(read(one, load_column_map(None)))
        texts = [text for chunk in chunks for text in chunk.batch.column("prompt_text").to_pylist()]
        assert [text.decode() if isinstance(text, bytes) else text for text in texts] == [
            row["prompt_text"] for row in rows
        ], one


def test_two_keys_that_a_path_would_take_for_one(bucket: Any, tmp_path: Path) -> None:
    rows = traffic.honest(2, 3, 1)
    for key in ("twice/a//calls.parquet", "twice/a/calls.parquet", "twice/a/./calls.parquet"):
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / "calls.parquet")
        bucket.upload_file(str(tmp_path / "calls.parquet"), "day", key)
    found = survey(["s3://day/twice"])
    assert [str(path) for path in found.files] == ["s3://day/twice/a//calls.parquet", "s3://day/twice/a/calls.parquet"]
    assert [str(one.path) for one in found.left_out] == ["s3://day/twice/a/./calls.parquet"]


def test_folders_with_values_are_columns(bucket: Any, tmp_path: Path) -> None:
    rows = [{name: value for name, value in row.items() if name != "account_id"} for row in traffic.honest(1, 8, 1)]
    put(bucket, tmp_path, "hive/account_id=a%2F1/dt=2026-03-16/calls.parquet", rows)
    (found,) = survey(["s3://day/hive"]).files
    (chunk,) = read(found, load_column_map(None))
    assert set(chunk.batch.column("account_id").to_pylist()) == {"a/1"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("s3://day/nothing", "s3://day/nothing: no such object or folder"),
        ("s3://nowhere/logs", "s3://nowhere/logs: "),
        ("ftp://host/logs", "ftp://: no store that is read or written here"),
        ("s3://id:word@day/nothing", "s3://day/nothing: "),
        ("file://other/logs", "of another machine"),
        ("s3://id:pass word@day/nothing", "s3://day/nothing: "),
        ("s3://day/nothing?secret_key=word&%%", "s3://day/nothing: "),
    ],
)
def test_what_cannot_be_read_is_said(bucket: Any, given: str, said: str) -> None:
    with pytest.raises(InputError) as told:
        survey([given])
    assert said in str(told.value)
    assert "word" not in str(told.value)


def test_a_store_that_is_gone_is_said_before_any_work(bucket: Any, tmp_path: Path) -> None:
    logs(bucket, tmp_path)
    with pytest.raises(GaugerError, match="s3://nowhere/found: cannot write there"):
        score(["s3://day/logs"], Path("s3://nowhere/found"))
    assert not (tmp_path / "cache").exists() or not list((tmp_path / "cache" / "gauger" / "runs").iterdir())


def test_an_earlier_run_is_gone_before_the_next_is_there(bucket: Any, tmp_path: Path) -> None:
    logs(bucket, tmp_path)
    bucket.put_object(Bucket="day", Key="found/calls/00007.parquet", Body=b"of an earlier run")
    bucket.put_object(Bucket="day", Key="found/features.parquet", Body=b"of an earlier run")
    mine = {"found/mine.txt", "found/calls/mine.parquet", "found/calls/2026.jsonl"}
    for key in mine:
        bucket.put_object(Bucket="day", Key=key, Body=b"the user's")
    score(["s3://day/logs"], Path("s3://day/found"))
    keys = [one["Key"] for one in bucket.list_objects_v2(Bucket="day", Prefix="found/")["Contents"]]
    assert not {"found/calls/00007.parquet", "found/features.parquet"} & set(keys)
    assert {"found/manifest.json", "found/calls/00000.parquet", *mine} <= set(keys)


def test_findings_are_no_logs(bucket: Any, tmp_path: Path) -> None:
    logs(bucket, tmp_path)
    score(["s3://day/logs"], Path("s3://day/found"))
    with pytest.raises(
        InputError, match=r"s3://day/found/accounts\.parquet: belongs to what gauger writes in s3://day/found"
    ):
        score(["s3://day"], Path("s3://day/found"))


def test_killed_twice_and_run_again(bucket: Any, tmp_path: Path) -> None:
    """The store has a manifest only at the end; what was measured is not measured again."""
    logs(bucket, tmp_path)
    words = [sys.executable, "-m", "gauger", "score", "s3://day/logs", "--out", "s3://day/found"]
    words += ["--state", str(tmp_path / "state"), "--workers", "1"]
    runs = tmp_path / "cache" / "gauger" / "runs"
    for stage in ("segments", "units"):
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 120
        while not list(runs.glob(f".*.work/{stage}/*.*")) and time.monotonic() < until and process.poll() is None:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert "Contents" not in bucket.list_objects_v2(Bucket="day", Prefix="found/manifest.json")
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    key = Secret.from_file(tmp_path / "state" / "key")
    score([tmp_path / "logs"], tmp_path / "out", state=StateDirectory(tmp_path / "other", key))
    for name in TABLES:
        assert table("s3://day/found", name).equals(pq.read_table(tmp_path / "out" / f"{name}.parquet")), name
    assert Location.of("s3://day/found").store[0].get_file_info(f"day/found/{outputs.MANIFEST}").size > 0
