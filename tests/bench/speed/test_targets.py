"""Targets: what is compared with what, and the verdicts."""

import pytest

from bench.families.page import FILE as FAMILIES
from bench.families.page import PARTS as FAMILIES_PARTS
from bench.families.targets import DRAIN, OURS, _beside_drain
from bench.families.targets import TARGETS as FAMILIES_TARGETS
from bench.pages import history
from bench.speed.page import FILE, PARTS
from bench.speed.stages import STAGES_TASK
from bench.speed.targets import AIM_MET, MET, MISSED, TARGETS, UNKNOWN, Target
from bench.world.texts import REAL_LONG
from gauger.benchmark.rivals.contest import HASHES, TOKENS
from gauger.benchmark.stages import PASS


def test_verdicts() -> None:
    floor, cap = Target("a", lambda row, corpus: 0.0, 10, 12), Target("b", lambda row, corpus: 0.0, 6, 3, is_cap=True)
    assert [floor.verdict(value) for value in (9.9, 10, 12, None)] == [MISSED, MET, AIM_MET, UNKNOWN]
    assert [cap.verdict(value) for value in (6.1, 6, 3)] == [MISSED, MET, AIM_MET]
    assert (floor.wanted(10), cap.wanted(6), cap.wanted(None)) == (">= 10 x", "<= 6 x", "-")


@pytest.mark.parametrize("target", [*TARGETS, *FAMILIES_TARGETS], ids=lambda target: target.name)
def test_every_target_is_found_in_the_results_and_missed_without_them(target: Target) -> None:
    found = history.newest(FILE, PARTS) if target in TARGETS else history.newest(FAMILIES, FAMILIES_PARTS)
    assert target.measured(found) is not None
    assert target.measured({}) is None


def test_values_are_read_where_they_stand() -> None:
    def contest(ratios: dict[str, float], kind: str) -> dict[str, object]:
        return {"rivals": {name: {kind: {"ratio": ratio}} for name, ratio in ratios.items()}}

    tasks = {
        "MinHash": contest({"rensa Rho, all tokens": 0.8}, HASHES),
        "distinct words": contest({"duckdb": 2.6}, TOKENS),
        STAGES_TASK: {"stages": [{"name": PASS, "floors": 100.0}]},
    }
    stages = {"ingest": 10.0, "evidence": 8.0, "campaigns": 1.5}
    errors = [
        {"who": "gauger", "rms": 0.001, "rmse": 0.03, "theory": 0.008},
        {"who": "polars", "rms": 0.9, "rmse": 0.9, "theory": 0.008},
    ]
    row = {
        "speed": {REAL_LONG: tasks},
        "command_line": {"ratio": 5.5, "stages": stages},
        "accuracy": {"distinct words": errors},
    }
    values = {target.name: (target.measured(row), target.verdict(target.measured(row))) for target in TARGETS}
    assert values["... its time over rensa Rho's, both using every shingle"] == (1.25, MET)
    assert values["... than duckdb with tokens ready"] == (2.6, MET)
    assert values["the whole pass over the byte scan"] == (100.0, MET)
    assert values["`gauger score` over pyarrow reading the same columns"] == (5.5, MET)
    assert values["evidence and campaigns of a large day over its pass"] == (0.95, MET)
    assert values["HyperLogLog: largest RMS error over theory"] == (0.125, MET)


def test_log_lines_are_held_against_the_best_of_drain() -> None:
    scores = ((OURS, 0.9), (DRAIN, 0.93), ("Drain3, tuned", 0.95), ("gauger", 0.99))
    rivals = [{"set": "loghub-2k", "who": who, "f1": f1} for who, f1 in scores]
    assert _beside_drain({"rivals": rivals}, "") == pytest.approx(-0.05)
