"""The performance bench on tiny logs: what is measured, never how long it takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from bench.pages import history, machine, markdown
from bench.speed import log as performance_log
from bench.speed import page as performance_page
from bench.speed import resources
from bench.speed import run as performance
from bench.speed.resources import Usage
from bench.speed.rounds import Round, rounds
from gauger.engine.common.schema import CALL_SCHEMA
from tests.bench.rows import row

CALLS = 1_500


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> performance_log.Logs:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(performance_log, "_REFERENCE_CALLS_MIN", 500)
        return performance_log.make(tmp_path_factory.mktemp("perf") / "log", calls=CALLS)


def test_the_log_is_canonical_with_prompts_of_about_a_kilobyte(logs: performance_log.Logs) -> None:
    table = pq.read_table(logs.day)
    assert table.num_rows == pytest.approx(CALLS, rel=0.5)
    assert set(table.column_names) <= set(CALL_SCHEMA.names)
    assert 600 < pc.mean(pc.binary_length(table["prompt_text"])).as_py() < 2_000
    assert [path.stem for path in logs.reference] == ["2026-03-07", "2026-03-08", "2026-03-09"]
    assert pc.max(pc.value_counts(table["prompt_text"]).field("counts")).as_py() <= 3  # joining makes no copies
    assert not list(logs.day.parent.rglob(".drafts"))


def test_the_log_is_made_once(logs: performance_log.Logs) -> None:
    written = logs.day.stat().st_mtime_ns
    assert performance_log.make(logs.day.parent, calls=CALLS) == logs
    assert logs.day.stat().st_mtime_ns == written


def test_usage_is_of_the_child_and_failures_say_why() -> None:
    block = 200_000_000
    usage, printed = resources.measure([sys.executable, "-c", f"print(len(b'x' * {block}))"])
    assert printed == str(block)
    assert block < usage.peak_bytes < 2 * block
    assert usage.cpu_seconds > 0
    small, _ = resources.measure([sys.executable, "-c", "pass"])
    assert small.peak_bytes < 100_000_000  # whoever asks (pytest, with numba in it) is not counted
    with pytest.raises(RuntimeError, match="exit code 3: it broke"):
        resources.measure([sys.executable, "-c", "import sys; print('it broke', file=sys.stderr); sys.exit(3)"])


def test_each_round_starts_from_the_same_state(
    logs: performance_log.Logs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state of the reference"
    state.mkdir()
    (state / "key").write_text("as made")
    asked: list[list[str]] = []

    def fake(command: list[str]) -> tuple[Usage, str]:
        asked.append(command)
        if "score" in command:
            own = Path(command[-1])
            assert [path.name for path in own.iterdir()] == ["key"]
            (own / "a committed day").touch()
            (tmp_path / "out").mkdir(exist_ok=True)
            (tmp_path / "out" / "manifest.json").write_text('{"seconds": {}}')
        return Usage(2.0, 3.0, 4, 0), "0.5"

    monkeypatch.setattr(resources, "measure", fake)
    told: list[str] = []
    measured, manifest = rounds(logs.day, state, tmp_path, 2, 3, told.append)
    assert measured == [Round(0.5, Usage(2.0, 3.0, 4, 0), Usage(2.0, 3.0, 4, 0))] * 2
    assert manifest == {"seconds": {}}
    assert ["score" in command for command in asked] == [False, True] * 3
    assert all("3" in command for command in asked)  # as many threads for both
    assert len(told) == 3


def test_page_says_whether_the_targets_are_met() -> None:
    page = performance_page.page(row())
    assert "| ... than gaoya | >= 20 x | >= 25 x | 21 x | met |" in page
    assert page.count("**missed**") == 1
    assert "| the pass | 4.000 | 250,000 | 100.0 |" in page
    assert "| real: the pass | 1.00 x | 1.90 x |" in page
    assert "| datasketch sha1 | 160.0 x | 25 % | 120.0 x | 90.0 x | 1.00 of theory at worst |" in page
    assert "| **real**: gauger, 2.00 ns/byte, 500,000 prompts/s | 1 x |  |  |  | 1.05 of theory at worst |" in page
    assert "| 10 | 0.100 | 0.200 |" in page
    assert "| gauger, a set | 9 | 2 | 0.90 | 0.50 | 0.64 |" in page
    assert "| gauger, 2 x 1,024 | 3 | 30 | 0 | 1.0000 % | 10.0 % | 0.200 |" in page
    assert "within a round: 5.0, 5.5, 7.0; median **5.5\nx**" in page
    assert "It starts." in page
    assert page.count(performance_page.NOT_MEASURED) == 1  # adversarial prompts
    assert "{" not in page


def test_page_of_a_run_that_measured_nothing() -> None:
    page = performance_page.page(history.begin("nothing") | {"load": 0.0})
    assert "not measured |" in page
    assert page.count(performance_page.NOT_MEASURED.strip()) > 5


def test_sections_are_what_other_modules_print(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(performance, "SECTIONS", {"machine": "this", "later": "bench.no_such_module"})
    told: list[str] = []
    assert performance.measure_sections(told.append)["machine"].startswith("The Zen of Python")
    assert told == ["no bench.no_such_module yet: its section is left out"]


def test_command_figures_are_medians_of_rounds_and_largest_peaks() -> None:
    turns = [Round(0.5, Usage(1.0, 1.5, 100, 0), Usage(4.0 * scale, 9.0, 10 * scale, 0)) for scale in (1, 3, 2)]
    manifest = {"reference": None, "seconds": dict.fromkeys((*performance.STAGES, "total"), 1.0)}
    found = performance.command_figures(turns, manifest)
    assert found["ratio"] == 16.0
    assert found["ratios"] == [8.0, 24.0, 16.0]
    assert found["scoring"] == {"seconds": 8.0, "cpu_seconds": 9.0, "peak_bytes": 30}
    assert found["reading"]["seconds"] == 0.5
    assert found["reference_accounts"] == 0


def test_command_line_measures_what_is_asked_adds_a_row_and_writes_the_page(
    logs: performance_log.Logs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = Usage(5.0, 9.0, 2**30, 0)
    manifest = {"reference": None, "seconds": dict.fromkeys(performance.STAGES, 1.0)}
    monkeypatch.setattr(performance_log, "make", lambda out, calls: logs)
    monkeypatch.setattr(performance, "rounds", lambda *_: ([Round(0.5, usage, usage)] * 3, manifest))
    monkeypatch.setattr(performance, "measure_accuracy", lambda out, share: row()["accuracy"])
    page, past = tmp_path / "docs" / "performance.md", tmp_path / "history.jsonl"
    files = ["--out", str(tmp_path / "build"), "--write", str(page), "--history", str(past)]
    assert performance.main(["--parts", "accuracy", "command", *files]) == 0
    assert f"{pq.read_metadata(logs.day).num_rows:,} simulated calls" in page.read_text()
    assert "speed" not in history.last(past)
    assert not (tmp_path / "build" / "scratch").exists()
    written = page.read_text()
    page.unlink()
    performance.main(["--page-only", *files])
    assert page.read_text() == written
    assert len(past.read_text().splitlines()) == 1


def test_a_part_that_fails_costs_the_others_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise subprocess.CalledProcessError(3, ["pytest"])

    monkeypatch.setattr(performance, "measure_speed", fails)
    monkeypatch.setattr(performance, "measure_accuracy", lambda out, share: row()["accuracy"])
    files = ["--out", str(tmp_path), "--write", str(tmp_path / "page.md"), "--history", str(tmp_path / "history.jsonl")]
    assert performance.main(["--parts", "speed", "accuracy", *files]) == 1
    added = history.last(tmp_path / "history.jsonl")
    assert "exit status 3" in added["failed"]["speed"]
    assert "accuracy" in added


def test_speed_is_measured_by_pytest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fake(command: list[str], **_: object) -> None:
        assert command[command.index("-k") + 1] == "MinHash"
        Path(command[-1].removeprefix("--benchmark-json=")).write_text('{"benchmarks": []}')

    monkeypatch.setattr(subprocess, "run", fake)
    assert performance.measure_speed(tmp_path, "MinHash") == {}


def test_modules_run_as_commands(logs: performance_log.Logs) -> None:
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "bench.speed.resources",
            sys.executable,
            "-m",
            "bench.speed.parquet_reading",
            str(logs.day),
            "2",
        ],
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, usage = ran.stdout.splitlines()
    assert float(seconds) > 0
    assert '"exit_code": 0' in usage


def test_markdown_and_machine() -> None:
    assert markdown.table(["a", "b"], [["x", "1"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |"
    assert markdown.percent(None) == markdown.spread([]) == "-"
    assert markdown.spread([0.5, 0.5]) == "50.0"
    assert "cores" in machine.machine()
    assert "pyarrow" in machine.versions()
