"""Clusters of flagged accounts: planted ones come out as planted, strangers do not, and size is evidence."""

from itertools import permutations

import numpy as np
import pytest

from gauger.engine.common.settings import Settings
from gauger.engine.evidence.evidence import Evidence
from gauger.engine.findings.clusters import find_clusters, union_statistic
from gauger.engine.findings.finding import Finding
from tests.engine import worlds

DIMENSIONS = 200
SETTINGS = Settings(alarm_level=0.001, campaign_accounts_min=5)


def around(random: np.random.Generator, centre: np.ndarray, count: int, similarity: float = 0.4) -> np.ndarray:
    """Unit vectors whose mean inner product with one another is ``similarity``."""
    noise = worlds.unit_rows(random.normal(size=(count, DIMENSIONS)))
    return worlds.unit_rows(np.sqrt(1 - similarity) * noise + np.sqrt(similarity) * centre)


def axis(number: int) -> np.ndarray:
    return np.eye(DIMENSIONS)[number]


def flagged_world(
    sizes: list[int], *, strangers: int = 4, honest: int = 1_000, seed: int = 1, similarity: float = 0.4
) -> tuple[Evidence, np.ndarray]:
    """Evidence of a day with clusters of those sizes flagged, a few strangers flagged too; and the true cluster."""
    random = np.random.default_rng(seed)
    clusters = [around(random, axis(number), size, similarity) for number, size in enumerate(sizes)]
    vectors = np.concatenate([*clusters, worlds.unit_rows(random.normal(size=(strangers + honest, DIMENSIONS)))])
    truth = np.concatenate([np.repeat(np.arange(len(sizes)), sizes), np.full(strangers + honest, -1)])
    flagged = sum(sizes) + strangers
    probability = np.concatenate([np.full(flagged, 2e-4), random.uniform(0.01, 1, honest)])
    order = random.permutation(len(truth))
    reference = worlds.unit_rows(random.normal(size=(1_500, DIMENSIONS)))
    return worlds.evidence(probability[order], vectors[order], reference), truth[order]


def members_of(clusters: list[Finding]) -> list[list[int]]:
    return [cluster.members.tolist() for cluster in clusters]


def test_the_union_statistic_is_the_mean_over_all_pairs() -> None:
    vectors = np.random.default_rng(2).normal(size=(30, 12)).astype(np.float32)
    pairs = [float(a.astype(np.float64) @ b) for a, b in permutations(vectors, 2)]
    assert union_statistic(vectors) == pytest.approx(np.mean(pairs), rel=1e-5)
    assert union_statistic(np.repeat(axis(0)[None], 9, axis=0)) == pytest.approx(1.0)
    assert union_statistic(np.ones((0, 3))) == union_statistic(np.ones((1, 3))) == 0.0


def test_what_is_joined_and_unlike_is_said_to_be_parts() -> None:
    """Two directions that have a third in common: one finding, in two parts; one direction has none."""
    random = np.random.default_rng(3)
    halves = [around(random, worlds.unit_rows((axis(0) + axis(number))[None])[0], 60, 0.7) for number in (1, 2)]
    both, probability = np.concatenate(halves), np.concatenate([np.full(120, 2e-4), random.uniform(0.01, 1, 1_000)])
    honest, reference = (worlds.unit_rows(random.normal(size=(count, DIMENSIONS))) for count in (1_000, 1_500))
    (found,) = find_clusters(worlds.evidence(probability, np.concatenate([both, honest]), reference), SETTINGS)
    assert [part.tolist() for part in found.parts] == [list(range(60)), list(range(60, 120))]
    evidence, _ = flagged_world([120])
    assert find_clusters(evidence, SETTINGS)[0].parts == ()


def test_two_planted_clusters_come_out_as_two() -> None:
    evidence, truth = flagged_world([60, 35])
    clusters = find_clusters(evidence, SETTINGS)
    assert members_of(clusters) == [np.flatnonzero(truth == number).tolist() for number in (0, 1)]
    for cluster in clusters:
        assert cluster.cohesion == pytest.approx(union_statistic(evidence.vectors[cluster.members]), rel=1e-4)
        assert cluster.cohesion == pytest.approx(0.4, abs=0.05)


@pytest.mark.parametrize("strangers", [30, 0])
def test_strangers_flagged_by_chance_are_no_cluster(strangers: int) -> None:
    evidence, _ = flagged_world([], strangers=strangers)
    assert find_clusters(evidence, SETTINGS) == []


def test_accounts_that_look_like_none_of_the_others_join_where_they_point() -> None:
    """Half of a campaign is tight, the other so padded that its accounts are hardly alike: most are in one finding."""
    random = np.random.default_rng(5)
    tight, padded = around(random, axis(0), 60, 0.2), around(random, axis(0), 60, 0.08)
    strangers = worlds.unit_rows(random.normal(size=(600, DIMENSIONS)))
    probability = np.concatenate([np.full(124, 2e-4), random.uniform(0.01, 1, 596)])
    reference = worlds.unit_rows(random.normal(size=(1_500, DIMENSIONS)))
    evidence = worlds.evidence(probability, np.concatenate([tight, padded, strangers]), reference)
    found = {*find_clusters(evidence, SETTINGS)[0].members.tolist()}
    assert {*range(60)} <= found
    assert len({*range(60, 120)} & found) >= 40
    assert len({*range(120, 124)} & found) <= 1  # flagged strangers point anywhere


def test_clusters_below_the_smallest_size_are_none_and_the_result_is_repeatable() -> None:
    evidence, truth = flagged_world([30, 8])
    settings = Settings(alarm_level=0.001, campaign_accounts_min=10)
    assert members_of(find_clusters(evidence, settings)) == [np.flatnonzero(truth == 0).tolist()]
    one, two = find_clusters(evidence, SETTINGS), find_clusters(evidence, SETTINGS)
    assert len(one) == 2
    assert members_of(one) == members_of(two)
    assert [cluster.evidence for cluster in one] == [cluster.evidence for cluster in two]


def test_only_flagged_accounts_are_members() -> None:
    """Accounts of the cluster's content that were not flagged, or could not be tested, are left out."""
    evidence, truth = flagged_world([50])
    inside = np.flatnonzero(truth == 0)
    evidence.probability[inside[:10]] = 0.5
    evidence.probability[inside[10:15]] = np.nan
    assert members_of(find_clusters(evidence, SETTINGS)) == [inside[15:].tolist()]


def test_evidence_grows_with_size_and_the_strongest_comes_first() -> None:
    evidence, truth = flagged_world([8, 40, 16])
    clusters = find_clusters(evidence, SETTINGS)
    assert members_of(clusters) == [np.flatnonzero(truth == number).tolist() for number in (1, 2, 0)]
    strength = [cluster.evidence for cluster in clusters]
    assert strength[0] > strength[1] > strength[2] > 3.0


def test_evidence_shrinks_where_strangers_look_alike() -> None:
    """The same cluster in a population whose honest accounts are often as similar as its members."""
    evidence, _ = flagged_world([12])
    random = np.random.default_rng(3)
    crowd = np.concatenate([around(random, axis(number), 150, 0.5) for number in range(10, 20)])
    crowded = worlds.evidence(evidence.probability, evidence.vectors, crowd)
    apart, close = find_clusters(evidence, SETTINGS), find_clusters(crowded, SETTINGS)
    assert members_of(apart) == members_of(close)
    assert close[0].evidence < apart[0].evidence


def test_padding_does_not_split_a_campaign() -> None:
    """Whole means fall into two camps, by padding; the oddest calls of both are the same: one campaign."""
    random = np.random.default_rng(4)
    whole = np.concatenate([around(random, axis(1), 50, 0.5), around(random, axis(2), 50, 0.5)])
    odd = around(random, axis(3), 100, 0.5)
    honest = worlds.unit_rows(random.normal(size=(500, DIMENSIONS)))
    evidence = worlds.evidence(
        np.concatenate([np.full(100, 2e-4), np.full(500, 0.5)]),
        np.concatenate([whole, honest]),
        worlds.unit_rows(random.normal(size=(1_000, DIMENSIONS))),
        sifted=np.concatenate([odd, honest]),
    )
    assert members_of(find_clusters(evidence, SETTINGS)) == [list(range(100))]


@pytest.mark.parametrize("seed", range(5))
def test_equal_accounts_are_a_cluster_though_rounding_makes_them_more_than_alike(seed: int) -> None:
    random = np.random.default_rng(seed)
    same = np.repeat(worlds.unit_rows(random.normal(size=(40, DIMENSIONS))), 20, axis=0).astype(np.float32)
    assert float((same @ same.T).max()) > 1.0
    others = worlds.unit_rows(random.normal(size=(1_000, DIMENSIONS)))
    probability = np.concatenate([np.full(len(same), 2e-4), random.uniform(0.01, 1, len(others))])
    evidence = worlds.evidence(probability, np.concatenate([same, others]), others)
    found = find_clusters(evidence, SETTINGS)
    assert np.array_equal(np.sort(np.concatenate([cluster.members for cluster in found])), np.arange(len(same)))
