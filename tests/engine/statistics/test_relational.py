"""Statistics of families and of neighbours of today, and the whole of a run's statistics."""

import math
from collections import Counter
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from gauger.engine.common.settings import HOUR_US
from gauger.engine.engine import Engine
from gauger.engine.statistics.relational import NAMES, complementary_coverage, family_entropy, synchrony
from tests.engine import worlds
from tests.kernels import naive_statistics as naive


def test_calls_in_no_family_are_families_of_their_own() -> None:
    owner = np.array([0, 0, 0, 0, 1, 1, 2, 2, 3, -1])
    family = np.array([5, 5, -1, -1, 4, 4, -1, -1, 1, 5])
    shares = [2 / 4, 1 / 4, 1 / 4]
    first = -sum(share * math.log(share) for share in shares) / math.log(4)
    assert family_entropy(owner, family, 5) == pytest.approx([first, 0.0, 1.0, math.nan, math.nan], nan_ok=True)
    random = np.random.default_rng(3)
    owner, family, order = random.integers(-1, 20, 500), random.integers(-1, 9, 500), random.permutation(500)
    np.testing.assert_array_equal(family_entropy(owner[order], family[order], 20), family_entropy(owner, family, 20))


NEIGHBOURS = np.array([[1, 2], [0, -1], [3, 1], [-1, -1]])


def test_synchrony_is_over_distinct_tokens() -> None:
    owner = np.array([0, 0, 0, 1, 1, 2, 3])
    token = np.array([9, 9, 4, 4, 7, 1, 4], np.uint64)
    sets = [{9, 4}, {4, 7}, {1}, {4}]
    expected = [naive.mean_jaccard(sets, NEIGHBOURS[own].tolist(), own, 99) for own in range(4)]
    assert synchrony(owner, token, NEIGHBOURS) == pytest.approx(expected, nan_ok=True)
    order = np.array([3, 0, 6, 2, 1, 5, 4])
    np.testing.assert_array_equal(
        synchrony(owner[order], token[order], NEIGHBOURS), synchrony(owner, token, NEIGHBOURS)
    )


def test_complements_lie_at_nought_and_repeaters_below() -> None:
    """Ten accounts that never repeat each other; ten that send the same five prompts."""
    owner = np.repeat(np.arange(20), 5)
    prompt = np.concatenate([np.arange(1, 51), np.tile(np.arange(101, 106), 10)]).astype(np.uint64)
    block = np.arange(20) // 10 * 10
    neighbours = np.stack([block + (np.arange(20) + step) % 10 for step in range(1, 6)], axis=1)
    found = complementary_coverage(owner, prompt, neighbours)
    assert found[:10].tolist() == [0.0] * 10
    assert found[10:] == pytest.approx([-((1 - 9 / 19) ** 5)] * 10)
    unknown = complementary_coverage(owner, np.where(owner < 10, 0, prompt), neighbours)
    assert np.isnan(unknown[:10]).all()


@pytest.fixture(scope="module")
def finished(directory: Path, calls: list[worlds.Call]) -> Engine:
    return worlds.observing(calls, Engine(directory, settings=worlds.ENGINE_SETTINGS))


def test_a_run_has_all_of_them(finished: Engine) -> None:
    table = finished.finish().accounts
    member = np.array([name.startswith("campaign") for name in table["account_id"].to_pylist()])
    for name in NAMES:
        values = table[name].to_numpy(zero_copy_only=False)
        assert not np.isnan(values[member]).any(), name
    sent = table["synchrony_families"].to_numpy(zero_copy_only=False)
    assert np.nanmedian(sent[member]) > np.nanmedian(np.nan_to_num(sent[~member]))
    entropy = table["family_entropy"].to_numpy(zero_copy_only=False)
    assert np.median(entropy[member]) < 0.5 < np.nanmedian(entropy[~member])


def test_family_hours_are_those_of_the_calls(finished: Engine) -> None:
    result = finished.finish()
    sent: dict[str, set[tuple[int, int]]] = {}
    ledger = finished.state.ledger.rows
    order = np.lexsort((ledger["identity"], ledger["row"], ledger["file"]))
    for call, time in zip(result.calls.to_pylist(), ledger["time"][order].tolist(), strict=True):
        sent.setdefault(call["account_id"], set())
        if call["family_id"] is not None:
            sent[call["account_id"]].add((call["family_id"], time // HOUR_US))
    without = {row["account_id"] for row in result.accounts.to_pylist() if row["synchrony_families"] is None}
    assert {name for name, tokens in sent.items() if not tokens} <= without


def test_days_kept_from_a_run_of_several_know_their_families(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "state", settings=worlds.ENGINE_SETTINGS)
    for age in (9, 8):
        engine.observe(worlds.batch(worlds.honest_day(age, 60, 6, day=worlds.DAY - timedelta(days=age))))
    engine.finish()
    assert len(engine.commit()) == 2
    later = Engine(tmp_path / "state", settings=worlds.ENGINE_SETTINGS)
    later.observe(worlds.batch(worlds.honest_day(3, 60, 6)))
    reference, _ = later._reference_of(worlds.DAY.date())
    assert reference is not None
    entropy = reference.population.statistics["family_entropy"]
    assert len(entropy) == 120
    assert Counter(np.isnan(entropy).tolist()) == {False: 120}
