"""Hand-over to datasketch: round trips exact, similarities ours, an index works, and nothing is mixed."""

import subprocess
import sys

import numpy as np
import pytest
from datasketch import LeanMinHash, MinHash, MinHashLSH, MinHashLSHForest
from hypothesis import given
from hypothesis import strategies as st

import gauger
from gauger.kernels.sketches import minhash
from gauger.sketches.datasketch import SEED
from tests.bindings.columns import COLUMN, SECRET
from tests.kernels.strategies import QUICK

# Before 2.0 datasketch had no schemes: all its hashes were of the one kind.
with_schemes = pytest.mark.skipif("scheme" not in LeanMinHash.__slots__, reason="datasketch before 2.0")
BASE = [f"word{number}" for number in range(200)]


def sign(texts: list[str | None]) -> np.ndarray:
    return gauger.signatures(texts, secret=SECRET)


def variants() -> list[str | None]:
    """One text again and again with more and more of its end replaced; then others."""
    near = [" ".join(BASE[: 200 - cut] + [f"new{cut}x{number}" for number in range(cut)]) for cut in range(0, 200, 10)]
    return [*near, *(" ".join(f"other{text}x{number}" for number in range(50)) for text in range(20))]


@QUICK
@given(COLUMN)
def test_round_trip_is_exact(column: list[str | None]) -> None:
    rows = sign(column)
    again = gauger.from_datasketch(gauger.to_datasketch(rows))
    assert again.dtype == np.uint32
    assert np.array_equal(again, rows)


@QUICK
@given(st.lists(st.lists(st.integers(0, 2**32 - 1), min_size=128, max_size=128), max_size=3))
def test_round_trip_of_any_slots_is_exact(slots: list[list[int]]) -> None:
    rows = np.array(slots, np.uint32).reshape(-1, minhash.SLOTS)
    assert np.array_equal(gauger.from_datasketch(gauger.to_datasketch(rows)), rows)


def test_similarities_are_ours() -> None:
    rows = sign(variants())
    lean = gauger.to_datasketch(rows)
    theirs = [[left.jaccard(right) for right in lean] for left in lean]
    assert np.array_equal(theirs, gauger.jaccard(rows[:, None], rows[None]))


def test_unions_are_ours() -> None:
    rows = sign(["a b c d", "b c d e", "a b c d e"])
    lean = gauger.to_datasketch(rows)
    assert LeanMinHash.union(*lean[:2]) == lean[2]
    assert np.array_equal(gauger.from_datasketch([LeanMinHash.union(*lean[:2])])[0], np.minimum(rows[0], rows[1]))


def test_an_existing_index_works() -> None:
    rows = sign(variants())
    lean = gauger.to_datasketch(rows)
    index = MinHashLSH(threshold=0.5, num_perm=minhash.SLOTS)
    with index.insertion_session() as session:
        for row, one in enumerate(lean[1:], 1):
            session.insert(row, one)
    similar = gauger.jaccard(rows, rows[0])
    # Exactly what banding promises: rows that agree with the first on all of a band.
    bands, width = index.b, index.r
    same = (rows == rows[0])[:, : bands * width].reshape(len(rows), bands, width).all(axis=2).any(axis=1)
    found = set(index.query(lean[0]))
    assert found == set(np.flatnonzero(same).tolist()) - {0}
    assert set(np.flatnonzero(similar >= 0.8).tolist()) - {0} <= found
    assert not found & set(np.flatnonzero(similar < 0.2).tolist())
    nearest = min(found)
    index.remove(nearest)
    assert set(index.query(lean[0])) == found - {nearest}
    assert nearest not in index


def test_a_forest_works() -> None:
    lean = gauger.to_datasketch(sign(variants()))
    forest = MinHashLSHForest(num_perm=minhash.SLOTS)
    for row, one in enumerate(lean):
        forest.add(row, one)
    forest.index()
    assert 0 in forest.query(lean[0], 3)
    assert all(row < 20 for row in forest.query(lean[0], 3))


@pytest.mark.parametrize("order", ["@", "<", ">"])
def test_serialisation_survives(order: str) -> None:
    rows = sign(["one two three four", None])
    for row, one in zip(rows, gauger.to_datasketch(rows), strict=True):
        buffer = bytearray(one.bytesize(order))
        one.serialize(buffer, order)
        again = LeanMinHash.deserialize(buffer, order)
        assert again == one
        assert np.array_equal(gauger.from_datasketch([again])[0], row)
    assert len(buffer) == 8 + 4 + 4 * minhash.SLOTS


@with_schemes
def test_a_full_minhash_made_of_ours_comes_back() -> None:
    rows = sign(["one two three four"])
    (lean,) = gauger.to_datasketch(rows)
    full = MinHash(seed=lean.seed, hashvalues=lean.digest(), scheme=lean.scheme)
    assert np.array_equal(gauger.from_datasketch([full]), rows)


def test_texts_without_words_are_empty_there_too() -> None:
    assert [one.is_empty() for one in gauger.to_datasketch(sign(["", None, "a"]))] == [True, True, False]


@with_schemes
@pytest.mark.parametrize("scheme", ["affine32", "affine64", "legacy"])
def test_ours_and_datasketchs_own_do_not_mix(scheme: str) -> None:
    (ours,) = gauger.to_datasketch(sign(["a b c"]))
    theirs = MinHash(num_perm=minhash.SLOTS, scheme=scheme)
    with pytest.raises(ValueError, match="different"):
        ours.jaccard(theirs)
    with pytest.raises(ValueError, match="different"):
        theirs.copy().merge(ours)
    with pytest.raises(gauger.KernelInputError, match="MinHash 1 is not one of ours"):
        gauger.from_datasketch([ours, theirs])


@with_schemes
def test_an_index_of_datasketchs_default_scheme_refuses_ours() -> None:
    index = MinHashLSH(num_perm=minhash.SLOTS)
    index.insert("theirs", MinHash(num_perm=minhash.SLOTS))
    with pytest.raises(ValueError, match="scheme"):
        index.insert("ours", gauger.to_datasketch(sign(["a b c"]))[0])


@with_schemes
def test_what_is_not_ours_is_refused() -> None:
    for strange in (
        LeanMinHash(seed=SEED, hashvalues=[1] * 64, scheme="legacy"),
        LeanMinHash(seed=SEED, hashvalues=[2**32] * 128, scheme="legacy"),
        object(),
    ):
        with pytest.raises(gauger.KernelInputError, match="MinHash 0"):
            gauger.from_datasketch([strange])
    assert gauger.from_datasketch([]).shape == (0, minhash.SLOTS)
    with pytest.raises(gauger.KernelInputError, match="one row"):
        gauger.to_datasketch(np.zeros(128, np.uint32))
    with pytest.raises(gauger.KernelInputError, match="signatures are"):
        gauger.to_datasketch(np.zeros((1, 128)))


def test_host_libraries_are_imported_by_nobody_but_their_user() -> None:
    program = "import sys, gauger; print(sorted({'datasketch', 'pandas', 'polars'} & sys.modules.keys()))"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"


def test_without_datasketch_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasketch", None)
    with pytest.raises(gauger.KernelInputError, match=r"gauger\[datasketch\]"):
        gauger.to_datasketch(sign(["a"]))
