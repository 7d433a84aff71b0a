"""The performance bench on tiny logs: what is measured, never how long it takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from bench import machine, markdown, parquet_reading, performance, performance_log, performance_page, resources, rivals
from bench.performance_page import Log, Report
from bench.performance_rounds import Round, Staged, first_batches, rounds, staged
from bench.resources import Usage
from gauger.bench import Stage
from gauger.engine.schema import CALL_SCHEMA

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


def test_the_yardstick_reads_every_row_of_the_canonical_columns(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    pq.write_table(pa.table({"account_id": ["a", "b"], "not ours": [1, 2]}), path)
    rows, seconds = parquet_reading.read(path)
    assert rows == 2
    assert seconds > 0


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
    measured, manifest = rounds(logs.day, state, tmp_path, 2, told.append)
    assert measured == [Round(0.5, Usage(2.0, 3.0, 4, 0), Usage(2.0, 3.0, 4, 0))] * 2
    assert manifest == {"seconds": {}}
    assert ["score" in command for command in asked] == [False, True] * 3
    assert len(told) == 3


def test_stages_cover_whole_batches_of_the_log(logs: performance_log.Logs) -> None:
    measured = staged(logs.day, 100)
    batches = first_batches(logs.day, 100)
    assert measured.calls == sum(batch.num_rows for batch in batches)
    texts = pq.read_table(logs.day)["prompt_text"].slice(0, measured.calls)
    assert measured.prompt_bytes == pc.sum(pc.binary_length(texts)).as_py()
    assert [stage.name for stage in measured.stages][:1] == ["byte scan"]


def test_rivals_get_the_same_prompts(logs: performance_log.Logs) -> None:
    contests = rivals.contests(first_batches(logs.day, 1)[0].slice(0, 20))
    assert [contest.prompts for contest in contests] == [20, 20]
    assert all(contest.ours_seconds > 0 and contest.rival_seconds > 0 for contest in contests)


def test_shingles_are_three_folded_words() -> None:
    assert rivals.shingles("How do I, É?") == [b"how do i", b"do i \xc3\x89"]
    assert rivals.shingles("Hello!") == [b"hello"]
    assert rivals.shingles("") == [b""]


def report(seconds: float, peak: int) -> Report:
    turns = [Round(0.5, Usage(1.0, 1.5, 2**29, 0), Usage(seconds * scale, 9.0, peak, 0)) for scale in (1.0, 1.1, 3.0)]
    manifest = {"reference": {"accounts": 4_321}, "seconds": {"ingest": 1.0, "weigh": 2.0, "write": 3.0}}
    return Report(
        log=Log(1_000, 40, 1_100_000, 500_000),
        load=0.25,
        rounds=turns,
        manifest=manifest,
        staged=Staged(1_000, 1_000_000, [Stage("byte scan", 0.001), Stage("the pass", 0.005)]),
        contests=[rivals.Contest("MinHash", "datasketch", 100, 0.01, 0.5)],
        command="python -m bench.performance",
    )


def test_page_says_whether_the_targets_are_met() -> None:
    page = performance_page.page(report(5.0, 2**31))
    assert "| <= 20 x | 11.0 x | met |" in page
    assert "| < 4 GiB | 2.00 GiB | met |" in page
    assert "Ratio of the walls, by round: 10.0, 11.0, 30.0." in page
    assert "| the pass | 5.000 | 200,000 | 5.0 |" in page
    assert "| MinHash | datasketch | 10,000 | 200 | 50.0 x |" in page
    assert "{" not in page
    missed = performance_page.page(report(50.0, 2**32))
    assert missed.count("**missed**") == 2


def test_command_line_measures_and_writes(
    logs: performance_log.Logs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(performance_log, "make", lambda out, calls: logs)
    monkeypatch.setattr(performance, "rounds", lambda *_: (report(5.0, 1).rounds, report(5.0, 1).manifest))
    monkeypatch.setattr(performance, "_RIVAL_CALLS", 10)
    page = tmp_path / "docs" / "performance.md"
    performance.main(["--calls", "1500", "--rounds", "1", "--out", str(tmp_path / "build"), "--write", str(page)])
    assert f"{pq.read_metadata(logs.day).num_rows:,} simulated calls" in page.read_text()
    assert not (tmp_path / "build" / "scratch").exists()


def test_modules_run_as_commands(logs: performance_log.Logs) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "bench.resources", sys.executable, "-m", "bench.parquet_reading", str(logs.day)],
        cwd=Path(__file__).resolve().parents[2],
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
