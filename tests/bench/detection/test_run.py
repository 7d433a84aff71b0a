"""The command line of the detection bench: what is measured, logged and written."""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.detection import log as detection_log
from bench.detection import run as detection
from bench.detection import world as detection_world
from bench.detection.log import packed
from bench.detection.parts import PARTS
from bench.detection.rungs import CLEAN, TOGETHER
from bench.detection.world import World
from bench.pages.history import Row, read
from tests.bench.outcomes import outcome


@pytest.fixture
def corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "corpora" / "benign").mkdir(parents=True)
    monkeypatch.setenv("GAUGER_CORPORA", str(tmp_path / "corpora"))
    return tmp_path / "corpora"


def test_each_day_is_logged_as_soon_as_it_is_measured(
    corpora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log, asked = tmp_path / "log.jsonl", []

    def measure(world: World, part: str, chosen: Callable[[str], bool]) -> Iterator[tuple[str, Row]]:
        asked.append((world.seed, world.calls, part, chosen("alpaca_content"), chosen("t0")))
        yield "alpaca_content", packed(outcome(world.seed, "alpaca_content", flagged=0.5))
        assert read(log)[-1]["seed"] == world.seed

    monkeypatch.setattr(detection, "measure", measure)
    arguments = ["--quick", "--parts", "recall", "--seeds", "8", "9", "--days", "alpaca_content", "--log", str(log)]
    detection.main([*arguments, "--out", str(tmp_path / "out")])
    assert asked == [(8, 60_000, "recall", True, False), (9, 60_000, "recall", True, False)]
    assert [(row["seed"], row["part"], row["name"]) for row in read(log)] == [
        (8, "recall", "alpaca_content"),
        (9, "recall", "alpaca_content"),
    ]
    printed = capsys.readouterr().out
    assert "| alpaca (no template) | 50.0 | - | - | - | 99 / 98 / 70, aim 80 |" in printed
    assert printed.count("alpaca_content 50.0 % flagged") == 2


def test_defaults_are_everything_on_seeds_nothing_was_tuned_on() -> None:
    chosen: argparse.Namespace = detection._arguments([])
    assert tuple(chosen.parts) == tuple(PARTS)
    assert not {1, 2, 3, 11, 12} & set(chosen.seeds)
    assert {CLEAN, TOGETHER, "new agents", "t0_padded_80_disguised", "t0_padded_90_content"} <= set(chosen.days)


def test_a_quick_look_has_a_log_of_its_own(tmp_path: Path) -> None:
    quick = detection._arguments(["--quick", "--out", str(tmp_path)])
    assert quick.log == tmp_path / "quick.jsonl"
    assert detection._arguments([]).log == detection_log.LOG
    with pytest.raises(SystemExit):
        detection._arguments(["--quick", "--write", "page.md"])


def test_days_and_runs_are_named_by_the_code_that_made_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    monkeypatch.setattr(detection_world, "_fingerprint", lambda paths: hashed.extend(map(str, paths)) or "x")
    assert [home.name for home in detection_world.homes(tmp_path)] == ["days-x", "runs-x-x"]
    for part in ("bench/world/people.py", "bench/detection/rungs.py", "kernels/warm.py", "engine/engine.py"):
        assert any(path.endswith(part) for path in hashed)
