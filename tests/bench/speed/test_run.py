"""The performance bench on tiny logs: what is measured, never how long it takes."""

import subprocess
import sys
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from bench.pages import history
from bench.speed import log as performance_log
from bench.speed import resources
from bench.speed import run as performance
from bench.speed.resources import Usage
from bench.speed.rounds import Round
from gauger.engine.common.schema import CALL_SCHEMA

CALLS = 1_500


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> performance_log.Logs:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(performance_log, "_REFERENCE_CALLS_MIN", 500)
        return performance_log.make(tmp_path_factory.mktemp("perf") / "log", calls=CALLS)


def test_the_log_is_canonical_with_prompts_of_about_a_kilobyte(logs: performance_log.Logs) -> None:
    table = pq.read_table(logs.day)
    assert table.num_rows == pytest.approx(CALLS, rel=0.5)
    assert set(table.column_names) - set(CALL_SCHEMA.names) <= {"client_as_number", "usage_input_tokens", "duration"}
    assert 600 < pc.mean(pc.binary_length(table["prompt_text"])).as_py() < 2_000
    assert [path.stem for path in logs.reference] == ["2026-03-07", "2026-03-08", "2026-03-09"]
    assert pc.max(pc.value_counts(table["prompt_text"]).field("counts")).as_py() <= 3  # joining makes no copies
    assert not list(logs.day.parent.rglob(".drafts"))


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


def test_command_figures_are_medians_of_rounds_and_largest_peaks() -> None:
    turns = [Round(0.5, Usage(1.0, 1.5, 100, 0), Usage(4.0 * scale, 9.0, 10 * scale, 0)) for scale in (1, 3, 2)]
    manifest = {"reference": None, "seconds": dict.fromkeys((*performance.STAGES, "total"), 1.0)}
    found = performance.command_figures(turns, manifest)
    assert found["ratio"] == 16.0
    assert found["ratios"] == [8.0, 24.0, 16.0]
    assert found["scoring"] == {"seconds": 8.0, "cpu_seconds": 9.0, "peak_bytes": 30}
    assert found["reading"]["seconds"] == 0.5
    assert found["reference_accounts"] == 0


def test_a_part_that_fails_costs_the_others_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise subprocess.CalledProcessError(3, ["pytest"])

    monkeypatch.setattr(performance, "measure_speed", fails)
    monkeypatch.setattr(performance, "measure_accuracy", lambda out, share: {})
    monkeypatch.setattr(performance, "figures", lambda file: {})
    files = ["--out", str(tmp_path), "--history", str(tmp_path / "history.jsonl")]
    assert performance.main(["--parts", "speed", "accuracy", *files]) == 1
    [added] = history.read(tmp_path / "history.jsonl")
    assert "exit status 3" in added["failed"]["speed"]
    assert "accuracy" in added
