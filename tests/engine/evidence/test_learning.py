"""Learning on a bounded set: who is in it, and the scale that others are ranked in."""

import numpy as np
import pyarrow as pa
import pytest

from gauger.engine.common.hashing import hash_column
from gauger.engine.common.settings import Settings
from gauger.engine.evidence.calibration import pooled_tail_probability
from gauger.engine.evidence.learning import EVERYTHING, Scale, chosen, learn
from gauger.engine.evidence.parts import CONFORMITY, CONTENT, parts_of
from gauger.engine.evidence.pool import Pool
from gauger.engine.statistics.people import Whole
from tests.engine import worlds

KEY = worlds.SECRET.key
SETTINGS = Settings(reference_accounts_min=50, alarm_level=0.02, neighbours=(10, 20))


def test_the_set_is_at_most_twice_the_reference_by_smallest_hashes() -> None:
    people = Whole(worlds.bare_population([5] * 90, {}), KEY)
    eligible = np.arange(90) % 3 > 0
    rows = np.flatnonzero(eligible)
    for reference in (30, 31, 500):
        assert chosen(people, eligible, reference, KEY).tolist() == rows.tolist()
    hashes = hash_column(KEY, pa.array(people.account_ids, pa.string()))
    smallest = sorted(rows.tolist(), key=lambda row: hashes[row])[:20]
    assert chosen(people, eligible, 10, KEY).tolist() == sorted(smallest)
    assert chosen(people, eligible & ~eligible, 10, KEY).tolist() == []


def test_a_scale_ranks_others_as_it_ranks_todays_it_was_made_of() -> None:
    random = np.random.default_rng(1)
    today, scores = np.arange(300) < 100, random.integers(0, 60, 300) / 7
    scale = Scale()
    tails = scale.learn("name", scores, today)
    assert np.array_equal(tails, pooled_tail_probability(scores, today))
    assert np.array_equal(scale.rank("name", scores[today]), tails[today])
    assert np.isnan(scale.rank("name", np.asarray([np.nan]))).all()


@pytest.mark.parametrize("small", [0, 40])
def test_accounts_of_too_few_calls_are_not_learnt_from(small: int) -> None:
    today, reference = worlds.population(1, 120, 8), worlds.population(2, 100, 8)
    today.calls[:small], reference.calls[: small // 2] = 4, 4
    learnt = learn(Whole(today, KEY), reference, KEY, SETTINGS)
    assert learnt.rows.tolist() == list(range(small, 120))
    assert learnt.reference_rows.tolist() == list(range(small // 2, 100))
    assert learnt.pool.new.account_ids == today.account_ids[small:]
    names = {part.name for part in parts_of(SETTINGS)} | {CONTENT, CONFORMITY, EVERYTHING}
    assert learnt.tails.keys() == learnt.scale.null.keys() == names
    for tails in learnt.tails.values():
        assert len(tails) == len(learnt.pool.today)
        known = tails[~np.isnan(tails)]
        assert np.all((known > 0) & (known <= 1))
    assert isinstance(learnt.pool, Pool)


def test_the_first_direction_is_that_of_everybody_who_is_weighed() -> None:
    """Of 120 accounts 40 are learnt from; the mean is that of the 110 with calls enough."""
    today, reference = worlds.population(1, 120, 8), worlds.population(2, 20, 8)
    today.calls[:10] = 4
    learnt = learn(Whole(today, KEY, SETTINGS.calls_min), reference, KEY, SETTINGS)
    assert len(learnt.rows) == 40
    everybody = today.select(today.calls >= SETTINGS.calls_min)
    foreground = learnt.pool.calls.foreground
    assert foreground is not None
    assert foreground.count.sum() == len(everybody.sample_owner) > len(learnt.pool.new.sample_owner)
    features = everybody.sample_features[everybody.sample_row].astype(np.int64)
    assert np.array_equal(foreground.total.sum(axis=0), features.sum(axis=0))
