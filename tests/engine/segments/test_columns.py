"""Columns of a segment: packed, cut by shard and unpacked, calls make the state that they make when folded at once."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauger.engine.common.errors import StateError
from gauger.engine.common.hashing import hash_column
from gauger.engine.common.shards import SHARDS, shard_of
from gauger.engine.segments import arrays
from gauger.engine.segments.columns import CONTEXT, Block, fold_contexts, pack, prepared, unpack
from gauger.engine.state.state import Prepared, State
from gauger.kernels.text.features import FEATURES
from tests.engine import calls

CALLS = calls.some_calls(90, accounts=7, days=2, seed=3)
OPTIONAL = sorted(set(calls.TEXT_COLUMNS) - set(calls.BARE_COLUMNS))


def packed(chosen: tuple[str, ...], parts: int = 3) -> tuple[Block, list[Prepared]]:
    """The calls as a block of several batches of file 4."""
    pieces = [CALLS[start::parts] for start in range(parts)]
    batches = [calls.prepared_of(piece, chosen) for piece in pieces]
    rows = [np.asarray([call["row"] for call in piece]) for piece in pieces]
    return pack(batches, [4] * len(batches), rows, calls.SECRET.key), batches


def folded(block: Block, each: int) -> State:
    """A state of the sections of a block, so many at a time."""
    state = calls.new_state()
    sections = [unpack(memoryview(section), block.layout) for section in block.calls if section]
    for start in range(0, len(sections), each):
        batch, file, row = prepared(sections[start : start + each], block.content, frozenset(block.columns))
        state.fold(batch, file=file, rows=row)
    fold_contexts(state, [unpack(memoryview(section), CONTEXT) for section in block.contexts if section])
    return state


def at_once(chosen: tuple[str, ...]) -> State:
    """A state of the calls, folded as they came; grams go another way."""
    batch, state = calls.prepared_of(CALLS, chosen), calls.new_state()
    nothing = np.zeros(len(CALLS) + 1, np.int64), np.zeros(0, np.uint32)
    measures = batch.measures._replace(gram_offsets=nothing[0], grams=nothing[1])
    state.fold(replace(batch, measures=measures), file=4, rows=[call["row"] for call in CALLS])
    return state


@pytest.mark.parametrize("each", [1, 64])
@pytest.mark.parametrize("chosen", [calls.TEXT_COLUMNS, calls.ID_COLUMNS, calls.BARE_COLUMNS, calls.WHOLE_COLUMNS])
def test_what_comes_out_folds_to_the_same_state(chosen: tuple[str, ...], each: int) -> None:
    expected, found = at_once(chosen), folded(packed(chosen)[0], each)
    assert calls.bytes_of(found) == calls.bytes_of(expected)
    assert (found.columns, found.content) == (expected.columns, expected.content)


@settings(max_examples=25, deadline=None)
@given(st.sets(st.sampled_from(OPTIONAL)), st.booleans())
def test_any_columns_may_be_missing(given: set[str], text: bool) -> None:
    content = "prompt_text" if text else "prompt_token_ids"
    chosen = ("start_time", "account_id", content, *sorted(given))
    assert calls.bytes_of(folded(packed(chosen)[0], 9)) == calls.bytes_of(at_once(chosen))


def test_sections_hold_the_accounts_of_their_shard() -> None:
    block, _ = packed(calls.TEXT_COLUMNS)
    assert len(block.calls) == len(block.counts) == SHARDS
    assert block.counts.sum() == len(CALLS)
    for shard, section in enumerate(block.calls):
        assert bool(section) == bool(block.counts[shard])
        if section:
            found = unpack(memoryview(section), block.layout)
            assert len(found.account_ids) == block.counts[shard]
            assert set(shard_of(hash_column(calls.SECRET.key, found.account_ids)).tolist()) == {shard}


def test_features_of_more_than_a_chunk_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "CHUNK", 1_000)
    found = folded(packed(calls.TEXT_COLUMNS)[0], 64)
    assert calls.bytes_of(found) == calls.bytes_of(at_once(calls.TEXT_COLUMNS))


def test_features_that_are_cut_are_refused() -> None:
    block, _ = packed(calls.TEXT_COLUMNS)
    section = next(section for section in block.calls if section)
    whole = unpack(memoryview(section), block.layout)
    found = np.empty((len(whole), FEATURES), np.int8)
    whole.restore(found)
    with pytest.raises(StateError, match="a damaged segment; run again with --fresh"):
        replace(whole, chunks=[whole.chunks[0][:-1]]).restore(found)


def test_no_word_of_a_prompt_is_in_a_block() -> None:
    block, _ = packed(calls.TEXT_COLUMNS)
    written = b"".join([*block.calls, *block.prompts]).lower()
    assert b"account-0" in written
    words = {word for call in CALLS for word in call["prompt_text"].lower().split() if len(word) > 5}
    assert not [word for word in words if word.encode() in written]
