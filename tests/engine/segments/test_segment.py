"""Segments: written once, read by shard, and refused where they are damaged."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from gauger.engine.common.errors import StateError
from gauger.engine.common.settings import DAY_US, HOUR_US
from gauger.engine.common.shards import SHARDS, shard_of
from gauger.engine.intake.measuring import WordSketch
from gauger.engine.segments.columns import Section, pack, prepared
from gauger.engine.segments.segment import HALF_CHATS, Account, Segment, SegmentWriter, Tally
from tests.engine import calls

CALLS = calls.some_calls(120, accounts=9, seed=5)
BLOCKS = [(calls.TEXT_COLUMNS, CALLS[:50]), (calls.BARE_COLUMNS, CALLS[50:80]), (calls.WHOLE_COLUMNS, CALLS[80:])]
ACCOUNT = Account(
    files={0: Tally(70, 70, 67, 3, True, "it ends in the middle"), 3: Tally(53, 53, 53)},
    refused_file=[0, 0, 0],
    refused_row=[5, 7, 1],
    refused_reason=["no prompt", "", "ünlesbar"],
    refused_account=["a", "", "ü"],
    left_out={"embedding": 4},
    filled={"client_address": [9, 7]},
    names={"org_id": [5, 2**64 - 1]},
    hours={494_100: 80, 494_107: 40},
    window=(7, 12),
    content="text",
    columns={"start_time", "client_address"},
    novelty_day="2026-11-16",
)


@pytest.fixture(scope="module")
def words() -> WordSketch:
    return WordSketch()


@pytest.fixture(scope="module")
def segment(tmp_path_factory: pytest.TempPathFactory, words: WordSketch) -> Segment:
    folder = tmp_path_factory.mktemp("segments")
    writer = SegmentWriter(folder, 7)
    for columns, some in BLOCKS:
        measured = calls.prepared_of(some, columns, words)
        writer.append(pack([measured], [2], [np.asarray([call["row"] for call in some])], calls.SECRET.key))
    writer.commit(ACCOUNT, words)
    assert {path.name for path in folder.iterdir()} == {
        f"00007.{kind}" for kind in "calls contexts prompts deliveries json arrays".split()
    }
    return Segment(folder / "00007")


def test_the_account_and_the_words_come_back(segment: Segment, words: WordSketch) -> None:
    assert segment.account() == ACCOUNT
    assert (segment.content, segment.columns) == ("text", frozenset(ACCOUNT.columns))
    found = segment.words()
    assert found.total == words.total
    np.testing.assert_array_equal(found.counts, words.counts)
    np.testing.assert_array_equal(found.registers, words.registers)


def rows_of(sections: list[tuple[int, Section]]) -> list[tuple[int, int]]:
    return sorted((layout, row) for layout, section in sections for row in section.columns["row"].tolist())


def test_every_call_is_in_the_sections_of_one_shard_with_its_layout(segment: Segment) -> None:
    expected = sorted((int(place == 1), call["row"]) for place, (_, some) in enumerate(BLOCKS) for call in some)
    assert rows_of(list(segment.calls(range(SHARDS)))) == expected
    for cuts in ([0, 64], [0, 1, 33, 64], list(range(65))):
        parts = [segment.calls(range(low, high)) for low, high in pairwise(cuts)]
        assert rows_of([section for part in parts for section in part]) == expected
    batch, file, _ = prepared([next(segment.calls(range(SHARDS)))[1]], "text", segment.columns)
    assert set(file.tolist()) == {2}
    assert set(batch.account_ids.to_pylist()) <= {call["account_id"] for call in CALLS}


def test_prompts_are_the_distinct_ones_of_each_block(segment: Segment) -> None:
    """By hand: words, grams and signature of each, and the calls that carry it."""
    found: dict[tuple[int, int], list] = {}
    for shard in range(SHARDS):
        for part in segment.prompts(range(shard, shard + 1)):
            assert set(shard_of(part["hash"][:, 0]).tolist()) == {shard}
            at = np.concatenate([[0], np.cumsum(part["grams"])])
            for place, (first, second) in enumerate(part["hash"].tolist()):
                grams = part["values"][at[place] : at[place + 1]].tolist()
                one = [int(part["words"][place]), grams, part["signature"][place].tolist()]
                known = found.setdefault((first, second), [*one, 0])
                assert known[:3] == one
                known[3] += int(part["calls"][place])
    expected: dict[tuple[int, int], list] = {}
    for columns, some in BLOCKS:
        measures = calls.prepared_of(some, columns).measures
        for place, (first, second) in enumerate(measures.prompt_hashes.tolist()):
            grams = measures.grams[measures.gram_offsets[place] : measures.gram_offsets[place + 1]].tolist()
            one = [int(measures.words[place]), grams, measures.signatures[place].tolist()]
            expected.setdefault((first, second), [*one, 0])[3] += 1
    assert found == expected


def read(base: Path) -> None:
    """Everything there is to read of a segment."""
    found = Segment(base)
    found.account()
    found.words()
    list(found.calls(range(SHARDS)))
    list(found.contexts(range(SHARDS)))
    list(found.prompts(range(SHARDS)))


@pytest.mark.parametrize("kind", ["calls", "contexts", "prompts", "json", "arrays"])
def test_a_cut_segment_is_refused(kind: str, segment: Segment, tmp_path: Path) -> None:
    for file in segment._base.parent.iterdir():
        content = file.read_bytes()
        (tmp_path / file.name).write_bytes(content[: len(content) // 2] if file.suffix == f".{kind}" else content)
    with pytest.raises(StateError, match=r"damaged.*--fresh"):
        read(tmp_path / "00007")


def test_names_are_counted_where_they_are_few_and_else_told_from_their_hashes() -> None:
    chance = np.random.default_rng(3)
    for column, number, error in (("org_id", 7, 0.0), (HALF_CHATS, 1_000, 0.0), (HALF_CHATS, 50_000, 0.1)):
        account = Account()
        for hashes in np.array_split(chance.integers(0, 2**64, number, np.uint64), 7):
            account.name(column, hashes.tolist())
        assert account.named(column) == pytest.approx(number, rel=error)
    assert Account().named(HALF_CHATS) == 0


def test_accounts_add_up() -> None:
    total, later = Account(), Account(files={3: Tally(60, 7, 5, 0, True)}, hours={494_107: 5}, window=(2, 9))
    later.refuse(3, [58, 57, 59], ["no", "not a call: a tool", "prompt"], ["b", None, None])
    later.fill("client_address", 2, 1)
    later.fill("org_id", 3, 3)
    later.name("org_id", [7, 5, *range(100, 110)])
    for one in (ACCOUNT, later):
        total.add(one)
    assert total.files == {0: ACCOUNT.files[0], 3: Tally(60, 60, 58, 2, True, left_out=1)}
    assert total.refused_account == ["a", "", "ü", "b", ""]
    assert total.left_out == {"embedding": 4, "a tool": 1}
    assert total.filled == {"client_address": [11, 8], "org_id": [3, 3]}
    assert total.names == {"org_id": [5, 7, *range(100, 106)]}
    assert total.scored == ACCOUNT.scored + 5
    assert total.refused_row == [5, 7, 1, 58, 59]
    assert total.hours == {494_100: 80, 494_107: 45}
    assert total.window == (2, 12)
    assert (total.content, total.novelty_day, total.columns) == ("text", "2026-11-16", ACCOUNT.columns)
    assert total.days() == {494_100 * HOUR_US // DAY_US: 125}
