"""The parts of the detection bench on a small world of its own."""

import pytest

from bench.detection import parts as detection_parts
from bench.detection.parts import HOURS, PARTS, measure
from bench.detection.rungs import CLEAN
from bench.detection.world import World
from tests.bench.corpora import write_corpora


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    out = tmp_path_factory.mktemp("out")
    corpora = write_corpora(tmp_path_factory.mktemp("corpora"), attack=300)
    return World(5, 1_500, corpora, out / "days", out / "runs")


def test_parts_measure_the_days_chosen(world: World) -> None:
    found = dict(measure(world, "recall", {"alpaca_content"}.__contains__))
    assert list(found) == ["alpaca_content"]
    assert found["alpaca_content"]["outcome"]["campaign"] == "alpaca_content"
    honest = dict(measure(world, "benign", {CLEAN, "new agents"}.__contains__))
    assert list(honest) == [CLEAN, "new agents"]
    assert honest["new agents"]["cohort"]["accounts"] > 0
    assert "cohort" not in honest[CLEAN]
    assert set(PARTS) == {"recall", "traces", "size", "calls", "evasion", "benign", "findings", "baselines", "stream"}


def test_streams_are_cut_until_half_is_flagged(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    shares = iter([(0, 3), (2, 1), (9, 0)])
    monkeypatch.setattr(detection_parts, "_flagged", lambda *_: next(shares))
    monkeypatch.setattr(World, "score", lambda *_: None)
    monkeypatch.setattr(World, "outcome", _eleven_accounts)
    [(_, figures)] = measure(world, "stream", {"alpaca"}.__contains__)
    cuts = figures["stream"]
    assert [cut["hour"] for cut in cuts] == list(HOURS[:3])
    assert [cut["flagged"] for cut in cuts] == [0.0, 2 / 11, 9 / 11]
    assert [cut["honest_flagged"] for cut in cuts] == [3, 1, 0]
    assert 0 < cuts[0]["calls"] < cuts[1]["calls"] < cuts[2]["calls"] <= 11 * 26


def _eleven_accounts(*_: object) -> object:
    from dataclasses import replace

    from tests.bench.outcomes import outcome

    one = outcome(5, "alpaca")
    return replace(one, everyone=replace(one.everyone, campaigns=[replace(one.everyone.campaigns[0], accounts=11)]))


def test_all_methods_score_the_same_accounts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is in the extra `bench`")
    monkeypatch.setattr(detection_parts, "_TRAINING_ACCOUNTS", 4)
    [(_, figures)] = measure(world, "baselines", {"alpaca"}.__contains__)
    found = figures["baselines"]
    assert list(found)[-1] == "gauger"
    assert len(found) == 9
    assert {(one["accounts"], one["benign"]) for at in found.values() for one in at.values()} == {
        (300 // 26, found["gauger"]["0.01"]["benign"])
    }
