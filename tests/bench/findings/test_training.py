"""Training: weights learn what tells the sides apart, and a kind left out is judged by the others."""

from pathlib import Path

import numpy as np
import pytest

from bench.findings import training
from bench.findings.page import figures
from bench.findings.training import NAMES, Examples, calibration_error, examples_of, left_out, train, write
from bench.pages.history import append
from gauger.engine.findings import weights

Row = dict[str, object]


def finding(value: float | None, own: int = 10, word: str = "campaign") -> Row:
    facts = [{"fact": name, "value": value if name == "dealt" else 0.5} for name in NAMES]
    return {"own": own, "accounts": own, "facts": facts, "assessment": word, "probability": 0.9}


def day(group: str, campaign: bool, *values: float | None, seed: int = 41) -> Row:
    found = [finding(value, own) for own, value in zip((30, 10), values, strict=False)]
    counts = {"weighed": 40, "flagged": 40, "honest_weighed": 900, "honest_flagged": 1, "planted": 40}
    kind = f"{group} 50 % 100 accounts" if campaign else group
    told = {"seed": seed, "view": "content", "kind": kind, "group": group, "campaign": campaign, "commit": "abc"}
    return {**told, **counts, "findings": found}


DAYS = [
    *(day(f"set {number}", True, 0.9, 0.8) for number in range(4)),
    *(day(f"crowd {number}", False, 0.1, 0.3) for number in range(4)),
]


def test_both_sides_and_all_groups_weigh_alike() -> None:
    found = examples_of([*DAYS, day("set 0", True, 0.7)])
    assert found.weight.sum() == pytest.approx(1.0)
    assert found.weight[found.campaign].sum() == pytest.approx(0.5)
    for name in ("set 0", "set 1"):
        assert found.weight[found.group == name].sum() == pytest.approx(0.125)
    assert found.weight[0] == pytest.approx(found.weight[2] / 2)  # two days of set 0


def test_what_tells_the_sides_apart_is_learnt_and_the_rest_is_not() -> None:
    model = train(examples_of(DAYS))
    weight = dict(zip(NAMES, model.weights, strict=True))
    assert weight.pop("dealt") > 1
    assert all(abs(one) < 1e-6 for one in weight.values())
    assert model.unknown[NAMES.index("dealt")] == pytest.approx(0.53, abs=0.03)


def test_no_weight_is_below_zero() -> None:
    turned = [{**row, "campaign": not row["campaign"]} for row in DAYS]
    assert train(examples_of(turned)).weights.min() >= 0.0


def test_a_group_left_out_is_judged_by_the_others() -> None:
    examples = examples_of([*DAYS, day("odd one", False, 0.9)])
    probability = left_out(examples)
    assert probability[examples.group == "odd one"].item() > 0.5
    assert np.all((probability > 0.5) == (examples.campaign | (examples.group == "odd one")))


def test_what_is_not_known_is_worth_half_way() -> None:
    examples = examples_of(DAYS)
    known, unknown = (examples_of([day("one", True, value)]).facts for value in (0.5, None))
    model = train(examples)
    assert np.isnan(unknown[0, NAMES.index("dealt")])
    filled = np.where(np.isnan(unknown), model.unknown, known)
    assert model.probability(unknown).item() == pytest.approx(model.probability(filled).item())


def test_the_calibration_error_by_hand() -> None:
    probability, campaign = np.array([0.95, 0.95, 0.15, 0.15]), np.array([True, False, False, False])
    error = calibration_error(probability, campaign, np.ones(4))
    assert error == pytest.approx(0.5 * 0.45 + 0.5 * 0.15)


def test_the_slope_is_that_of_the_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def look(loss: object, start: np.ndarray, **_: object) -> object:
        at = np.linspace(-0.5, 0.7, len(start))
        value, slope = loss(at)
        steps = [(loss(at + 1e-6 * one)[0] - value) / 1e-6 for one in np.eye(len(at))]
        asked.append((slope, steps))
        return type("Found", (), {"x": at})

    monkeypatch.setattr(training, "minimize", look)
    train(examples_of(DAYS))
    ((slope, steps),) = asked
    np.testing.assert_allclose(slope, steps, atol=1e-4)


def test_weights_are_written_where_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "weights.py"
    path.write_text(Path(weights.__file__).read_text())
    model = train(examples_of(DAYS))
    write(model, path)
    read: dict[str, object] = {}
    exec(path.read_text(), read)  # the module, as Python reads it
    assert read["INTERCEPT"] == pytest.approx(model.intercept, abs=0.005)
    assert {name: weight for name, (weight, _) in read["WEIGHTS"].items()} == pytest.approx(
        dict(zip(NAMES, model.weights, strict=True)), abs=0.005
    )


def test_the_page_tells_what_was_measured(tmp_path: Path) -> None:
    log = tmp_path / "findings.jsonl"
    for row in (*DAYS, day("set 9", True, 0.9, seed=43), day("crowd 9", False, 0.2, seed=43)):
        append(row, log)
    found = figures(log)
    assert set(found) == {"weights", "left out", "campaigns", "sets", "cohorts", "reported", "runs"}
    assert "| even, 50 % padded (content) | 1 | 100.0 | 1 | 0 |" in found["campaigns"]
    assert "| crowd 9 (content) | 1 |" in found["cohorts"]
    assert "on the wrong side" in found["left out"]
    assert isinstance(examples_of(DAYS), Examples)
