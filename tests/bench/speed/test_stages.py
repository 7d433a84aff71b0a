"""The speed benches: who takes turns, and the figures made of pytest-benchmark's report."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.speed import stages as speed
from bench.world import texts
from gauger.benchmark.rivals import counts
from gauger.benchmark.rivals.contest import OURS, TEXT, TOKENISING, TOKENS, name_of
from gauger.benchmark.stages import UP_TO


def report(task: str, seconds: dict[str, list[float]]) -> dict[str, Any]:
    """As pytest-benchmark writes it, of one corpus."""
    rows = [
        {
            "params": {"corpus": texts.REAL, "task": task, "entrant": name},
            "stats": {"data": data},
            "extra_info": {"prompts": 10, "bytes": 1_000},
        }
        for name, data in seconds.items()
    ]
    return {"benchmarks": rows}


def test_ratios_are_theirs_over_ours_within_a_round() -> None:
    task = counts.CONTEST.task
    found = speed.figures(
        report(
            task,
            {
                name_of(OURS, TEXT): [1.0, 2.0, 4.0],
                name_of(TOKENISING, "words"): [5.0, 10.0, 20.0],
                name_of("datasketches", TEXT): [10.0, 20.0, 80.0],
                name_of("datasketches", TOKENS): [3.0, 6.0, 12.0],
            },
        )
    )[texts.REAL][task]
    assert found["ours"] == {TEXT: 2.0}
    assert (found["prompts"], found["bytes"], found["rounds"]) == (10, 1_000, 3)
    rival = found["rivals"]["datasketches"]
    assert rival[TEXT] == {"seconds": 20.0, "ratio": 10.0}
    assert rival[TOKENS]["ratio"] == 3.0
    assert rival["tokenising"] == 0.5


def test_pytest_runs_the_benches_and_our_figures_come_out(tmp_path: Path) -> None:
    pytest.importorskip("datasketches")
    json_file = tmp_path / "report.json"
    ran = subprocess.run(
        [
            sys.executable, "-m", "pytest", "bench/speed/bench_speed.py", "-o", "python_functions=bench_*",
            "-k", "simulated and word and counts", "-p", "no:cacheprovider", "-W", "default",
            f"--benchmark-json={json_file}",
        ],
        cwd=Path(__file__).resolve().parents[3],
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},  # not xdist's
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout
    found = speed.figures(json.loads(json_file.read_text()))
    assert found[texts.SIMULATED]["word counts"]["rivals"]["datasketches"][TEXT]["ratio"] > 0


def test_a_task_caught_in_part_is_left_out() -> None:
    """``--only MinHash`` also catches the pass "up to MinHash", of which alone nothing can be said."""
    some = report(speed.STAGES_TASK, {f"{UP_TO}MinHash": [1.0]})
    assert speed.figures(some) == {texts.REAL: {}}
