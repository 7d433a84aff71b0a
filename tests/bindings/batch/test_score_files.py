"""Files as people have them, through the whole batch job: what is left out is told, and many small ones are one log."""

from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from gauger.batch.score import score
from gauger.cli import main
from gauger.engine.common.errors import InputError
from tests.bindings import traffic


@pytest.fixture(autouse=True)
def own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of one test share a key, and none is left behind."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))


def write_one_by_one(folder: Path, rows: list[dict]) -> Path:
    """Each call in a file of its own."""
    folder.mkdir()
    for number, row in enumerate(rows):
        (folder / f"{number:05d}.json").write_bytes(orjson.dumps(row))
    return folder


def test_many_small_files_give_what_one_gives(tmp_path: Path) -> None:
    rows = traffic.campaign(25, 4, 1)
    one = tmp_path / "one.jsonl"
    one.write_bytes(b"\n".join(map(orjson.dumps, rows)))
    many = write_one_by_one(tmp_path / "many", rows)
    (many / "00050.json").write_bytes(b"{")
    score([one], tmp_path / "out-one")
    score([many], tmp_path / "out")
    traffic.check_accounts_of_rows(tmp_path / "out")
    assert [path.name for path in (tmp_path / "out" / "calls").iterdir()] == ["00000.parquet"]
    manifest = traffic.manifest(tmp_path / "out")
    assert (manifest["rows"], manifest["scored"]) == (100, 99)
    assert [item["rows"] for item in manifest["inputs"]] == [1] * 100
    alone, together = (traffic.tables_of(tmp_path / out) for out in ("out-one", "out"))
    assert together["families"]["template"].equals(alone["families"]["template"])
    assert together["families"]["template"][0].as_py() is not None


def test_files_left_out_are_told_and_make_the_exit_code_one(tmp_path: Path) -> None:
    logs = write_one_by_one(tmp_path / "logs", traffic.campaign(2, 4, 1))
    arguments = ["score", str(logs), "--out", str(tmp_path / "out")]
    (logs / "_SUCCESS").touch()
    assert CliRunner().invoke(main, arguments).exit_code == 0
    (logs / "gw.log").write_bytes(b"INFO 11-16 10:00:00 started\n")
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 1
    assert done.stderr == f"gauger: {logs}/gw.log: left out, no line is JSON: a text log, or another format\n"


def test_remote_places_are_refused_in_one_line(tmp_path: Path) -> None:
    log = write_one_by_one(tmp_path / "logs", traffic.campaign(2, 4, 1))
    for sources, out in ((["s3://bucket/logs/"], tmp_path / "out"), ([log], Path("s3://bucket/out"))):
        with pytest.raises(InputError, match=r"^s3://bucket/.*remote URIs are neither read nor written"):
            score(sources, out)
