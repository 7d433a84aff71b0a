"""Deliveries: what tells a call from any other, and what is known of those that came again."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gauger.engine.common.shards import SHARDS, shard_of
from gauger.engine.segments.arrays import write_arrays
from gauger.engine.segments.columns import CONTEXT, pack, unpack
from gauger.engine.segments.deliveries import Redelivered, deliveries_of, section_number, unpack_deliveries
from tests.engine import calls

CALL: calls.Call = {
    "start_time": 1_795_000_000_000_000,
    "account_id": "a",
    "prompt_text": "Sort the parcels by gate",
    "response_id": "r-1",
    "request_model": "m",
    "context_texts": ["You sort parcels for the harbour", "Gate 7 is closed until noon"],
    "client_address": "203.0.113.5",
    "usage_output_tokens": 7,
}
OTHERS = [
    {"start_time": CALL["start_time"] + 1},
    {"account_id": "b"},
    {"prompt_text": "Sort the parcels by weight"},
    {"prompt_text": "sort the parcels BY gate"},
    {"response_id": "r-2"},
    {"request_model": "n"},
    {"context_texts": None},
    {"context_texts": CALL["context_texts"][:1]},
    {"context_texts": [*CALL["context_texts"], "Gate 8 is closed until noon"]},
]


def told(some: list[calls.Call], columns: tuple[str, ...] = calls.WHOLE_COLUMNS) -> np.ndarray:
    found = deliveries_of(calls.batch_of(some, columns), calls.prepared_of(some, columns), calls.SECRET.key)
    assert found is not None
    return found


def test_a_record_that_comes_again_is_told_alike_in_any_batch() -> None:
    again = {**CALL, "client_address": "203.0.113.9", "context_texts": CALL["context_texts"][::-1]}
    alone = told([CALL])
    assert alone[0] != 0
    assert set(told([*[{**CALL, **other} for other in OTHERS], CALL, again])[-2:].tolist()) == set(alone.tolist())


@pytest.mark.parametrize("other", OTHERS, ids=str)
def test_what_differs_in_anything_else_is_another_call(other: calls.Call) -> None:
    assert len(set(told([CALL, {**CALL, **other}]).tolist())) == 2


def test_a_call_without_a_response_id_is_told_from_none() -> None:
    assert told([{**CALL, "response_id": None}, CALL])[0] == 0
    columns = tuple(name for name in calls.WHOLE_COLUMNS if name != "response_id")
    assert deliveries_of(calls.batch_of([CALL], columns), calls.prepared_of([CALL], columns), calls.SECRET.key) is None
    block = pack([calls.prepared_of([CALL])], [0], [np.zeros(1, np.int64)], calls.SECRET.key, [np.zeros(1, np.uint64)])
    assert set(block.deliveries) == {b""}


def test_a_section_says_which_call_carries_which_context_text() -> None:
    """By hand: of every call the texts it carries, as often as it does, in the sections of several batches."""
    some = calls.some_calls(200, accounts=9, seed=8)
    pieces = [some[:70], some[70:80], some[80:]]
    settings = replace(calls.SETTINGS, sample_calls=600)  # more than an account's texts, so that all are kept
    batches = [calls.prepared_of(piece, calls.WHOLE_COLUMNS, settings=settings) for piece in pieces]
    rows = [np.asarray([call["row"] for call in piece]) for piece in pieces]
    hashes = [told(piece) for piece in pieces]
    block = pack(batches, [0, 0, 0], rows, calls.SECRET.key, hashes)
    of_row = dict(zip(np.concatenate(rows).tolist(), np.concatenate(hashes).tolist(), strict=True))
    found: Counter[int] = Counter()
    for shard in range(SHARDS):
        if not block.counts[shard]:
            continue
        section = unpack(memoryview(block.calls[shard]), block.layout)
        own, pairs = unpack_deliveries(memoryview(block.deliveries[shard]), len(section))
        assert own.tolist() == [of_row[row] for row in section.columns["row"].tolist()]
        if block.context_counts[shard]:
            texts = unpack(memoryview(block.contexts[shard]), CONTEXT)
            carried = np.bincount(pairs[:, 1], minlength=len(texts))
            assert carried.tolist() == texts.columns["carried"].tolist()
            for call, text in pairs.tolist():
                assert section.account_ids[call] == texts.account_ids[text]
        found.update(section.columns["row"][pairs[:, 0]].tolist())
    expected = {call["row"]: len([text for text in call["context_texts"] or () if text]) for call in some}
    assert found == Counter({row: number for row, number in expected.items() if number})


def test_what_came_again_is_found_by_its_section_and_its_prompt(tmp_path: Path) -> None:
    chance = np.random.default_rng(4)
    hashes = np.unique(chance.integers(0, 2**64, (50, 2), np.uint64), axis=0)
    hashes[7, 0] = hashes[6, 0]  # one first half
    hashes = hashes[np.lexsort((hashes[:, 1], hashes[:, 0]))]
    which = chance.integers(0, 50, 30)
    numbers = np.asarray([section_number(2, 1, 63)] * 12 + [section_number(2, 2, 0)] * 18)
    nothing = np.zeros(0, np.int64)
    texts = np.asarray([section_number(2, 2, 0)] * 3)
    made = Redelivered(numbers, np.arange(30), hashes[which], nothing, nothing, texts, np.asarray([4, 1, 4]))
    write_arrays(tmp_path / "found", vars(made))
    found = Redelivered.load(tmp_path / "found")
    assert len(found) == 30
    assert len(Redelivered.load(tmp_path / "absent")) == 0
    assert found.calls_of(section_number(2, 1, 63)).tolist() == list(range(12))
    assert found.calls_of(section_number(2, 1, 62)).tolist() == []
    assert found.texts_of(section_number(2, 2, 0), 6).tolist() == [0, 1, 0, 0, 2, 0]
    assert found.texts_of(section_number(1, 2, 0), 2).tolist() == [0, 0]
    for shards in (range(64), range(16, 48)):
        shard = shard_of(hashes[:, 0])
        inside = np.flatnonzero((shard >= shards.start) & (shard < shards.stop))
        expected = [int((which == place).sum()) for place in inside.tolist()]
        assert found.with_prompts(hashes[inside], shards).tolist() == expected
