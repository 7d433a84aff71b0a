"""The command ``gauger export``: to a file, to a receiver, and again to one that was away."""

import json
import os
import stat
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gauger.commands import export as command
from gauger.commands.main import main
from gauger.exports.formats import FORMATS
from tests.bindings.exports.made_up import made_up
from tests.bindings.exports.receivers import always, receiver, splunk

EVENTS = "/services/collector/event"


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The folder of a made-up run."""
    monkeypatch.setattr("gauger.results.run.read_run", lambda out: made_up())
    monkeypatch.setattr("gauger.exports.delivery.Door.pause", lambda *_: None)
    return str(tmp_path)


def run(*given: object) -> Result:
    return CliRunner().invoke(main, ["export", *map(str, given)])


def test_on_standard_output(out: str) -> None:
    result = run(out, "--format", "ocsf")
    assert [json.loads(line)["class_uid"] for line in result.stdout.splitlines()] == [2004]
    assert len(run(out, "--format", "ocsf", "--assessed", "campaign, unclear").stdout.splitlines()) == 2


def test_the_formats_of_the_command_are_those_there_are() -> None:
    assert list(FORMATS) == list(command._FINDINGS)


def test_a_mistyped_assessment_is_told_the_true_ones(out: str) -> None:
    result = run(out, "--format", "csv", "--assessed", "campain")
    assert result.exit_code == 2
    assert "campain is no assessment; there are campaign, unclear, new population" in result.stderr


def test_a_file_is_replaced_as_a_whole_also_by_nothing(
    out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "findings.ndjson"
    assert run(out, "--format", "ocsf", "--to", path).exit_code == 0
    before = path.read_bytes()
    assert json.loads(before)["class_uid"] == 2004

    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        assert run(out, "--format", "csv", "--to", path).exit_code == 1
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    assert run(out, "--format", "ocsf", "--assessed", "relay pool", "--to", path).exit_code == 0
    assert path.read_bytes() == b"", "findings of yesterday would stay"


def test_a_pipe_stays_a_pipe(out: str, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    assert run(out, "--format", "ocsf", "--to", pipe).exit_code == 0
    reader.join()
    assert json.loads(read[0])["class_uid"] == 2004
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_names_do_not_steer_a_terminal(out: str, monkeypatch: pytest.MonkeyPatch, capsysbinary: Any) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(command, "sys", SimpleNamespace(stdout=SimpleNamespace(isatty=lambda: True)))
        command._write("a\x1b[31m,\u202e,\x9b\n".encode(), None)
    assert capsysbinary.readouterr().out == b"a\\x1b[31m,\\u202e,\\x9b\n"


def test_prometheus(out: str, tmp_path: Path) -> None:
    assert run(out, "--format", "prometheus", "--to", tmp_path / "gauger.prom").exit_code == 0
    assert 'gauger_run_findings{assessment="campaign"} 1.0' in (tmp_path / "gauger.prom").read_text()


def test_what_is_not_taken_is_kept_and_sent_again(out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAUGER_HEC_TOKEN", "t0ken")
    dead = tmp_path / "dead"
    given = ["--format", "hec", "--assessed", "all"]
    with receiver(always(403)) as (address, _):
        failed = run(out, *given, "--url", address + EVENTS, "--dead-letters", dead)
        assert failed.exit_code == 1
        assert "2 records not taken (HTTP 403); --again sends them" in failed.stderr
        assert len(list(dead.iterdir())) == 2
        still = run("--format", "hec", "--url", address + EVENTS, "--again", dead)
        assert (still.exit_code, len(list(dead.iterdir()))) == (1, 2)
        assert "they stay there" in still.stderr
    with receiver(splunk) as (address, found):
        sent = run("--format", "hec", "--url", address + EVENTS, "--again", dead, "--json")
    assert json.loads(sent.stdout) == {"taken": 2, "refused": []}
    assert list(dead.iterdir()) == []
    assert sorted(found.taken.values()) == [1, 1]


def test_what_was_interrupted_is_not_lost_and_not_sent_twice(
    out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gauger.results.run.read_run", lambda out: made_up(("campaign",) * 7))
    dead = tmp_path / "dead"
    with receiver(splunk) as (address, found):
        found.requests.append(("", {}, b""))  # two requests are taken, and the third is refused
        with monkeypatch.context() as patched:
            patched.setattr("gauger.exports.delivery.Door.pause", interrupt)
            url = address + EVENTS
            assert run(out, "--format", "hec", "--url", url, "--dead-letters", dead).exit_code == 130
        assert (found.taken.total(), len(list(dead.iterdir()))) == (2, 5)
        assert run("--format", "hec", "--url", url, "--again", dead).exit_code == 0
    assert list(found.taken.values()) == [1] * 7


def test_no_letter_is_put_down_for_an_address_that_is_none(out: str, tmp_path: Path) -> None:
    result = run(out, "--format", "hec", "--url", "ftp://x", "--dead-letters", tmp_path / "dead")
    assert (result.exit_code, (tmp_path / "dead").exists()) == (2, False)


def test_nowhere_to_keep_letters_is_said_before_anything_is_sent(out: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with receiver(always(200)) as (address, found):
        result = run(out, "--format", "ocsf", "--url", address, "--dead-letters", tmp_path / "file" / "dead")
    assert result.exit_code == 1
    assert found.requests == []


def test_without_a_place_for_letters(out: str) -> None:
    with receiver(always(403)) as (address, _):
        result = run(out, "--format", "ocsf", "--url", address, "--json")
    assert (result.exit_code, json.loads(result.stdout)["refused"][0]["why"]) == (1, "HTTP 403")
    assert "--dead-letters would keep them" in result.stderr


def test_no_findings_are_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gauger.results.run.read_run", lambda out: made_up(()))
    with receiver(always(200)) as (address, found):
        results = [run(tmp_path, "--format", name, "--url", address) for name in FORMATS]
    assert {(one.exit_code, one.stdout) for one in results} == {(0, "no findings to send\n")}
    assert found.requests == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--format", "csv"], "Give the folder of a run, or --again"),
        ([".", "--format", "csv", "--again", ".", "--url", "http://localhost"], "Give the folder of a run, or --again"),
        ([".", "--format", "csv", "--to", "x", "--url", "http://localhost"], "--to and --url exclude each other"),
        ([".", "--format", "csv", "--dead-letters", "x"], "go with --url"),
        (["--format", "csv", "--again", "."], "go with --url"),
        (["--format", "csv", "--again", ".", "--dead-letters", ".", "--url", "x"], "leave out --dead-letters"),
        ([".", "--format", "prometheus", "--url", "http://localhost"], "give --to instead of --url"),
    ],
)
def test_what_does_not_go_together(given: list[str], told: str) -> None:
    result = run(*given)
    assert result.exit_code == 2
    assert told in result.stderr
