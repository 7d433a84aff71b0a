"""Families of calls as they arrive, between two ``finish``: a table of fixed size, however long the stream.

An online index, and no more: it compares a prompt with one representative a family and forgets what was not seen again
in time, so ``finish``, which sees all prompts at once, is what counts. Ids are those of ``KnownFamilies`` and are never
used twice. A family evicted after REMEMBERED_CALLS_MIN calls is remembered there, and gets its own id back when it
returns; ``finish`` gives the family that holds a representative's prompt the representative's id.

One thread observes. ``find`` writes nothing and may run in any other thread at the same time: what it reads while it is
being replaced is passed over (``kernels.streaming``), so the worst it can do is to miss a family.
"""

from dataclasses import dataclass, replace

import numpy as np

from gauger.engine.common.settings import Settings
from gauger.engine.families.families import EXACT, NEAR_DUPLICATE, REMEMBERED_CALLS_MIN, Claims, hash_signatures
from gauger.engine.families.known import KINDS, KnownFamilies
from gauger.engine.families.near_duplicates import WORDS_MIN
from gauger.engine.intake.measuring import Measures
from gauger.engine.serving.snapshot import Snapshot, Verdict
from gauger.kernels.families import banding
from gauger.kernels.families import streaming as kernels
from gauger.kernels.sketches import minhash

REPRESENTATIVES = 1 << 16
MARGIN = 0.06  # a prompt may be estimated this much less like its representative than the similarity asked for
SINCE = "in a family that appeared since the last finish()"
_SLICE = 1_024  # prompts a kernel takes at a time: what it may evict is kept beside
_PENDING_MAX = 256  # families evicted that wait to be remembered: adding to a long list costs its length


@dataclass(frozen=True)
class StreamingCounts:
    """What became of the calls so far."""

    assigned: int = 0  # calls that joined a family that was there
    started: int = 0  # families, returned ones included
    returned: int = 0  # families that got their old id back
    evicted_representatives: int = 0
    evicted_candidates: int = 0  # prompts forgotten before anything like them came


class StreamingFamilies:
    """The table. capacity : representatives, and as many candidates; a power of two.

    known : families of before, and the source of ids; settings : of them, the similarity that joins two prompts
    """

    def __init__(self, known: KnownFamilies, settings: Settings, capacity: int = REPRESENTATIVES) -> None:
        assert capacity & (capacity - 1) == 0, "the capacity is a power of two"
        assert 16 <= capacity < 1 << (kernels.SLOT_BITS - 1)
        self._known, self._similarity = known, settings.near_duplicate_similarity
        self._least = minhash.equal_slots_at(self._similarity - MARGIN)
        per_band = max(1, 2 * capacity // kernels.WAYS)  # buckets half full
        self._table = kernels.Table(
            slots=np.zeros((2 * capacity, minhash.SLOTS), np.uint8),
            hashes=np.zeros((2 * capacity, 2), np.uint64),
            families=np.full(2 * capacity, kernels.EMPTY, np.int64),
            calls=np.zeros(2 * capacity, np.int64),
            used=np.zeros(2 * capacity, np.uint8),
            varied=np.zeros(2 * capacity, np.uint8),
            buckets=np.full((banding.BANDS * per_band, 2 * kernels.WAYS), kernels.NO_ENTRY, np.uint32),
            hands=np.zeros(2, np.int64),
        )
        self._exact = kernels.ExactTable(
            hashes=np.zeros((per_band, 2 * kernels.WAYS), np.uint64),
            families=np.full((per_band, kernels.WAYS), kernels.EMPTY, np.int64),
            calls=np.zeros((per_band, kernels.WAYS), np.int64),
        )
        self._counters = np.zeros(kernels.COUNTERS, np.int64)
        self._returned = 0
        self._started = np.empty((_SLICE, 2), np.int64)
        self._evictions = kernels.Evicted(  # of a slice
            np.empty((_SLICE, minhash.SLOTS), np.uint8),
            np.empty((_SLICE, 2), np.uint64),
            np.empty((_SLICE, 3), np.int64),
        )
        self._pending: list[tuple[int, int, np.ndarray, int]] = []  # id, kind, signature, time last seen

    def assign(self, measures: Measures, families: np.ndarray, now: int) -> np.ndarray:
        """Family of each measured call: the one it has (int64[n], 0 = none), else the stream's, 0 while it is alone.

        now : microseconds, when families evicted count as last seen
        """
        found = families.copy()
        rows = np.flatnonzero(families == 0)
        for start in range(0, len(rows), _SLICE):
            chosen = rows[start : start + _SLICE]
            hashes, words = measures.prompt_hashes[chosen], measures.words[chosen]
            part = np.zeros(len(chosen), np.int64)
            self._assign_near(kernels.Calls(measures.signatures[chosen], hashes, words), part, now)
            short = np.flatnonzero(words < WORDS_MIN)
            if len(short):
                part[short] = self._assign_exact(hashes[short], now)
            found[chosen] = part
        return found

    def _numbers(self) -> np.ndarray:
        return np.asarray([self._least, WORDS_MIN, self._known.next_id], np.int64)

    def _assign_near(self, batch: kernels.Calls, found: np.ndarray, now: int) -> None:
        before, evictions = int(self._counters[kernels.EVICTED]), self._evictions
        table = self._table
        count = kernels.assign(batch, self._numbers(), table, self._counters, found, self._started, evictions)
        if count == 0:
            return
        slots, ids = self._started[:count, 0], self._started[:count, 1].copy()
        self._known.next_id += count
        there = table.families[slots] == ids  # not evicted again by the same slice
        old = np.zeros(count, np.int64)
        old[there] = self._returning(table.slots[slots[there]], NEAR_DUPLICATE)
        alike = np.flatnonzero(there & (old == 0) & (table.varied[slots] == 0))
        old[alike] = self._returning(hash_signatures(table.hashes[slots[alike]]), EXACT)
        gone = int(self._counters[kernels.EVICTED]) - before
        self._rename(ids, old, found)
        table.families[slots[old > 0]] = old[old > 0]
        varied = evictions.facts[:gone, 2] > 0
        kinds = np.where(varied, NEAR_DUPLICATE, EXACT)
        signatures = np.where(varied[:, None], evictions.signatures[:gone], hash_signatures(evictions.hashes[:gone]))
        self._evicted(kinds, signatures, evictions.facts[:gone], now)

    def _assign_exact(self, hashes: np.ndarray, now: int) -> np.ndarray:
        before, evictions = int(self._counters[kernels.EVICTED]), self._evictions
        found = np.empty(len(hashes), np.int64)
        count = kernels.assign_exact(
            hashes, self._numbers(), self._exact, self._counters, found, self._started, evictions
        )
        gone = int(self._counters[kernels.EVICTED]) - before
        if count:
            rows, ids = self._started[:count, 0], self._started[:count, 1].copy()
            self._known.next_id += count
            old = self._returning(hash_signatures(hashes[rows]), EXACT)
            self._rename(ids, old, found)
            for row in np.flatnonzero(old).tolist():
                bucket = int(hashes[rows[row], 0]) & (len(self._exact.families) - 1)
                own = self._exact.families[bucket]
                own[own == ids[row]] = old[row]
        if gone:
            signatures = hash_signatures(evictions.hashes[:gone])
            self._evicted(np.full(gone, EXACT), signatures, evictions.facts[:gone], now)
        return found

    def _returning(self, signatures: np.ndarray, kind: int) -> np.ndarray:
        """Old ids of families that start, 0 where there is none."""
        old = self._known.returning(signatures, kind, self._similarity)
        least = minhash.equal_slots_at(self._similarity)
        for family, own_kind, signature, _ in self._pending:
            if own_kind == kind:
                old[(old == 0) & ((signatures == signature).sum(axis=1) >= least)] = family
        return old

    def _rename(self, ids: np.ndarray, old: np.ndarray, found: np.ndarray) -> None:
        """Put old ids in the place of new ones of a slice, which nothing else has seen yet."""
        for new, own in zip(ids[old > 0].tolist(), old[old > 0].tolist(), strict=True):
            found[found == new] = own
        self._returned += int(np.count_nonzero(old))

    def _evicted(self, kinds: np.ndarray, signatures: np.ndarray, facts: np.ndarray, now: int) -> None:
        for row in np.flatnonzero(facts[:, 1] >= REMEMBERED_CALLS_MIN).tolist():
            self._pending.append((int(facts[row, 0]), int(kinds[row]), signatures[row].copy(), now))
        if len(self._pending) >= _PENDING_MAX:
            self._remember()

    def _remember(self) -> None:
        """Hand families evicted so far to the known ones."""
        latest = {family: rest for family, *rest in self._pending}
        if latest:
            kinds, signatures, times = zip(*latest.values(), strict=True)
            ids = np.asarray(list(latest), np.int64)
            self._known.remember(ids, np.asarray(kinds, np.uint8), np.stack(signatures), np.asarray(times, np.int64))
        self._pending = []

    def find(self, measures: Measures) -> int:
        """Family id of the one measured call, 0 for none; nothing is recorded. From any thread."""
        found = np.zeros(1, np.int64)
        if measures.words[0] < WORDS_MIN:
            kernels.find_exact(measures.prompt_hashes, self._exact.hashes, self._exact.families, found)
        else:
            kernels.find(
                measures.signatures, measures.words, self._least, WORDS_MIN, self._table.slots, self._table.families,
                self._table.buckets, found,
            )  # fmt: skip
        return int(found[0])

    def verdict(self, verdict: Verdict, measures: Measures) -> Verdict:
        """The verdict on one measured call, with the family it would be assigned to. From any thread."""
        family = self.find(measures)
        if family == 0:
            return verdict
        kind = KINDS[NEAR_DUPLICATE if measures.words[0] >= WORDS_MIN else EXACT]
        return replace(verdict, family_id=family, family_kind=kind, reasons=[SINCE, *verdict.reasons])

    def claims(self) -> Claims:
        """Prompts and ids of the families held. What was evicted is handed over first: ``finish`` is to know it."""
        self._remember()
        table, exact = self._table, self._exact
        near = np.flatnonzero(table.families[: len(table.families) // 2] > 0)
        row, way = np.nonzero(exact.families > 0)
        hashes = np.stack([exact.hashes[row, 2 * way], exact.hashes[row, 2 * way + 1]], axis=1)
        ids = np.concatenate([table.families[near], exact.families[row, way]])
        return np.concatenate([table.hashes[near], hashes]), ids

    def follow(self, snapshot: Snapshot) -> None:
        """Give the families held the ids that ``finish`` gave their prompts: several may have been one."""
        hashes, old = self.claims()
        rows = snapshot.families_of_prompts(hashes)
        new = snapshot.ids(rows)
        old, new = old[new > 0], new[new > 0]
        if len(old) == 0:
            return
        order = np.argsort(old, kind="stable")
        for families in (self._table.families, self._exact.families.reshape(-1)):
            place = order[np.minimum(np.searchsorted(old, families, sorter=order), len(old) - 1)]
            held = np.flatnonzero((families > 0) & (old[place] == families))
            families[held] = new[place[held]]

    def counts(self) -> StreamingCounts:
        """Counters since the table was made."""
        assigned, started, evicted, candidates = self._counters.tolist()
        return StreamingCounts(assigned, started, self._returned, evicted, candidates)

    def held(self) -> dict[str, int | float | str]:
        """Bytes, as ``State.held`` gives them: all of them from the first call on."""
        half = len(self._table.families) // 2
        arrays = (*self._table, *self._exact, self._counters, self._started, *self._evictions)
        total = sum(array.nbytes for array in arrays)
        return {
            "part": "streaming families",
            "per": "representative",
            "rows": half,
            "row_bytes": total / half,
            "bytes": total,
        }
