"""Representatives: codes, near families, and ids that last."""

import numpy as np
import pytest

from gauger.engine.families import index as nearest_families
from gauger.engine.families.index import codes
from gauger.engine.families.known import KnownFamilies, near_families
from gauger.kernels.sketches import minhash

SIMILARITY = 0.7
TEMPLATE, NEAR, EXACT = range(3)


def random_signatures(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, minhash.SLOTS), dtype=np.uint8)


def like(signatures: np.ndarray, equal: int, seed: int) -> np.ndarray:
    """Copies of signatures with exactly ``equal`` slots the same."""
    random = np.random.default_rng(seed)
    copies = signatures.copy()
    for row in copies:
        places = random.choice(minhash.SLOTS, minhash.SLOTS - equal, replace=False)
        row[places] += random.integers(1, 256, len(places), dtype=np.uint8)
    return copies


def of_kind(kind: int, count: int) -> np.ndarray:
    return np.full(count, kind, np.uint8)


def test_codes_hold_the_low_two_bits_of_every_slot() -> None:
    signatures = random_signatures(5, 1)
    coded = codes(signatures)
    assert (coded.shape, coded.dtype) == ((5, 32), np.uint8)
    unpacked = np.stack([coded >> shift & 3 for shift in (0, 2, 4, 6)], axis=2).reshape(5, minhash.SLOTS)
    assert np.array_equal(unpacked, signatures & 3)


def test_near_families_of_one_kind_fall_together() -> None:
    heads = random_signatures(20, 5)
    near = like(heads[:5], minhash.equal_slots_at(SIMILARITY), 6)
    far = like(heads[5:10], minhash.equal_slots_at(SIMILARITY) - 1, 7)
    found = near_families(np.concatenate([heads, near, far]), of_kind(NEAR, 30), SIMILARITY)
    assert found.tolist() == [*range(20), *range(5), *range(20, 25)]
    kinds = np.repeat([TEMPLATE, NEAR], 20).astype(np.uint8)  # different kinds stay apart
    assert near_families(np.concatenate([heads, heads]), kinds, SIMILARITY).tolist() == list(range(40))
    for count in (0, 1):
        assert near_families(heads[:count], of_kind(NEAR, count), SIMILARITY).tolist() == list(range(count))


def test_the_inverted_file_finds_what_exhaustive_search_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    heads = random_signatures(3_000, 10)
    both = np.concatenate([heads, like(heads[:300], 116, 11)])
    kinds = of_kind(NEAR, len(both))
    exhaustive = near_families(both, kinds, SIMILARITY)
    monkeypatch.setattr(nearest_families, "EXACT_MAX", 1_000)
    inverted = near_families(both, kinds, SIMILARITY)
    assert exhaustive[3_000:].tolist() == list(range(300))
    assert np.mean(inverted[3_000:] == exhaustive[3_000:]) >= 0.95


def known_families(signatures: np.ndarray, kinds: np.ndarray) -> KnownFamilies:
    known = KnownFamilies()
    known.remember(np.arange(1, len(kinds) + 1), kinds, signatures, np.arange(len(kinds)))
    return known


def identified(known: KnownFamilies, signatures: np.ndarray, kinds: np.ndarray, sizes: list[int]) -> list[int]:
    return known.identify(signatures, kinds, np.asarray(sizes), SIMILARITY).tolist()


def test_a_returning_family_of_the_same_kind_gets_its_id_back() -> None:
    signatures, kinds = random_signatures(50, 13), (np.arange(50) % 3).astype(np.uint8)
    known, nothing = known_families(signatures, kinds), KnownFamilies()
    back = np.concatenate([like(signatures, 100, 14), random_signatures(5, 15)])
    assert identified(known, back, np.append(kinds, of_kind(NEAR, 5)), [9] * 55) == [*range(1, 51), *[-1] * 5]
    assert identified(known, signatures, (kinds + 1) % 3, [9] * 50) == [-1] * 50
    assert identified(nothing, signatures, kinds, [9] * 50) == [-1] * 50
    assert nothing.next_id == 1
    assert nothing.held() == {"part": "known families", "per": "family", "rows": 0, "row_bytes": 145, "bytes": 0}


def test_one_id_serves_one_family_the_larger_chooses_first_and_the_best_match_wins() -> None:
    signatures = random_signatures(1, 17)
    rivals = np.concatenate([signatures, like(signatures, 110, 18), like(signatures, 120, 19)])
    assert identified(known_families(signatures, of_kind(NEAR, 1)), rivals, of_kind(NEAR, 3), [5, 90, 40]) == [
        -1,
        1,
        -1,
    ]
    known = known_families(
        np.concatenate([like(signatures, equal, equal) for equal in (95, 120, 100)]), of_kind(NEAR, 3)
    )
    assert identified(known, signatures, of_kind(NEAR, 1), [9]) == [2]


def test_ids_are_never_reused() -> None:
    known = KnownFamilies()
    for day in range(5):
        signatures = random_signatures(10, 100 + day)
        assert set(identified(known, signatures, of_kind(EXACT, 10), [9] * 10)) == {-1}
        assert known.next_id == 1 + 10 * day
        known.remember(known.next_id + np.arange(10), of_kind(EXACT, 10), signatures, np.full(10, day))
    assert known.ids.tolist() == list(range(1, 51))


def test_remembering_refreshes_and_keeps_id_order() -> None:
    known = known_families(random_signatures(4, 24), of_kind(NEAR, 4))
    fresh = random_signatures(2, 25)
    known.remember(np.asarray([9, 2]), of_kind(TEMPLATE, 2), fresh, np.asarray([70, 80]))
    assert known.ids.tolist() == [1, 2, 3, 4, 9]
    assert known.kinds.tolist() == [NEAR, TEMPLATE, NEAR, NEAR, TEMPLATE]
    assert known.last_seen.tolist() == [0, 80, 2, 3, 70]
    assert np.array_equal(known.signatures[[4, 1]], fresh)
    assert known.next_id == 10


def test_families_like_a_signature_come_most_alike_first() -> None:
    heads = random_signatures(300, 30)
    close = np.concatenate([like(heads[:1], equal, equal) for equal in (120, 100, 80, 60)])
    known = known_families(np.concatenate([heads[1:], close]), of_kind(NEAR, 303))
    found = known.like(heads[0], 3)
    assert [family for family, _ in found] == [300, 301, 302]
    assert [value for _, value in found] == [minhash.jaccard(equal) for equal in (120, 100, 80)]
    assert [family for family, _ in known.like_within(heads[0], 0.6)] == [300, 301, 302]
    assert [family for family, _ in known.like_within(heads[0], 0.75)] == [300, 301]
    assert KnownFamilies().like(heads[0], 3) == []
    assert KnownFamilies().like_within(heads[0], 0.3) == []


def test_the_index_follows_what_is_remembered() -> None:
    signatures = random_signatures(40, 31)
    known = known_families(signatures[:20], of_kind(NEAR, 20))
    assert known.like(signatures[3], 1)[0] == (4, 1.0)
    for row in range(20, 40):
        known.remember(np.asarray([row + 1]), of_kind(NEAR, 1), signatures[row : row + 1], np.asarray([0]))
        assert known.like(signatures[row], 1)[0] == (row + 1, 1.0)
    known.remember(np.asarray([4]), of_kind(NEAR, 1), random_signatures(1, 32), np.asarray([0]))
    assert known.like(random_signatures(1, 32)[0], 1)[0] == (4, 1.0)
    assert known.like(signatures[3], 1)[0][1] < 0.2  # it is no longer what it was
    assert known.returning(signatures[5:6], NEAR, SIMILARITY).tolist() == [6]
    assert known.returning(signatures[5:6], EXACT, SIMILARITY).tolist() == [0]
