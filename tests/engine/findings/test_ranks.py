"""Ranks: counts among the reference's accounts, by hand; and the reasons that are chosen from them."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from gauger.engine.evidence.evidence import Evidence
from gauger.engine.findings.finding import Reason
from gauger.engine.findings.ranks import account_reasons, ranks_of
from gauger.engine.statistics.population import Population
from tests.engine import worlds

NAN = math.nan


def no_content(accounts: int) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((accounts, 2)), np.zeros((10, 2))


def reasons(
    today: Population, reference: Population | None, evidence: Evidence, rows: np.ndarray
) -> list[list[Reason]]:
    return account_reasons(None if reference is None else ranks_of(today, reference, evidence, rows), evidence, rows)


@given(some.lists(some.one_of(some.just(NAN), some.integers(-3, 3).map(float)), min_size=1, max_size=12), some.data())
def test_ranks_are_counts(null: list[float], data: some.DataObject) -> None:
    values = data.draw(some.lists(some.one_of(some.just(NAN), some.floats(-4, 4)), min_size=1, max_size=6))
    today = worlds.bare_population([5] * len(values), {"a": values, "unknown": values})
    rows = np.arange(len(values))[::-1].copy()
    reference = worlds.bare_population([5] * len(null), {"a": null})
    evidence = worlds.evidence(values, *no_content(len(values)))
    found = ranks_of(today, reference, evidence, rows)
    known = [one for one in null if not math.isnan(one)]
    assert found.names == ["a"]
    assert found.null_sizes.tolist() == [len(known)]
    for place, row in enumerate(rows.tolist()):
        value = values[row]
        if math.isnan(value):
            assert (found.at_least[0, place], found.at_most[0, place], found.tails[0, place]) == (
                len(known),
                len(known),
                1.0,
            )
            continue
        above, below = sum(one >= value for one in known), sum(one <= value for one in known)
        assert (found.at_least[0, place], found.at_most[0, place]) == (above, below)
        assert found.tails[0, place] == min(1.0, 2 * (min(above, below) + 1) / (len(known) + 1))


def test_reasons_are_two_sided_ranks_least_likely_first() -> None:
    today = worlds.bare_population(
        [5] * 3, {"low": [0.0, 50.0, NAN], "high": [50.0, 101.0, 50.0], "own": [1.0, 2.0, 3.0]}
    )
    hundred = [float(value) for value in range(1, 101)]
    reference = worlds.bare_population([5] * 100, {"low": hundred, "high": [*hundred[:99], NAN]})
    evidence = worlds.evidence([0.0004, 0.3, 0.9], *no_content(3))
    first, second, third = reasons(today, reference, evidence, np.arange(3))
    share = max(evidence.shares)
    assert first == [(share, pytest.approx(0.8996), 0.0004), ("low", 0.0, pytest.approx(2 / 101))]
    assert second == [(share, pytest.approx(0.6), 0.3), ("high", 101.0, pytest.approx(2 / 100))]
    assert third == [(share, pytest.approx(0.0), 0.9)]


def test_statistics_of_other_accounts_are_ranked_where_the_reference_has_them() -> None:
    today = worlds.bare_population([5] * 2, {})
    evidence = replace(
        worlds.evidence([0.01, 0.5], *no_content(2)),
        relational={"spread": np.array([9.0, 0.5]), "synchrony": np.array([9.0, 9.0])},
        relational_null={"spread": np.linspace(0, 1, 99)},
    )
    one, two = reasons(today, worlds.bare_population([5] * 9, {}), evidence, np.arange(2))
    assert one[1:] == [("spread", 9.0, pytest.approx(2 / 100))]
    assert len(two) == 1


def test_conformity_is_a_reason_where_it_is_odd() -> None:
    today = worlds.bare_population([5] * 2, {"a": [1.0, 1.0]})
    evidence = worlds.evidence([0.01, 0.01], *no_content(2))
    evidence.parts["conformity"][:] = [0.001, 0.2]
    one, two = reasons(today, worlds.bare_population([5] * 9, {"a": [1.0] * 9}), evidence, np.arange(2))
    assert ("conformity", pytest.approx(3.0), 0.001) in one
    assert "conformity" not in [name for name, _, _ in two]


def test_at_most_five_reasons_and_none_without_a_reference() -> None:
    names = [f"statistic_{number}" for number in range(9)]
    today = worlds.bare_population([5], {name: [99.0] for name in names})
    reference = worlds.bare_population([5] * 200, {name: [float(row) / 9 for row in range(200)] for name in names})
    evidence = worlds.evidence([0.01], *no_content(1))
    assert len(reasons(today, reference, evidence, np.asarray([0]))[0]) == 5
    assert reasons(today, None, evidence, np.asarray([0])) == [[]]
