"""The graph of accounts, recounted by hand."""

import math
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from gauger.engine.common import threads
from gauger.engine.evidence.evidence import Evidence, no_evidence
from gauger.engine.results import graph, tables
from gauger.engine.results.graph import CONTENT, DEGREE_MAX, edge_table, feature_table, neighbour_table
from gauger.engine.state.links import ADDRESS, CHANNELS, PAYMENT
from gauger.engine.statistics.people import Whole
from gauger.kernels.text.features import FEATURES
from tests.engine import worlds


def near(accounts: int, neighbours: list[list[int]], similarity: list[list[float]]) -> Evidence:
    evidence = worlds.evidence([0.5] * accounts, np.zeros((accounts, 2)), np.zeros((10, 2)))
    return replace(evidence, neighbours=np.asarray(neighbours), similarity=np.asarray(similarity, np.float32))


def test_content_edges_are_the_nearest_and_their_cosines() -> None:
    today = worlds.bare_population([5] * 3, {})
    table = edge_table(today, near(3, [[1, 2], [0, -1], [-1, -1]], [[0.91234, 0.5], [0.91234, 0.4], [0.0, 0.0]]))
    assert table.schema.equals(tables.EDGES)
    assert [tuple(row.values()) for row in table.to_pylist()] == [
        ("bare-0000", "bare-0001", CONTENT, pytest.approx(0.912)),
        ("bare-0000", "bare-0002", CONTENT, 0.5),
        ("bare-0001", "bare-0000", CONTENT, pytest.approx(0.912)),
    ]


links = some.sets(some.tuples(some.integers(0, 29), some.sampled_from([ADDRESS, PAYMENT]), some.integers(0, 5)))


@given(links)
def test_edges_of_a_channel_are_adamic_and_adars(given_links: set[tuple[int, int, int]]) -> None:
    today = worlds.bare_population([5] * 30, {}, given_links)
    expected: dict[tuple[str, str, str], float] = {}
    for channel in (ADDRESS, PAYMENT):
        for value in range(6):
            owners = [owner for owner, of, what in given_links if (of, what) == (channel, value)]
            if len(owners) <= DEGREE_MAX:
                for one, other in permutations(owners, 2):
                    key = (f"bare-{one:04d}", f"bare-{other:04d}", CHANNELS[channel])
                    expected[key] = expected.get(key, 0.0) + 1 / math.log(len(owners))
    table = edge_table(today, no_evidence(today, "none")).to_pylist()
    assert {tuple(list(row.values())[:3]): row["weight"] for row in table} == pytest.approx(expected)
    assert len(table) == len(expected)


def test_a_value_of_very_many_joins_nobody() -> None:
    today = worlds.bare_population([5] * 99, {}, [(account, ADDRESS, 7) for account in range(99)])
    assert edge_table(today, no_evidence(today, "none")).num_rows == 0


@pytest.mark.parametrize("workers", [1, 3])
def test_neighbours_are_averaged_where_they_have_the_statistic(workers: int) -> None:
    today = worlds.bare_population([5] * 4, {"pace": [1.0, 2.0, math.nan, 8.0], "none": [math.nan] * 4})
    evidence = near(4, [[1, 2, 3], [0, 3, -1], [2, -1, -1], [-1, -1, -1]], [[0.5] * 3] * 4)
    with threads.use(workers):
        table = neighbour_table(today, evidence)
    assert table["neighbours"].to_pylist() == [3, 2, 1, 0]
    assert table["pace"].to_pylist() == [5.0, 4.5, None, None]
    assert table["none"].to_pylist() == [None] * 4
    assert set(evidence.shares) <= set(table.schema.names)


def test_without_a_reference_nobody_has_neighbours() -> None:
    today = worlds.bare_population([5] * 2, {"pace": [1.0, 2.0]})
    table = neighbour_table(today, no_evidence(today, "none"))
    assert table["neighbours"].to_pylist() == [0, 0]
    assert table["pace"].to_pylist() == [None, None]
    assert table.schema.names[:2] == tables.NEIGHBOURS_HEAD.names


def people_of(sums: np.ndarray) -> Whole:
    accounts = worlds.bare_population([5] * len(sums), {})
    return Whole(replace(accounts, sums=sums), np.arange(2, dtype=np.uint64))


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("large", [False, True])
def test_features_are_directions_and_their_neighbours_mean(
    workers: int, large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a large day vectors are held of some accounts alone; on others those of accounts of few calls are zero."""
    monkeypatch.setattr(graph, "_VECTORS", 2)
    sums = np.random.default_rng(1).integers(-900, 900, (6, FEATURES), np.int32)
    held, vectors = np.asarray([0, 2, 3, 5]), np.ones((6, 2))
    vectors[[1, 4]] = 0
    evidence = near(6, [[2, 3, -1], [-1] * 3, [5, 0, 3], [-1] * 3, [-1] * 3, [3, -1, -1]], [[0.5] * 3] * 6)
    evidence = replace(evidence, vectors=vectors[held] if large else vectors, held=held if large else None)
    with threads.use(workers):
        table = feature_table(people_of(sums), evidence)
    directions = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    assert table.schema.equals(tables.FEATURE_ROWS)
    assert table["account_id"].to_pylist() == [f"bare-{account:04d}" for account in held]
    np.testing.assert_allclose(table["features"].to_pylist(), directions[held], atol=1e-6)
    assert table["neighbours"].to_pylist() == [2, 3, 0, 1]
    means = [directions[others].mean(axis=0) for others in ([2, 3], [5, 0, 3], [3])]
    means.insert(2, np.zeros(FEATURES))
    np.testing.assert_allclose(table["neighbour_features"].to_pylist(), means, atol=1e-6)


def test_without_a_reference_nobody_has_features() -> None:
    people = people_of(np.ones((2, FEATURES), np.int32))
    assert feature_table(people, no_evidence(people, "none")).equals(tables.FEATURE_ROWS.empty_table())
