"""The streaming table: the naive twin's answers, evictions and all; reading writes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger.kernels.families import streaming
from gauger.kernels.families.banding import BANDS
from gauger.kernels.sketches.minhash import SLOTS
from tests.kernels.naive_families import StreamingTable
from tests.kernels.strategies import QUICK

HALF, BUCKETS, LEAST = 4, 2, 80


def evicted(count: int) -> streaming.Evicted:
    """Room for what a batch evicts."""
    rows = np.zeros((count, SLOTS), np.uint8)
    return streaming.Evicted(rows, np.zeros((count, 2), np.uint64), np.zeros((count, 3), np.int64))


@dataclass
class Table:
    """Arrays of a small table."""

    arrays: streaming.Table = field(
        default_factory=lambda: streaming.Table(
            slots=np.zeros((2 * HALF, SLOTS), np.uint8),
            hashes=np.zeros((2 * HALF, 2), np.uint64),
            families=np.full(2 * HALF, streaming.EMPTY, np.int64),
            calls=np.zeros(2 * HALF, np.int64),
            used=np.zeros(2 * HALF, np.uint8),
            varied=np.zeros(2 * HALF, np.uint8),
            buckets=np.full((BANDS * BUCKETS, 2 * streaming.WAYS), streaming.NO_ENTRY, np.uint32),
            hands=np.zeros(2, np.int64),
        )
    )
    counters: np.ndarray = field(default_factory=lambda: np.zeros(streaming.COUNTERS, np.int64))
    next_id: int = 1

    def assign(self, rows: np.ndarray, hashes: np.ndarray, words: np.ndarray) -> tuple[list[int], np.ndarray]:
        count, before = len(rows), int(self.counters[streaming.EVICTED])
        found, started = np.full(count, 7, np.int64), np.zeros((count, 2), np.int64)
        gone = evicted(count)
        self.next_id += streaming.assign(
            streaming.Calls(rows, hashes, words), np.array([LEAST, 4, self.next_id]), self.arrays, self.counters, found,
            started, gone,
        )  # fmt: skip
        return found.tolist(), gone.facts[: int(self.counters[streaming.EVICTED]) - before]

    def find(self, rows: np.ndarray, words: np.ndarray) -> list[int]:
        found = np.full(len(rows), 7, np.int64)
        streaming.find(rows, words, LEAST, 4, self.arrays.slots, self.arrays.families, self.arrays.buckets, found)
        return found.tolist()


def stream(seed: int, count: int, kinds: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows around a few others, more or less like them, and hashes of which some repeat with the row."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 256, (kinds, SLOTS), np.uint8)[rng.integers(0, kinds, count)]
    noise = rng.random((count, SLOTS)) < rng.choice([0.0, 0.1, 0.3, 0.5], (count, 1))
    rows[noise] = rng.integers(0, 256, int(noise.sum()), np.uint8)
    hashes = np.stack([rows.astype(np.uint64).sum(axis=1), np.arange(count, dtype=np.uint64) % 3], axis=1)
    return rows, hashes.astype(np.uint64)


@QUICK
@given(st.integers(0, 10**6), st.integers(1, 80), st.sampled_from([2, 6, 20]), st.integers(1, 9))
def test_answers_are_the_naive_ones(seed: int, count: int, kinds: int, batch: int) -> None:
    rows, hashes = stream(seed, count, kinds)
    table = Table()
    twin = StreamingTable(
        HALF, BUCKETS, streaming.WAYS, streaming.SAME_MAX, streaming.CLOCK_STEPS, streaming.USED_MAX
    )  # fmt: skip
    fresh, left = 1, []
    for start in range(0, count, batch):
        end = min(count, start + batch)
        found, gone = table.assign(rows[start:end], hashes[start:end], np.full(end - start, 9, np.int32))
        left += gone.tolist()
        for row, hashed, family in zip(rows[start:end].tolist(), hashes[start:end].tolist(), found, strict=True):
            expected = twin.assign(row, tuple(hashed), fresh, LEAST, streaming.SURE, streaming.COMPARED_MAX)
            assert family == expected
            fresh += expected == fresh
    assert table.next_id == fresh
    assert left == [[family, calls, int(varied)] for family, calls, varied in twin.evicted]


def test_a_prompt_alone_has_no_family_and_its_like_starts_one() -> None:
    rows, hashes = stream(1, 1, 1)
    table, words = Table(), np.full(3, 9, np.int32)
    both = np.repeat(rows, 3, axis=0)
    both[1, :40] += 1
    assert table.assign(both, np.repeat(hashes, 3, axis=0), words)[0] == [0, 1, 1]
    assert table.counters.tolist() == [1, 1, 0, 0]


def test_short_prompts_are_passed_over_and_finding_writes_nothing() -> None:
    rows, hashes = stream(2, 6, 1)
    table = Table()
    assert table.assign(rows, hashes, np.full(6, 3, np.int32))[0] == [0] * 6
    table.assign(rows, hashes, np.full(6, 9, np.int32))
    before = [array.copy() for array in (*table.arrays, table.counters)]
    assert max(table.find(rows, np.full(6, 9, np.int32))) > 0
    assert table.find(rows, np.full(6, 3, np.int32)) == [0] * 6
    after = [*table.arrays, table.counters]
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize("buckets", [1, 4])
def test_exact_repeats_are_a_list_that_forgets_what_was_not_met_lately(buckets: int) -> None:
    ways, rng = streaming.WAYS, np.random.default_rng(buckets)
    hashes = np.zeros((buckets, 2 * ways), np.uint64)
    families, calls = np.full((buckets, ways), streaming.EMPTY, np.int64), np.zeros((buckets, ways), np.int64)
    table, counters = streaming.ExactTable(hashes, families, calls), np.zeros(streaming.COUNTERS, np.int64)
    lists: list[list[list[int]]] = [[] for _ in range(buckets)]  # of [hash, family, calls]
    next_id, gone = 1, 0
    for _ in range(300):
        wanted = np.stack([rng.integers(1, 14 * buckets, 5), np.full(5, 3)], axis=1).astype(np.uint64)
        found, started = np.zeros(5, np.int64), np.zeros((5, 2), np.int64)
        before = next_id
        next_id += streaming.assign_exact(
            wanted, np.array([0, 0, next_id]), table, counters, found, started, evicted(5)
        )
        for value, family in zip(wanted[:, 0].tolist(), found.tolist(), strict=True):
            bucket = lists[value % buckets]
            known = next((one for one in bucket if one[0] == value), None)
            if known is None:
                gone += len(bucket) == ways and bucket[-1][1] > 0
                del bucket[ways - 1 :]
                known = [value, 0, 0]
            else:
                bucket.remove(known)
                if known[1] == 0:
                    known[1], before = before, before + 1
            known[2] += 1
            bucket.insert(0, known)
            assert family == known[1]
        assert before == next_id
    assert counters[streaming.EVICTED] == gone
    known_now = np.array([[value, 3] for value in range(1, 14 * buckets)], np.uint64)
    found = np.zeros(len(known_now), np.int64)
    streaming.find_exact(known_now, hashes, families, found)
    held = {one[0]: one[1] for bucket in lists for one in bucket}
    assert found.tolist() == [held.get(value, 0) for value in known_now[:, 0].tolist()]
