"""Accuracy figures: what is drawn, how errors are made of it, and that ours are near their theory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.accuracy import counts as accuracy_counts
from bench.accuracy import distinct as accuracy_distinct
from bench.accuracy import minhash as accuracy_minhash
from bench.accuracy import run as accuracy
from bench.accuracy import templates as accuracy_templates


def mine(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of ours."""
    return [row for row in rows if row["who"] == "gauger"]


def test_pairs_have_the_similarity_they_say() -> None:
    generator = np.random.default_rng(1)
    for size in accuracy_minhash.SIZES:
        for shared in accuracy_minhash.overlaps(size):
            drawn = accuracy_minhash.pairs(size, shared, 2, generator)
            left, right = (set(drawn.sets[row].tolist()) for row in (2, 3))
            assert len(left) == len(right) == size
            assert len(left & right) / len(left | right) == drawn.similarity
            assert 0 < drawn.similarity < 1
            assert not set(drawn.sets[0].tolist()) & left


def test_errors_are_against_the_known_similarity() -> None:
    given = accuracy_minhash.Pairs(np.zeros((4, 3), np.uint64), 0.5)
    row = accuracy_minhash.row("somebody", 3, given, np.asarray([0.4, 0.8]))
    assert row.rmse == pytest.approx(np.sqrt(0.05))
    assert row.bias == pytest.approx(0.1)
    assert row.theory == pytest.approx(0.5 / np.sqrt(128))
    assert row.trials == 2


def test_every_estimator_of_minhash_is_near_the_truth() -> None:
    found: list[dict[str, Any]] = accuracy_minhash.measure(trials=20)
    large = [row for row in found if row["size"] == 1024 and row["who"] != "rensa Rho"]
    assert mine(large)
    assert all(row["rmse"] < 2 * row["theory"] for row in large)


def test_cardinalities_are_twenty_from_one_to_ten_million() -> None:
    assert len(accuracy_distinct.CARDINALITIES) == 20
    assert (accuracy_distinct.CARDINALITIES[0], accuracy_distinct.CARDINALITIES[-1]) == (1, 10_000_000)
    assert pytest.approx(1.0389 / 128, rel=1e-3) == accuracy_distinct.THEORY


@pytest.mark.parametrize("who", list(accuracy_distinct.ESTIMATORS))
def test_distinct_counts_of_a_trial_grow_with_what_went_by(who: str) -> None:
    trial, package, *_ = accuracy_distinct.ESTIMATORS[who]
    if package is not None:
        pytest.importorskip(package)
    assert trial(1_000_000, (1, 100, 20_000)) == pytest.approx([1, 100, 20_000], rel=0.2)


def test_distinct_errors() -> None:
    found: list[dict[str, Any]] = accuracy_distinct.measure(trials=4, largest=1_000, workers=2)
    assert max(row["cardinality"] for row in found) <= 1_000
    assert all(row["rms"] < 0.05 for row in mine(found))
    assert {row["trials"] for row in found} == {4}


def test_counts_are_never_under_and_seldom_far_over() -> None:
    found: list[dict[str, Any]] = accuracy_counts.measure(trials=2, words=20_000, distinct=2_000)
    assert len(mine(found)) == 4
    for row in found:
        assert row["under"] == 0
        assert row["over"] <= row["delta"]
        assert row["queries"] == 4_000


def test_a_stream_has_as_many_words_as_it_says() -> None:
    keys, counts = accuracy_counts.stream(np.random.default_rng(1), 5_000, 100)
    assert counts.sum() == 5_000
    assert counts.min() >= 1
    assert len(np.unique(keys)) == 100


def test_agreement_is_over_pairs() -> None:
    truth = np.asarray([0, 0, 0, 1, 1])
    assert accuracy_templates.agreement(truth + 5, truth) == (1.0, 1.0, 1.0)
    # One pair of the four that belong together, and one that does not.
    assert accuracy_templates.agreement(np.asarray([0, 0, -1, 2, -1]), truth) == (1.0, 0.25, 0.4)
    assert accuracy_templates.agreement(np.asarray([0, 0, -1, 0, -1]), truth) == (1 / 3, 0.25, 2 / 7)


def test_templates_of_a_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = ("Read the report {} and say in one sentence what is wrong.", "Please list ten words that rhyme with {}!")
    prompts = [frame.format(f"word{number}") for number in range(30) for frame in frames]
    (tmp_path / "attack").mkdir()
    set_ = pa.table({"prompt": prompts, "family": ["report", "rhyme"] * 30})
    pq.write_table(set_, tmp_path / "attack" / "set.parquet")
    monkeypatch.setattr(accuracy_templates, "SETS", (("attack/set", "prompt", "family"),))
    monkeypatch.setattr(accuracy_templates, "corpora_directory", lambda: tmp_path)
    found = accuracy_templates.measure()
    assert mine(found)[0] | {"corpus": ""} == {
        "who": "gauger", "corpus": "", "prompts": 60, "templates": 2, "precision": 1.0, "recall": 1.0, "f1": 1.0
    }  # fmt: skip
    monkeypatch.setattr(accuracy_templates, "corpora_directory", lambda: None)
    assert accuracy_templates.measure() == []


def test_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def fake(trials: int, **_: Any) -> list[dict[str, Any]]:
        asked.append(trials)
        return [{"who": "gauger"}]

    for module in (accuracy_minhash, accuracy_distinct, accuracy_counts):
        monkeypatch.setattr(module, "measure", fake)
    monkeypatch.setattr(accuracy_templates, "measure", list)
    accuracy.main([str(tmp_path / "figures.json"), "--share", "0.1"])
    assert json.loads((tmp_path / "figures.json").read_text())["MinHash"] == [{"who": "gauger"}]
    assert asked == [400, 100, 10]
