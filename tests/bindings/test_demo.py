"""The demo, on a day a tenth of the smallest the command allows."""

from pathlib import Path

import pytest

from gauger import demo as module
from gauger.demo import demo
from gauger.engine.common.errors import InputError
from gauger.simulate import CampaignSpec, SimulatedPaths, simulate
from tests.bindings import traffic


def test_the_demo_makes_everything_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def small(out: Path, **arguments: object) -> SimulatedPaths:
        asked.append(arguments["reference_calls"])
        specs = [CampaignSpec.parse("template:30:12")]
        return simulate(out, calls=1_000, campaigns=specs, reference_days=2, reference_calls=500)

    asked: list[object] = []
    stages: list[str] = []
    monkeypatch.setattr(module, "simulate", small)
    text = demo(tmp_path, calls=2_000, seed=3, progress=lambda stage, done, total: stages.append(stage))
    assert asked == [2_000]
    week, day = traffic.manifest(tmp_path / "week"), traffic.manifest(tmp_path / "day")
    assert len(week["inputs"]) == 2
    assert f"Reference: {week['scored']:,} calls of 2 clean days" in text
    assert f"{day['rows']:,} in = {day['scored']:,} scored + 0 quarantined" in text
    assert "00-template" in text or "01-template" in text
    assert f"\nReport: {tmp_path / 'day' / 'report.html'}\n" in text
    assert [line.split()[1] for line in text.splitlines()[-3:]] == ["columns", "score", "score"]
    assert (tmp_path / "day" / "features.parquet").exists()  # for the notebooks
    assert (tmp_path / "day" / "report.html").stat().st_size > 10_000
    assert {path.name for path in (tmp_path / "state").iterdir()} == {"key", "lock", "current", "parts"}
    assert set(stages) >= {"reading", "folding", "families", "findings", "writing", "keeping"}


def test_the_demo_reports_the_progress_of_the_simulation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def halted(*_: object, **__: object) -> None:
        raise InputError("enough seen")

    told: list[tuple[str, int, int]] = []
    monkeypatch.setattr(module, "score", halted)
    with pytest.raises(InputError, match="enough seen"):
        demo(tmp_path, calls=500, seed=1, progress=lambda *event: told.append(event))
    assert {stage for stage, _, _ in told} == {"simulating"}
    assert told[-1][1] == told[-1][2]
