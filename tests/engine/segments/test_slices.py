"""A slice holds what its segment holds of a shard, and says so where it was damaged on its way."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from gauger.engine.common.errors import StateError
from gauger.engine.common.shards import SHARDS
from gauger.engine.intake.measuring import WordSketch
from gauger.engine.segments.segment import Account, Segment
from gauger.engine.segments.slices import ACCOUNT_KINDS, PROMPT_KINDS, put_down, slices
from tests.engine import calls
from tests.engine.plan.working import measured, parts_of, working


@pytest.fixture
def segment(tmp_path: Path) -> Iterator[Segment]:
    with working(tmp_path / "one") as work:
        measured(work, parts_of(calls.some_calls(260, accounts=25, days=1, seed=21)))
        yield work.segments()[0]


def put(data: bytes, folder: Path) -> Segment:
    with working(folder) as work, closing(work.next_segment()) as writer:
        content, columns = put_down(writer, data)
        writer.commit(Account(content=content, columns=columns), WordSketch())
        return work.segments()[0]


def test_a_shard_arrives_as_it_left(segment: Segment, tmp_path: Path) -> None:
    seen = 0
    for shard, data in slices(segment, ACCOUNT_KINDS):
        arrived, only = put(data, tmp_path / f"{shard}"), range(shard, shard + 1)
        for (_, sent), (_, came) in zip(segment.calls(only), arrived.calls(only), strict=True):
            assert came.account_ids.equals(sent.account_ids)
            assert all(came.columns[name].tobytes() == sent.columns[name].tobytes() for name in sent.columns)
            assert [bytes(chunk) for chunk in came.chunks] == [bytes(chunk) for chunk in sent.chunks]
            seen += len(came)
        assert arrived.columns == segment.columns
        assert not list(arrived.prompts(range(SHARDS)))
    assert seen == 260


def test_prompts_travel_by_themselves(segment: Segment, tmp_path: Path) -> None:
    number = 0
    for shard, data in slices(segment, PROMPT_KINDS):
        arrived = put(data, tmp_path / f"{shard}")
        for sent, came in zip(segment.prompts(range(shard, shard + 1)), arrived.prompts(range(SHARDS)), strict=True):
            assert all(np.array_equal(came[name], sent[name]) for name in sent)
            number += len(came["hash"])
        assert not list(arrived.calls(range(SHARDS)))
    assert number == segment.prompts_held


def test_a_damaged_slice_is_refused(segment: Segment, tmp_path: Path) -> None:
    _, data = next(slices(segment, ACCOUNT_KINDS))
    for number, wrong in enumerate([data[:-9], data[:20], b"\x00" * 30, data[:8] + data[9:]]):
        with pytest.raises(StateError, match="came damaged"):
            put(wrong, tmp_path / f"wrong-{number}")
