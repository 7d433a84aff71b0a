"""Files elsewhere: standard input, and how a path of one behaves."""

import io
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from gauger.engine.common.errors import InputError
from gauger.logs.readers import survey
from gauger.stores.elsewhere import Elsewhere, named, opened, standard_input
from tests.bindings import traffic


def found() -> Elsewhere:
    return Elsewhere.of("s3://day/a%2Fb/part=1/calls.parquet", 5, 7, lambda: io.BytesIO(b"bytes"))


def test_it_is_named_as_the_user_named_it() -> None:
    path = found()
    assert str(path) == f"{path}" == "s3://day/a%2Fb/part=1/calls.parquet"
    assert (path.name, path.suffix, path.parts[-2]) == ("calls.parquet", ".parquet", "part=1")
    assert (path.stat().st_size, path.stat().st_mtime_ns, path.is_file()) == (5, 7, True)
    assert path.resolve() is path
    assert {path: 1}[found()] == 1
    assert sorted([path, Path("a")])[0] == Path("a")
    assert (str(path.parent), path.with_suffix(".x").name) == ("s3:/day/a%2Fb/part=1", "calls.x")
    assert path.parent == found().parent != path
    with pytest.raises(TypeError):
        pickle.dumps(path)


def test_its_bytes_come_from_the_beginning_each_time(tmp_path: Path) -> None:
    for _ in range(2):
        with opened(found()) as file:
            assert file.read() == b"bytes"
    with named(found()) as path:
        assert path.read_bytes() == b"bytes"
    assert not path.exists()
    own = tmp_path / "own"
    own.write_bytes(b"own")
    with named(own) as path:
        assert path == own


def score(folder: Path, arguments: list[str], given: bytes | int) -> subprocess.CompletedProcess[bytes]:
    """A run with temporary files in ``folder/scratch``; given : what is piped in, or its descriptor"""
    (folder / "scratch").mkdir(exist_ok=True)
    words, environment = [sys.executable, "-m", "gauger", "score", *arguments], dict(os.environ)
    environment["TMPDIR"] = str(folder / "scratch")
    if isinstance(given, int):
        return subprocess.run(words, stdin=given, env=environment, capture_output=True)
    return subprocess.run(words, input=given, env=environment, capture_output=True)


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet", ".csv"])
def test_what_is_piped_in_is_scored_like_the_file(tmp_path: Path, suffix: str) -> None:
    rows = [*traffic.honest(30, 6, 1), *traffic.campaign(25, 12, 2)]
    log = traffic.write(traffic.table(rows), tmp_path / f"day{suffix}")
    given = log.read_bytes()
    common = ["--workers", "1", "--state", str(tmp_path / "state")]
    assert score(tmp_path, [str(log), "--out", str(tmp_path / "file"), *common], b"").returncode == 0
    run = score(tmp_path, ["-", "--out", str(tmp_path / "pipe"), *common, "--replace-day"], given)
    assert run.returncode == 0, run.stderr
    for name in ("accounts", "campaigns", "quarantine", "calls/00000"):
        one, other = (pq.read_table(tmp_path / out / f"{name}.parquet") for out in ("file", "pipe"))
        assert one.equals(other), name
    assert list((tmp_path / "scratch").iterdir()) == []


def test_nothing_piped_in_is_said(tmp_path: Path) -> None:
    run = score(tmp_path, ["-", "--out", str(tmp_path / "out")], b"")
    assert run.returncode == 1
    assert run.stderr.decode().startswith("gauger: -: ")
    master, slave = os.openpty()
    run = score(tmp_path, ["-", "--out", str(tmp_path / "out")], slave)
    assert b"-: nothing is piped into standard input" in run.stderr
    os.close(master)
    os.close(slave)


def test_a_file_of_that_name_is_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    traffic.write(traffic.table(traffic.honest(2, 3, 1)), tmp_path / "day.jsonl").rename(tmp_path / "-")
    assert survey(["-"]).files == [Path("-")]


def test_without_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InputError, match="nothing is piped"):
        standard_input()
