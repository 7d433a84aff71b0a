"""The plan is data: every stage needs stages before it, and is told of while it is on."""

import datetime as dt
from pathlib import Path

from gauger.batch.score import score
from gauger.engine.plan.stages import PLAN, described
from tests.bindings import traffic


def test_stages_need_those_before_them() -> None:
    known: set[str] = set()
    for stage in PLAN:
        assert set(stage.needs) <= known
        assert stage.name not in known
        known.add(stage.name)
    used = {name for stage in PLAN for name in stage.needs}
    assert known - used == {"writing", "keeping"}  # what a run is for


def test_every_stage_is_a_line() -> None:
    lines = described().splitlines()
    assert len(lines) == 1 + len(PLAN)
    assert all(
        line.startswith(stage.name) and line.endswith(stage.gives) for line, stage in zip(lines[1:], PLAN, strict=True)
    )


def test_a_run_tells_of_these_stages_and_of_no_others(tmp_path: Path) -> None:
    told: list[str] = []
    for back in (8, 0):
        day = traffic.DAY - dt.timedelta(days=back)
        log = traffic.write(traffic.table(traffic.honest(120, 8, back, day)), tmp_path / f"{back}.parquet")
        score([log], tmp_path / "out", state=tmp_path / "state", settings=traffic.SETTINGS,
              progress=lambda stage, *_: told.append(stage))  # fmt: skip
    assert set(told) - {"compiling"} == {stage.name for stage in PLAN}
