"""The benches of families on what little they need: exact pairs against sets, edits, and rows without corpora."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from bench.families import index as nearest_families
from bench.families import near_duplicates, streaming
from tests.kernels.strategies import KEY


def test_exact_pairs_are_those_of_sets() -> None:
    random = np.random.default_rng(1)
    texts = [" ".join(random.choice(list("abc"), 9)) for _ in range(60)]
    sets, words = near_duplicates.shingle_sets(texts, KEY)
    assert words.tolist() == [9] * 60
    found = {
        (int(i), int(j)): float(value)
        for left, right, values in near_duplicates.exact_pairs(sets, 0.3)
        for i, j, value in zip(left, right, values, strict=True)
    }
    grams = [{tuple(text.split()[at : at + 3]) for at in range(7)} for text in texts]
    expected = {(i, j): len(grams[i] & grams[j]) / len(grams[i] | grams[j]) for i, j in combinations(range(60), 2)}
    assert found == pytest.approx({pair: value for pair, value in expected.items() if value >= 0.3})


def test_edits_are_as_many_as_asked_for() -> None:
    random = np.random.default_rng(2)
    text = " ".join(f"w{at}" for at in range(3_000))
    words = near_duplicates.edit(text, 0.3, ["new"], random).split()
    assert words.count("new") == pytest.approx(450, abs=80)
    assert sum(word != "new" for word in words) == pytest.approx(2_700, abs=60)


@pytest.mark.parametrize("measure", [near_duplicates.measure, nearest_families.measure])
def test_without_corpora_there_is_a_message_and_no_row(
    measure: Callable[[], list[dict[str, object]]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GAUGER_CORPORA", str(tmp_path))
    assert measure() == []
    assert "skipped" in capsys.readouterr().out


def test_a_short_stream_is_measured_without_corpora(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GAUGER_CORPORA", str(tmp_path))
    real, assigned, checked, endless = streaming.measure(share=0.005)
    assert [real["what"], assigned["what"], checked["what"]] == ["real prompts", "assigned", "checked"]
    assert endless["started"] == 0
    assert endless["table_bytes"] == real["table_bytes"]


def test_the_speed_of_grouping_is_of_the_prompts_asked_for() -> None:
    random = np.random.default_rng(3)
    row = near_duplicates.speed(random.integers(0, 256, (50, 128), np.uint8), 5_000, 1, random)
    assert (row.prompts, row.workers) == (5_000, 1)
    assert 20 < row.families <= 200
