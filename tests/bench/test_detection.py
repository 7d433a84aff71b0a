"""The detection bench on small corpora of its own: what is scored with what, and what the page says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench import detection, detection_page
from bench.detection_rungs import ATTACKS, CLEAN, PADDINGS, RUNGS, TOGETHER, Outcome, rung
from bench.real_campaigns import DEFAULT, LADDER
from gauger.evaluate import BenignKind, Evaluation, FoundCampaign, TrueCampaign

CALLS = 600


def write_prompts(path: Path, count: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    prompts = [f"{path.stem} asks question {n % 17} about item {n}" for n in range(count)]
    pq.write_table(pa.table({"prompt": prompts, "family": pa.nulls(count, pa.string())}), path)


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("corpora")
    for name in ("stackoverflow_sql_titles", "nq_open_questions", "clinc_oos", "llm_judge_alpaca_eval"):
        write_prompts(root / f"benign/{name}.parquet", 200)
    for planted in DEFAULT:
        for name in planted.corpora:
            write_prompts(root / f"attack/{name}.parquet", 100)
    (root / "traces").mkdir()
    clients = pa.table(
        {
            "category": ["language"] * 9,
            "tier": ["small"] * 9,
            "client": list(range(9)),
            "rate_rps": [0.02 * 1.5**n for n in range(9)],
            "cv": [0.5 + 0.2 * n for n in range(9)],
        }
    )
    pq.write_table(clients, root / "traces/trace_servegen_clients.parquet")
    pq.write_table(pa.table({"out_p50": [40.0], "out_p90": [90.0]}), root / "traces/trace_servegen_lengths.parquet")
    return root


@pytest.fixture(scope="module")
def world(corpora: Path, tmp_path_factory: pytest.TempPathFactory) -> detection.World:
    out = tmp_path_factory.mktemp("out")
    return detection.World(4, CALLS, corpora, out / "days", out / "runs")


@pytest.fixture(scope="module")
def outcomes(world: detection.World) -> list[Outcome]:
    return list(detection.measure(world, ["alpaca"]))


def test_each_run_scores_the_honest_day_and_its_own_campaigns_only(outcomes: list[Outcome]) -> None:
    assert [outcome.campaign for outcome in outcomes] == [CLEAN, "alpaca", TOGETHER]
    clean, alone, together = outcomes
    assert [one.campaign for one in clean.everyone.campaigns] == []
    assert [(one.campaign, one.accounts) for one in alone.everyone.campaigns] == [("alpaca", 100 // 26)]
    assert {one.campaign for one in together.everyone.campaigns} == {planted.name for planted in DEFAULT}
    inputs = [
        {item["rows"]: item["sha256"] for item in outcome.manifest["inputs"]} for outcome in (clean, alone, together)
    ]
    assert list(inputs[0]) == [CALLS]
    assert inputs[1].keys() == {CALLS, 3 * 26}
    assert len(inputs[2]) == 2
    assert len({rows[CALLS] for rows in inputs}) == 1
    assert len({outcome.manifest["key_id"] for outcome in outcomes}) == 1


def test_every_run_starts_from_the_reference_days_alone(world: detection.World, outcomes: list[Outcome]) -> None:
    days = sorted(folder.name for folder in (world.state() / "days").iterdir())
    assert days == ["2026-11-09", "2026-11-10", "2026-11-11"]
    assert not (world.runs / ".state").exists()
    assert all(outcome.everyone.unknown == 0 for outcome in outcomes)


def test_busy_leaves_out_honest_accounts_with_few_calls_and_no_campaign(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        assert 0 < outcome.busy.benign_accounts < outcome.everyone.benign_accounts
        assert [(one.campaign, one.accounts) for one in outcome.busy.campaigns] == [
            (one.campaign, one.accounts) for one in outcome.everyone.campaigns
        ]


def test_what_was_scored_is_not_scored_again(
    world: detection.World, outcomes: list[Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("scored or built again")

    monkeypatch.setattr(detection, "score", refuse)
    monkeypatch.setattr(detection.real_day, "build", refuse)
    assert list(detection.measure(world, ["alpaca"])) == outcomes
    (world.runs / "alpaca" / "manifest.json").rename(world.runs / "alpaca" / "unfinished.json")
    with pytest.raises(AssertionError, match="again"):
        list(detection.measure(world, ["alpaca"]))
    (world.runs / "alpaca" / "unfinished.json").rename(world.runs / "alpaca" / "manifest.json")


def test_the_ceiling_counts_honest_accounts_with_the_greatest_evidence(tmp_path: Path) -> None:
    evidence = {"account_id": ["a", "b", "c", "d"], "evidence": [3.0, 3.0, 1.0, None]}
    pq.write_table(pa.table(evidence), tmp_path / "accounts.parquet")
    truth = pa.table({"account_id": ["a", "b", "c", "d"], "campaign": [None, "x", None, None]})
    assert detection.ceiling(tmp_path, truth) == 1


def test_rungs_are_the_ladder_completed() -> None:
    assert LADDER.items() <= RUNGS.items()
    assert len(RUNGS) == len(ATTACKS) * (len(PADDINGS) + 1)
    assert RUNGS["t0_padded_80_disguised"].addresses == "static"
    assert RUNGS["tasks_padded_80"].padding == 0.8
    assert all(planted.name == name for name, planted in RUNGS.items())


def outcome(seed: int, campaign: str, *, flagged: float, exact: float, honest: int) -> Outcome:
    names = () if campaign == CLEAN else ("alpaca", "t0") if campaign == TOGETHER else (campaign,)
    campaigns = [TrueCampaign(name, name, 500, 0, flagged, exact, 1.0, 0.9, 13_000) for name in names]
    found = [FoundCampaign(1, "campaign", 450, names[0], 1.0, 1.0)] if names else []
    kinds = [BenignKind("person", 1_000, honest, 0)]
    evaluation = Evaluation(campaigns, kinds, found, 1_000, honest, 0, 0, 1.0, 1.0)
    seconds = {"ingest": 1.0, "weigh": 2.0, "write": 0.5, "total": 3.5}
    return Outcome(seed, campaign, evaluation, evaluation, 2, {"calls_per_second": 5_000.0, "seconds": seconds})


def test_page_has_medians_with_their_spread_in_the_place_of_their_rung() -> None:
    outcomes = [
        outcome(seed, campaign, flagged=share, exact=share / 2, honest=seed)
        for seed, share in ((5, 0.5), (6, 0.75), (7, 1.0))
        for campaign in (CLEAN, rung("t0", 80), TOGETHER)
    ]
    page = detection_page.page(outcomes, calls=60_000)
    assert "| t0 (many templates) | - | - | 75.0 (50.0-100.0) | - | 99 / 98 / 60 |" in page
    assert "| t0 (many templates) | - | - | 37.5 (25.0-50.0) | - | 99 / 98 / 60 |" in page
    assert (
        "| t0_padded_80 | 500 | 75.0 (50.0-100.0) | 37.5 (25.0-50.0) | 37.5 (25.0-50.0) | 90.0 | 3 campaign "
        "| 0.60 (0.50-0.70) | 2 |" in page
    )
    assert "| 6 | 1,000 | 1,000 | 6 | 0.60 | 0.60 | none |" in page
    assert "| person | 3,000 | 18 (0.60 %) | 0 | 0.60 % | 0.00 % |" in page
    assert "- Seed 7: 1 campaign; campaign precision 100 %, campaign recall 100 %" in page
    assert "python -m bench.detection --calls 60000 --seeds 5 6 7 --campaigns t0_padded_80 --write" in page
    assert "{" not in page


def test_command_line_writes_the_page_and_skips_without_corpora(
    corpora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: dict[str, object] = {}

    def fake(out: Path, found: Path, *, tell: Callable[[str], None], **chosen: object) -> str:
        asked.update(chosen, corpora=found)
        tell("one line a day")
        return "the page"

    monkeypatch.setattr(detection, "run", fake)
    monkeypatch.setenv("GAUGER_CORPORA", str(corpora))
    page = tmp_path / "docs" / "detection.md"
    detection.main(["--quick", "--seeds", "8", "9", "--write", str(page)])
    assert page.read_text() == "the page"
    assert asked == {"seeds": [8, 9], "calls": 60_000, "campaigns": ("alpaca", "alpaca_padded_80"), "corpora": corpora}
    assert capsys.readouterr().out == "one line a day\n"
    monkeypatch.setenv("GAUGER_CORPORA", str(tmp_path / "nowhere"))
    detection.main([])
    printed = capsys.readouterr().out
    assert printed.startswith("skipped")
    assert printed.count("\n") == 1
