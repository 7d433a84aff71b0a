"""The error boundary: one line and an exit code for any error, and nothing of what was being worked on."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import click
import pyarrow as pa
import pytest

from gauger.boundary import DEBUG, guarded
from gauger.engine.common.errors import ColumnMapError, StateError
from tests.bindings import traffic

PROMPT = "my quartz secret"


def raising(error: BaseException) -> Callable[[], NoReturn]:
    def run() -> NoReturn:
        raise error

    return run


def said(error: BaseException, capsys: pytest.CaptureFixture[str], code: int) -> list[str]:
    with pytest.raises(SystemExit) as caught:
        guarded(raising(error))
    assert caught.value.code == code
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert all(line.startswith("gauger: ") for line in lines)
    return [line.removeprefix("gauger: ") for line in lines]


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ColumnMapError("map: no"), 2, "map: no"),
        (StateError("state: no"), 1, "state: no"),
        (MemoryError(PROMPT), 1, "not enough memory"),
        (pa.ArrowMemoryError(PROMPT), 1, "not enough memory"),
        (RuntimeError("can't start new thread"), 1, "start no more threads"),
        (RecursionError(PROMPT), 1, "nested too deeply"),
        (OSError(errno.ENOSPC, PROMPT), 1, "No space left on device; check the free space of --out"),
        (OSError(errno.EIO, PROMPT, "place"), 1, "place: Input/output error; check the place"),
        (OSError(PROMPT), 1, "OSError in tests.bindings.test_boundary"),
        (ImportError("libx.so: failed to map segment"), 1, "a library cannot be loaded (libx.so: failed to map"),
        (KeyboardInterrupt(), 130, "interrupted; the same command again goes on"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_an_error_that_is_foreseen_is_one_line(
    error: BaseException, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (line,) = said(error, capsys, code)
    assert line.startswith(words) or words in line
    assert PROMPT not in line


@pytest.mark.parametrize(
    "error", [ValueError(PROMPT), KeyError(PROMPT), pa.ArrowInvalid(PROMPT), AssertionError(PROMPT)]
)
def test_one_that_nobody_foresaw_is_named_by_type_and_place_alone(
    error: BaseException, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = said(error, capsys, 1)
    assert first.startswith(f"unexpected {type(error).__name__} in tests.bindings.test_boundary, line ")
    assert second == f"{DEBUG}=1 shows the traceback, which may hold prompts"


def test_the_traceback_is_shown_when_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(DEBUG, "1")
    with pytest.raises(SystemExit):
        guarded(raising(ValueError(PROMPT)))
    shown = capsys.readouterr().err
    assert "which may hold prompts:\nTraceback (most recent call last)" in shown
    assert PROMPT in shown


def test_where_nobody_listens_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(BrokenPipeError(), capsys, 1) == []


def test_what_click_has_to_say_passes() -> None:
    with pytest.raises(click.UsageError):
        guarded(raising(click.UsageError("no such option")))
    assert guarded(lambda: 5) == 5


def test_an_interrupted_command_ends_with_one_line(tmp_path: Path) -> None:
    log = traffic.write(traffic.table(traffic.honest(5, 6, 1)), tmp_path / "log.parquet")
    # Interrupted where the first kernel is asked for, as a person would after a second.
    code = (
        "import os, signal, gauger.kernels.warm as warm\n"
        "warm.warmup = lambda *_: os.kill(os.getpid(), signal.SIGINT)\n"
        "import gauger.batch.score as score\n"
        "from gauger.boundary import main\nmain()\n"
    )
    command = [sys.executable, "-c", code, "score", log, "--out", tmp_path / "out"]
    found = subprocess.run(command, capture_output=True, text=True, env=traffic.environment(tmp_path), timeout=120)
    assert (found.returncode, found.stdout) == (130, "")
    assert found.stderr == "gauger: interrupted; the same command again goes on with what was done of a score\n"


@pytest.mark.parametrize("option", ["--columns", "--allow", "input"])
def test_a_pipe_is_refused_and_not_waited_for(option: str, tmp_path: Path) -> None:
    log = traffic.write(traffic.table(traffic.honest(5, 6, 1)), tmp_path / "log.parquet")
    os.mkfifo(tmp_path / "pipe")
    given = [tmp_path / "pipe"] if option == "input" else [log, option, tmp_path / "pipe"]
    found = traffic.gauger(tmp_path, "score", *given, "--out", tmp_path / "out")
    assert (found.returncode, found.stdout) == (2, "")
    (line,) = found.stderr.splitlines()
    assert line.startswith(f"gauger: {tmp_path / 'pipe'}: ")
