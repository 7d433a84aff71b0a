"""A world on small corpora of its own: what is scored with what, and what is kept."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.detection import world as detection_world
from bench.detection.rungs import ALL, CLEAN, TOGETHER, Outcome
from bench.detection.world import World
from bench.world.campaigns import DEFAULT
from gauger.engine.reference.directory import StateDirectory
from tests.bench.corpora import write_corpora

CALLS = 600


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    out = tmp_path_factory.mktemp("out")
    return World(4, CALLS, write_corpora(tmp_path_factory.mktemp("corpora")), out / "days", out / "runs")


def outcomes_of(world: World) -> list[Outcome]:
    return [
        world.outcome(CLEAN),
        world.outcome("alpaca", (ALL["alpaca"],)),
        world.outcome(TOGETHER, DEFAULT),
        world.outcome("new classroom", cohorts=("new classroom",)),
    ]


@pytest.fixture(scope="module")
def outcomes(world: World) -> list[Outcome]:
    return outcomes_of(world)


def test_each_run_has_the_honest_day_and_its_own_campaigns_only(outcomes: list[Outcome]) -> None:
    clean, alone, together, classroom = outcomes
    assert [one.campaign for one in clean.everyone.campaigns] == []
    assert [(one.campaign, one.accounts) for one in alone.everyone.campaigns] == [("alpaca", 100 // 26)]
    assert {one.campaign for one in together.everyone.campaigns} == {planted.name for planted in DEFAULT}
    assert classroom.everyone.benign_accounts == clean.everyone.benign_accounts + 45
    assert "new classroom" in {one.kind for one in classroom.everyone.benign}
    assert len({one.everyone.benign_accounts for one in (clean, alone, together)}) == 1


def test_every_run_starts_from_the_reference_days_alone(world: World, outcomes: list[Outcome]) -> None:
    assert [str(day) for day in StateDirectory(world.state()).days()] == ["2026-11-09", "2026-11-10", "2026-11-11"]
    assert world.newest_reference().name == "2026-11-11.parquet"
    assert not list(world.runs.glob(".state*"))
    assert all(outcome.everyone.unknown == 0 for outcome in outcomes)


def test_busy_leaves_out_honest_accounts_with_few_calls_and_no_campaign(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        assert 0 < outcome.busy.benign_accounts < outcome.everyone.benign_accounts
        assert [(one.campaign, one.accounts) for one in outcome.busy.campaigns] == [
            (one.campaign, one.accounts) for one in outcome.everyone.campaigns
        ]


def test_what_was_scored_is_not_scored_again(
    world: World, outcomes: list[Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("scored or built again")

    monkeypatch.setattr(detection_world, "score", refuse)
    monkeypatch.setattr(detection_world.real_day, "build", refuse)
    assert outcomes_of(world) == outcomes
    kept = world.runs / "alpaca" / "outcome.json"
    kept.rename(kept.with_name("unfinished.json"))
    with pytest.raises(AssertionError, match="again"):
        outcomes_of(world)


def test_a_cohort_is_counted_by_assessment(world: World, outcomes: list[Outcome]) -> None:
    found = world.cohort("new classroom", "new classroom")
    assert found["all"] == found["accounts"] == 45
    assert isinstance(found["assessed"], dict)
    assert sum(found["assessed"].values()) == 45


def test_the_ceiling_counts_honest_accounts_with_the_greatest_evidence(tmp_path: Path) -> None:
    evidence = {"account_id": ["a", "b", "c", "d"], "evidence": [3.0, 3.0, 1.0, None]}
    pq.write_table(pa.table(evidence), tmp_path / "accounts.parquet")
    truth = pa.table({"account_id": ["a", "b", "c", "d"], "campaign": [None, "x", None, None]})
    assert detection_world.ceiling(tmp_path, truth) == 1


def test_a_cut_holds_the_first_hours(world: World, tmp_path: Path) -> None:
    log, _ = world.honest()
    numbers = [detection_world.cut(log, hours, tmp_path / f"{hours}.parquet") for hours in (6, 12, 24)]
    assert numbers == sorted(numbers)
    assert numbers[-1] == CALLS
    assert pq.read_table(tmp_path / "6.parquet")["start_time"].to_pylist()[-1].hour == 5
