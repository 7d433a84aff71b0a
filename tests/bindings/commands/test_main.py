"""The command line: exit codes, one-line errors, silence in a pipe, and the whole chain of commands."""

import os
import pty
import resource
import shutil
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner, Result

from gauger import __version__
from gauger.commands.main import main
from gauger.engine.intake.measuring import WordSketch
from gauger.engine.segments.segment import Account, Tally
from gauger.engine.segments.work import Work
from tests.bindings import traffic

COMMANDS = sorted(main.commands)


@pytest.fixture(autouse=True)
def own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No run leaves a key outside the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A sound log of 30 calls."""
    return traffic.write(traffic.table(traffic.honest(5, 6, 1)), tmp_path / "logs" / "good.parquet")


def invoke(*arguments: Any) -> Result:
    """Run a command in this process; whatever happens, it must not be a traceback."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="gauger")
    assert isinstance(result.exception, SystemExit | None), repr(result.exception)
    return result


def complaint(result: Result, exit_code: int) -> str:
    """The one line of a run that failed."""
    assert result.exit_code == exit_code
    (line,) = result.stderr.splitlines()
    assert line.startswith("gauger: ")
    return line.removeprefix("gauger: ")


def refusal(tmp_path: Path, *arguments: Any, code: int = 2) -> str:
    """The one line of a score that was refused, with the folder of the test as FOLDER; nothing was made."""
    words = complaint(invoke("score", *arguments, "--out", tmp_path / "out"), code)
    assert not (tmp_path / "out").exists()
    return words.replace(str(tmp_path), "FOLDER")


# score: what can be wrong with its inputs


def test_an_empty_log_is_a_run(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_bytes(b"")
    result = invoke("score", tmp_path / "empty.jsonl", "--out", tmp_path / "out")
    assert complaint(result, 1) == "warning: no call in 1 file: nothing to read"
    assert "0 in = 0 scored + 0 quarantined" in result.stdout
    traffic.check_accounts_of_rows(tmp_path / "out")


@pytest.mark.parametrize("missing", ["nothing.parquet", "no-*.jsonl", "empty"])
def test_a_missing_input_is_bad_usage_and_nothing_is_made(missing: str, log: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    words = refusal(tmp_path, log, tmp_path / missing)
    assert words.startswith(f"FOLDER/{missing}: no ")
    assert ("known suffixes are" in words) == (missing != "nothing.parquet")


def test_one_corrupt_file_among_good_ones(log: Path, tmp_path: Path) -> None:
    for name in ("also.parquet", "bad.parquet"):
        shutil.copy(log, log.with_name(name))
    bad = log.with_name("bad.parquet")
    bad.write_bytes(bad.read_bytes()[:-40])
    result = invoke("score", log.parent, "--out", tmp_path / "out")
    assert complaint(result, 1).startswith(f"{bad}: not a sound Parquet file")
    assert "60 in = 60 scored + 0 quarantined" in result.stdout
    assert "1 file could not be read" in result.stdout
    traffic.check_accounts_of_rows(tmp_path / "out")


def test_a_file_without_the_columns(tmp_path: Path) -> None:
    other = traffic.write(pa.table({"colour": ["red", "blue"]}), tmp_path / "other.jsonl")
    result = invoke("score", other, "--out", tmp_path / "out")
    words = complaint(result, 1)
    assert words.startswith(f"{other}: no column start_time, account_id, prompt_text")
    assert "--columns" in words
    assert "2 in = 0 scored + 2 quarantined" in result.stdout
    traffic.check_accounts_of_rows(tmp_path / "out")


def test_a_few_broken_lines_are_no_failure(log: Path, tmp_path: Path) -> None:
    lines = traffic.write(traffic.table(traffic.honest(10, 6, 1)), tmp_path / "log.jsonl").read_bytes().splitlines()
    lines[::20] = [b"{"] * 3
    (tmp_path / "log.jsonl").write_bytes(b"\n".join(lines))
    result = invoke("score", tmp_path / "log.jsonl", "--out", tmp_path / "out")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "60 in = 57 scored + 3 quarantined" in result.stdout
    traffic.check_accounts_of_rows(tmp_path / "out")
    assert traffic.tables_of(tmp_path / "out")["quarantine"]["row"].to_pylist() == [0, 20, 40]


def test_many_broken_lines_are_a_failure_with_its_reason(tmp_path: Path) -> None:
    lines = traffic.write(traffic.table(traffic.honest(10, 6, 1)), tmp_path / "log.jsonl").read_bytes().splitlines()
    lines[::10] = [b"{"] * 6
    (tmp_path / "log.jsonl").write_bytes(b"\n".join(lines))
    result = invoke("score", tmp_path / "log.jsonl", "--out", tmp_path / "out")
    assert complaint(result, 1) == "warning: 6 of 60 rows refused: line is not valid JSON (6)"
    assert traffic.manifest(tmp_path / "out")["warnings"] == ["6 of 60 rows refused: line is not valid JSON (6)"]


def test_a_file_name_cannot_forge_a_line(log: Path, tmp_path: Path) -> None:
    hostile = log.with_name("a\n2026-11-16 INFO all clear\x1b[2J.parquet")
    hostile.write_bytes(b"junk")
    words = complaint(invoke("score", hostile, "--out", tmp_path / "out"), 1)
    assert r"a\n2026-11-16 INFO all clear\x1b[2J.parquet: not a sound Parquet file" in words


def test_an_input_inside_the_output_is_refused_and_kept(log: Path, tmp_path: Path) -> None:
    own = Path(shutil.copytree(log.parent, tmp_path / "calls"))
    words = complaint(invoke("score", own, "--out", tmp_path), 2)
    assert words.endswith("keep logs elsewhere")
    assert (own / log.name).exists()


# score: what can be wrong with its options


@pytest.mark.parametrize("place", ["file/out", "/proc/gauger-out"])
def test_an_out_that_cannot_be_written(place: str, log: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    words = complaint(invoke("score", log, "--out", tmp_path / place), 1)
    assert words.startswith(f"{tmp_path / place}: cannot write here (")
    assert words.endswith("choose another --out")


def test_a_run_left_in_a_work_directory_is_refused_until_it_is_forgotten(log: Path, tmp_path: Path) -> None:
    left = Work(tmp_path / "work", {"run": "another"})
    left.next_segment().commit(Account(files={0: Tally(5, 5, 5)}), WordSketch())
    left.close()
    options = ("score", log, "--out", tmp_path / "out", "--work", tmp_path / "work")
    words = complaint(invoke(*options), 1)
    assert words.startswith(f"{tmp_path / 'work'}: holds a run that was not finished")
    assert words.endswith("give --fresh to forget it")
    assert invoke(*options, "--fresh").exit_code == 0
    assert not (tmp_path / "work").exists()


def test_a_folder_where_a_table_belongs(log: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / "accounts.parquet").mkdir(parents=True)
    words = complaint(invoke("score", log, "--out", tmp_path / "out"), 1)
    assert words.startswith(f"{tmp_path / 'out' / 'accounts.parquet'}: Is a directory")
    assert not list(tmp_path.rglob("*.partial"))


def test_a_state_that_cannot_be_made(log: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    words = refusal(tmp_path, log, "--state", tmp_path / "file" / "state", code=1)
    assert words.startswith("FOLDER/file/state: cannot make the state directory")


def test_a_key_that_is_another_or_open_to_others_leaves_the_earlier_run_alone(log: Path, tmp_path: Path) -> None:
    out, state = tmp_path / "out", tmp_path / "state"
    arguments = ["score", log, "--out", out, "--state", state]
    assert invoke(*arguments).exit_code == 0
    before = traffic.everything_written(out)
    (state / "key").chmod(0o644)
    assert complaint(invoke(*arguments), 1).endswith(f"run: chmod 600 {state / 'key'}")
    (state / "key").chmod(0o600)
    (state / "key").write_text("0" * 32)
    words = complaint(invoke(*arguments), 1)
    assert str(state) in words
    assert "key" in words
    assert "0" * 32 not in words
    assert traffic.everything_written(out) == before


@pytest.mark.parametrize("content", [None, "colour = ", "[columns]\ncolour = 'x'", "[columns]\nstart_time = 5"])
def test_a_bad_column_map_is_bad_usage(content: str | None, log: Path, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "map.toml").write_text(content)
    assert refusal(tmp_path, log, "--columns", tmp_path / "map.toml").startswith("FOLDER/map.toml:")


def test_a_column_map_of_other_logs(log: Path, tmp_path: Path) -> None:
    result = invoke("score", log, "--out", tmp_path / "out", "--columns", "litellm")
    assert complaint(result, 1).startswith(f"{log}: no column start_time")
    assert "30 in = 0 scored + 30 quarantined" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        "score",
        "score LOG",
        "score --out OUT",
        "score LOG --out LOG",
        "score LOG --out OUT --workers 0",
        "score LOG --out OUT --no-such-option",
        "score LOG --out OUT --alarm-level 0",
        "score LOG --out OUT --alarm-level 0.11",
        "score LOG --out OUT --alarm-level nan",
        "week --state OUT --out OUT --alarm-level 1",
        "simulate --out OUT --campaign template",
        "simulate --out OUT --campaign nonsense:3:3",
        "simulate --out OUT --calls 10",
        "simulate --out OUT --seed -1",
        "evaluate OUT",
        "explain OUT",
        "explain OUT --account a --family 1",
        "demo --calls 10",
        "no-such-command",
    ],
)
def test_bad_usage(arguments: str, log: Path, tmp_path: Path) -> None:
    places = {"LOG": str(log), "OUT": str(tmp_path / "out")}
    result = invoke(*[places.get(argument, argument) for argument in arguments.split()])
    assert result.exit_code == 2
    assert result.stderr.startswith("Usage: gauger")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["evaluate OUT --truth truth.parquet", "explain OUT --family 1", "report OUT"])
def test_commands_that_need_a_run_ask_for_one(command: str, tmp_path: Path) -> None:
    result = invoke(*command.replace("OUT", str(tmp_path)).split())
    assert result.exit_code in (1, 2)
    assert "gauger score" in complaint(result, result.exit_code)


def test_bench_of_a_log_that_is_none(tmp_path: Path) -> None:
    assert str(tmp_path / "no.parquet") in complaint(invoke("bench", "--input", tmp_path / "no.parquet"), 2)


@pytest.mark.parametrize(("error", "said"), [(MemoryError, "gauger: not enough memory; "), (BrokenPipeError, "")])
def test_what_a_run_ran_out_of_is_no_traceback(
    error: type[Exception], said: str, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("gauger.batch.score.score", fails)
    result = invoke("score", log, "--out", tmp_path / "out")
    assert (result.exit_code, result.stdout, bool(result.stderr)) == (1, "", bool(said))
    assert result.stderr.startswith(said)


def test_the_alarm_level_is_a_setting(log: Path, tmp_path: Path) -> None:
    out, state = tmp_path / "out", tmp_path / "state"
    result = invoke("score", log, "--out", out, "--state", state, "--alarm-level", 0.05)
    assert "0 flagged at 0.05" in result.stdout
    assert traffic.manifest(out)["alarm_level"] == 0.05
    assert "0 flagged at 0.1" in invoke("week", "--state", state, "--out", out, "--alarm-level", 0.1).stdout


# Help


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command: str) -> None:
    result = invoke(command, "--help")
    assert result.exit_code == 0
    examples = result.stdout.partition("Example")[2]
    assert f"  gauger {command}" in examples
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_the_version_and_every_command_are_told() -> None:
    assert invoke("--version").stdout == f"gauger, version {__version__}\n"
    for command in COMMANDS:
        assert command in invoke("--help").stdout
    assert (
        "appeal bench canary columns config decide demo doctor evaluate explain export package plan policy report "
        "responses score serve signature simulate stamp state trace verify warmup week"
    ).split() == COMMANDS


# The chain of commands


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated week and day, scored one after the other."""
    folder = tmp_path_factory.mktemp("simulated")
    sim, key = folder / "sim", {"XDG_STATE_HOME": str(folder / "xdg")}
    campaign = ["--campaign", "template:40:15", "--calls", "1500", "--seed", "3"]
    made = CliRunner().invoke(main, ["simulate", "--out", str(sim), *campaign], env=key)
    assert made.exit_code == 0
    assert [Path(line).exists() for line in made.stdout.splitlines()] == [True] * 7
    for name, source in (("week", "reference"), ("day", "day")):
        arguments = ["score", str(sim / source), "--out", str(folder / name), "--state", str(folder / "state")]
        assert CliRunner().invoke(main, arguments, env=key).exit_code == 0
    return folder


def test_evaluate_finds_the_planted_campaign(simulated: Path) -> None:
    result = invoke("evaluate", simulated / "day", "--truth", simulated / "sim" / "truth.parquet")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "01-template" in result.stdout


def test_explain_tells_of_every_kind(simulated: Path) -> None:
    found = traffic.tables_of(simulated / "day")
    choices = {
        "--account": found["accounts"]["account_id"][0].as_py(),
        "--campaign": found["campaigns"]["campaign_id"][0].as_py(),
        "--family": found["families"]["family_id"][0].as_py(),
    }
    for option, value in choices.items():
        result = invoke("explain", simulated / "day", option, value)
        assert (result.exit_code, result.stderr) == (0, "")
        assert str(value) in result.stdout


@pytest.mark.parametrize(("option", "value"), [("--account", "nobody"), ("--campaign", 999), ("--family", 999)])
def test_explain_of_what_is_not_there(option: str, value: object, simulated: Path) -> None:
    assert str(value) in complaint(invoke("explain", simulated / "day", option, value), 1)


def test_report_writes_one_file_and_names_it(simulated: Path) -> None:
    result = invoke("report", simulated / "day")
    assert (result.exit_code, result.stderr) == (0, "")
    page = Path(result.stdout.strip())
    assert page.parent == simulated / "day"
    assert page.read_text().lower().startswith("<!doctype html>")


def test_campaigns_are_planted_in_a_log_of_one_s_own(log: Path, tmp_path: Path) -> None:
    result = invoke("simulate", "--out", tmp_path / "sim", "--into", log, "--campaign", "template:8:5")
    assert result.exit_code == 0
    planted, truth = (Path(line) for line in result.stdout.splitlines())
    assert invoke("score", planted, "--out", tmp_path / "out").exit_code == 0
    result = invoke("evaluate", tmp_path / "out", "--truth", truth)
    assert "01-template" in result.stdout


@pytest.mark.parametrize("command", ["bench", "demo"])
def test_long_commands_hand_on_their_options(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def spy(*arguments: Any, **options: Any) -> str:
        (options.get("progress") or arguments[-1])("stage", 1, 2)
        asked.append((arguments, options))
        return "all the text"

    asked: list[Any] = []
    monkeypatch.setattr({"bench": "gauger.benchmark.command.bench", "demo": "gauger.demo.demo"}[command], spy)
    options = {"bench": ["--input", str(tmp_path)], "demo": ["--out", str(tmp_path), "--calls", "20000"]}[command]
    result = invoke(command, *options)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "all the text\n", "")
    assert str(tmp_path) in str(asked)


# As a process


def test_a_pipe_gets_no_progress_bar(log: Path, tmp_path: Path) -> None:
    done = traffic.gauger(tmp_path, "score", log, "--out", tmp_path / "out", "--workers", 1)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Calls      30 in = 30 scored + 0 quarantined")
    assert "\r" not in done.stdout


def test_a_terminal_gets_a_progress_bar(log: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    os.set_blocking(ours, False)
    command = [sys.executable, "-m", "gauger", "score", str(log), "--out", str(tmp_path / "out")]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=theirs, env=traffic.environment(tmp_path), timeout=120
    )
    shown = os.read(ours, 65_536).decode()  # while the other end is open: with it goes what was not read
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 0
    assert "reading" in shown
    assert b"reading" not in done.stdout


def test_a_full_disk_is_no_traceback(tmp_path: Path) -> None:
    """A limit on the size of a file stands for a full disk: Arrow's writer meets it in C++."""
    log = traffic.write(traffic.table(traffic.honest(40, 40, 1)), tmp_path / "log.parquet")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, 4_096))

    done = traffic.gauger(tmp_path, "score", log, "--out", tmp_path / "out", prepare=limit)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("gauger: ")
    assert "File too large" in done.stderr
    assert not (tmp_path / "out" / "manifest.json").exists()
    assert not list(tmp_path.rglob("*.partial"))
