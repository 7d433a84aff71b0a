"""The inverted file against brute force over the lists it probes."""

import numpy as np
import pytest

from gauger.engine.common import threads
from gauger.engine.common.vectors import unit
from gauger.engine.evidence import inverted
from gauger.engine.evidence.inverted import InvertedFile


def cloud(count: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    middle = random.normal(size=(25, 16))
    return unit(middle[random.integers(0, 25, count)] + random.normal(size=(count, 16)))


def test_every_probe_searches_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inverted, "PROBES", 1_000)
    vectors = cloud(600, 1)
    similarity, rows = InvertedFile(vectors).search_all(15)
    exact = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    np.fill_diagonal(exact, -np.inf)  # nobody is their own neighbour
    assert similarity == pytest.approx(-np.sort(-exact, axis=1)[:, :15], abs=1e-5)
    assert np.take_along_axis(exact, rows, 1) == pytest.approx(similarity, abs=1e-5)


def test_eight_probes_find_nearly_all() -> None:
    vectors = cloud(6_000, 2)
    rows = InvertedFile(vectors).search_all(10)[1]
    exact = np.argsort(-(vectors @ vectors.T), axis=1)[:, 1:11]
    assert np.mean([len(np.intersect1d(*pair)) / 10 for pair in zip(rows, exact, strict=True)]) > 0.9


@pytest.mark.parametrize("workers", [2, 5])
def test_the_number_of_workers_changes_nothing(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inverted, "_BLOCK", 256)
    monkeypatch.setattr(inverted, "_OFFERED", 20_000)
    vectors = cloud(3_000, 3)
    found = []
    for number in (1, workers):
        with threads.use(number):
            found.append(InvertedFile(vectors).search_all(12))
    for one, more in zip(*found, strict=True):
        assert np.array_equal(one, more)
