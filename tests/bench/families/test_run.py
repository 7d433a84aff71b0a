"""The bench of families from end to end on made-up sets: labels, rivals, parts, targets, page."""

import numpy as np
import pytest

from bench.accuracy.agreement import agreement
from bench.families import ours as families_ours
from bench.families import pairs as families_pairs
from bench.families import rivals as families_rivals
from bench.families import volume as families_volume
from bench.families.placement import limits, placement
from bench.families.sets import FamilySet

WORDS = [f"{one}{two}{three}" for one in "bdfgklmnprst" for two in ("a", "e", "i", "o", "u") for three in "bdglmnrst"]


@pytest.fixture(scope="module")
def given() -> FamilySet:
    """Grids of two slots among unrelated text."""
    generator = np.random.default_rng(1)
    prompts = [" ".join(WORDS[place] for place in generator.integers(0, len(WORDS), 14)) for _ in range(400)]
    return placement(prompts, "two-slot grid", 2, honest_rows=200)


def test_labels_are_of_the_whole_way(given: FamilySet) -> None:
    found = agreement(families_ours.label(given.prompts), given.truth)
    assert found.f1 > 0.95
    assert families_ours.label([]).tolist() == []


def test_families_are_frames_then_near_duplicates_then_copies(given: FamilySet) -> None:
    one, other = " ".join(WORDS[:30]), " ".join(WORDS[40:70])
    prompts = [*given.prompts, one, one + " more", other, other, "alone in all of this"]
    labels, frames = families_ours.label_families(prompts), families_ours.label(prompts)
    assert np.array_equal(labels[frames >= 0], frames[frames >= 0])
    assert labels[-5] == labels[-4] != labels[-3] == labels[-2] != labels[-1]
    assert not set(labels[-5:]) & set(labels[:-5])


@pytest.mark.parametrize("name", ["Drain3", "datasketch LSH", "rensa LSH"])
def test_rivals_join_what_is_nearly_the_same_and_nothing_else(name: str) -> None:
    entrant = next(one for one in families_rivals.ENTRANTS if one.name == name)
    for package in entrant.packages:
        pytest.importorskip(package)
    same = [" ".join([*WORDS[:40], last]) for last in ("alpha", "beta", "gamma")]
    labels = entrant.label([*same, " ".join(WORDS[100:130])])
    assert len(set(labels[:3].tolist())) == 1
    assert labels[3] != labels[0]


def test_the_best_threshold_stands_for_drain() -> None:
    rows = [
        {"who": who, "f1": f1} for who, f1 in (("Drain3", 0.2), ("Drain3 0.3", 0.1), ("Drain3 0.6", 0.5), ("x", 1.0))
    ]
    found = families_rivals.tuned(rows)
    assert [row["who"] for row in found] == ["Drain3", "x", families_rivals.TUNED]
    assert (found[-1]["threshold"], found[-1]["f1"]) == (0.6, 0.5)
    assert families_rivals.tuned(rows[-1:]) == rows[-1:]


def test_volume_knows_the_same_partition(given: FamilySet) -> None:
    rows = {row["variant"]: row for row in families_volume.measure(given, lambda _: None, growth=2)}
    assert rows["as it is"]["same"] == rows["in another order"]["same"] == 1
    assert rows["2 times as much"]["rows"] == 2 * len(given)
    merged = next(row for variant, row in rows.items() if "merged" in variant)
    assert merged["same"] == 1


def test_pairs_by_hand() -> None:
    joined, alike, same = (np.asarray(values, bool) for values in ([1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 1, 0]))
    found = families_pairs.compare(joined, alike, same)
    assert (found["precision"], found["recall"], found["alike_joined"]) == (1, pytest.approx(2 / 3), 0.5)
    assert families_pairs.exact("one two three four", "one two three five") == pytest.approx(1 / 3)


def test_limits_are_families_of_one_size() -> None:
    generator = np.random.default_rng(1)
    prompts = [" ".join(WORDS[place] for place in generator.integers(0, len(WORDS), 40)) for _ in range(2_000)]
    given = limits(prompts, 6, 9, families=3)
    assert np.bincount(given.truth[given.truth >= 0]).tolist() == [9, 9, 9]
    heads = {tuple(given.prompts[row].split()[:6]) for row in np.flatnonzero(given.truth == 1)}
    assert len(heads) == 1
