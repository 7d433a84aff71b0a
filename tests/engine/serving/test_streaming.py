"""Families as calls arrive: ids that last, memory that does not grow, and ``finish`` in agreement."""

from __future__ import annotations

import numpy as np
import pytest

from gauger.engine.common.settings import Settings
from gauger.engine.engine import Engine
from gauger.engine.families.families import EXACT, NEAR_DUPLICATE, REMEMBERED_CALLS_MIN
from gauger.engine.families.known import KnownFamilies
from gauger.engine.intake.measuring import Measurer, Measures, WordSketch
from gauger.engine.intake.parts import Part
from gauger.engine.serving.streaming import SINCE, StreamingFamilies
from gauger.kernels.sketches import minhash
from tests.engine import worlds
from tests.engine.worlds import Call

NONE = Measurer(worlds.SECRET).measure(worlds.batch([worlds.call("a", "x", 0)]), WordSketch())


def measures(signatures: np.ndarray, hashes: np.ndarray | None = None, words: int = 20) -> Measures:
    """Measured calls of given signatures, no two of one hash unless told."""
    count = len(signatures)
    fresh = np.random.default_rng(signatures.astype(np.int64).sum()).integers(0, 2**63, (count, 2)).astype(np.uint64)
    return NONE._replace(
        signatures=np.ascontiguousarray(signatures),
        prompt_hashes=fresh if hashes is None else hashes,
        words=np.full(count, words, np.int32),
    )


def random_signatures(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, minhash.SLOTS), dtype=np.uint8)


def edited(signatures: np.ndarray, slots: int) -> np.ndarray:
    copies = signatures.copy()
    copies[:, -slots:] += 1
    return copies


def assigned(table: StreamingFamilies, given: Measures, now: int = 0) -> list[int]:
    return table.assign(given, np.zeros(len(given.words), np.int64), now).tolist()


def new_table(capacity: int = 64) -> tuple[StreamingFamilies, KnownFamilies]:
    known = KnownFamilies()
    return StreamingFamilies(known, Settings(), capacity), known


def call_texts(texts: list[str]) -> list[Call]:
    return [worlds.call(f"a{row % 7}", text, row) for row, text in enumerate(texts)]


def test_ids_are_those_of_known_families_and_never_used_twice() -> None:
    table, known = new_table()
    known.next_id = 40
    seen: list[int] = []
    for seed in range(30):
        heads = random_signatures(20, seed)
        assert assigned(table, measures(heads)) == [0] * 20
        seen += assigned(table, measures(edited(heads, 10)))
    assert seen == list(range(40, 640))
    assert known.next_id == 640
    assert table.counts().evicted_representatives == 600 - 64


def test_a_family_that_was_evicted_gets_its_id_back() -> None:
    table, known = new_table(16)
    head = random_signatures(1, 1)
    near = [assigned(table, measures(edited(head, slots)))[0] for slots in (1, 2, 3, 4, 5, 6)]
    assert near == [0, 1, 1, 1, 1, 1]
    for seed in range(2, 60):
        assigned(table, measures(np.repeat(random_signatures(1, seed), REMEMBERED_CALLS_MIN + 1, axis=0)))
    assert table.find(measures(head)) == 0
    assert [assigned(table, measures(edited(head, slots)))[0] for slots in (7, 8)] == [0, 1]
    assert table.counts().returned == 1
    table.claims()  # what waits is remembered
    assert known.kinds[known.ids == 1].tolist() == [NEAR_DUPLICATE]
    assert len(known.ids) > 30


@pytest.mark.parametrize("words", [2, 20])
def test_repeats_of_one_prompt_are_remembered_by_hash(words: int) -> None:
    table, known = new_table(16)
    hashes = np.asarray([[5, 6]], np.uint64)
    head = measures(random_signatures(1, 1), hashes, words)
    assert [assigned(table, head)[0] for _ in range(6)] == [0, 1, 1, 1, 1, 1]
    for seed in range(2, 400):
        other = np.random.default_rng(seed).integers(0, 2**63, (1, 2)).astype(np.uint64)
        other[0, 0] = other[0, 0] & np.uint64(2**63 - 8) | np.uint64(5)  # one bucket, of the short ones
        assigned(table, measures(np.repeat(random_signatures(1, seed), 6, axis=0), np.repeat(other, 6, axis=0), words))
    assert table.find(head) == 0
    assert [assigned(table, head)[0] for _ in range(2)] == [0, 1]
    assert set(known.kinds.tolist()) == {EXACT}


def test_memory_is_flat_under_an_endless_stream_of_distinct_prompts() -> None:
    table, known = new_table(256)
    head = random_signatures(1, 0)
    assert assigned(table, measures(np.repeat(head, 2, axis=0)))[1] == 1
    before = table.held()["bytes"]
    for seed in range(40):
        assert assigned(table, measures(random_signatures(2_500, seed + 1))) == [0] * 2_500
    assert table.held()["bytes"] == before
    counts = table.counts()
    assert (counts.started, counts.evicted_representatives, len(known.ids)) == (1, 0, 0)
    assert counts.evicted_candidates >= 100_000 - 256
    assert table.find(measures(edited(head, 5))) == 1  # the stream crowds out candidates, not families


def test_families_the_last_finish_knows_are_left_alone() -> None:
    table, _ = new_table()
    both = np.repeat(random_signatures(1, 3), 3, axis=0)
    assert table.assign(measures(both), np.asarray([9, 0, 0]), 0).tolist() == [9, 0, 1]
    assert table.counts().started == 1


def test_finish_gives_families_the_ids_they_have() -> None:
    words = worlds.Words(1)
    heads = [words.text(40) for _ in range(5)]
    engine = Engine(secret=worlds.SECRET)
    texts = [words.edited(head, 1) for _ in range(6) for head in heads] + ["good morning"] * 6
    found = [engine.observe(worlds.batch([call])).column("family_id")[0].as_py() for call in call_texts(texts)]
    ids = {tuple(found[place:30:5]) for place in range(5)} | {tuple(found[30:])}
    assert all(family[0] is None and len(set(family[1:])) == 1 for family in ids)
    result = engine.finish()
    assert result.calls.column("family_id").to_pylist()[5:30] == found[5:30]
    assert result.calls.column("family_id").to_pylist()[31:] == found[31:]
    again = engine.observe(worlds.batch(call_texts([words.edited(head, 1) for head in heads])))
    assert again.column("family_id").to_pylist() == found[25:30]
    assert engine.finish().calls.column("family_id").to_pylist()[5:30] == found[5:30]


def test_a_check_sees_the_family_and_changes_nothing() -> None:
    words = worlds.Words(2)
    head = words.text(40)
    engine = Engine(secret=worlds.SECRET)
    engine.observe(worlds.batch(call_texts([head, words.edited(head, 1), "hello", "hello"])))
    before = engine.streaming
    for text, kind in ((words.edited(head, 1), "near_duplicate"), ("hello", "exact")):
        verdict = engine.check(worlds.call("b", text, 0))
        assert (verdict.family_kind, verdict.evidence, verdict.reasons[0]) == (kind, None, SINCE)
        assert verdict.family_id in (1, 2)
    assert engine.check(worlds.call("b", words.text(40), 0)).family_id is None
    assert engine.streaming == before
    assert (before.started, before.assigned) == (2, 0)


def test_the_batch_job_does_not_touch_the_table() -> None:
    engine = Engine(secret=worlds.SECRET)
    batch = worlds.batch(call_texts(["hello"] * 9))
    assert len(list(engine.observe_parts([Part(batch, 0, np.arange(9))]))) == 1
    assert engine.streaming.started == 0
    assert "streaming families" not in [part["part"] for part in engine.held()]
    engine.observe(batch)
    assert engine.streaming.started == 1
    (held,) = [part for part in engine.held() if part["part"] == "streaming families"]
    assert held["bytes"] == 59_170_864


def test_without_a_table_calls_have_no_family_before_a_finish() -> None:
    engine = Engine(secret=worlds.SECRET, streaming=0)
    assert engine.observe(worlds.batch(call_texts(["hello"] * 9))).column("family_id").null_count == 9
