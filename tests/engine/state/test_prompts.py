"""The prompt table is a dict by normalised prompt; counts add up and grams follow their rows."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauger.engine.intake.measuring import Measures
from gauger.engine.state.prompts import FIELDS, Prompts
from tests.engine import calls

QUICK = settings(max_examples=60, deadline=None, derandomize=True, database=None)
TEXTS = ["river", "River ", "two words", "step by step, please", "one more, a longer one than all", "?", "TWO words"]
STREAM = st.lists(st.sampled_from(TEXTS), max_size=25)


def measures_of(texts: Sequence[str]) -> Measures:
    return calls.measure(calls.batch_of([{"prompt_text": text} for text in texts], ("prompt_text",)))


def record_of(text: str) -> dict[str, Any]:
    """What the table must hold of a prompt, from measuring it alone."""
    alone = measures_of([text])
    return {
        "hash": alone.prompt_hashes[0].tolist(),
        "signature": alone.signatures[0].tolist(),
        "words": int(alone.words[0]),
        "flags": int(alone.flags[0]),
        "grams": alone.grams[: alone.gram_offsets[1]].tolist(),
    }


RECORDS = {text: record_of(text) for text in TEXTS}


def normalised(text: str) -> str:
    return text.strip().lower()


def assert_holds(table: Prompts, texts: list[str]) -> None:
    """The table is the dict of distinct prompts with their counts."""
    counts = Counter(normalised(text) for text in texts)
    assert len(table) == len(counts)
    sizes = table.rows["grams"]
    assert sizes.sum() == len(table.grams)
    grams = np.split(table.grams.read(0, len(table.grams)), np.cumsum(sizes)[:-1]) if len(table) else []
    found = {}
    for row in range(len(table)):
        columns = {name: table.rows[name][row].tolist() for name in FIELDS}
        columns["grams"] = grams[row].tolist()
        found[tuple(columns["hash"])] = columns
    for text in texts:
        expected = {**RECORDS[text], "calls": counts[normalised(text)]}
        assert found[tuple(expected["hash"])] == expected


def rows_of(texts: list[str], first_seen: list[str]) -> list[int]:
    return [first_seen.index(normalised(text)) for text in texts]


@given(stream=STREAM, cut=st.integers(0, 25))
@QUICK
def test_the_table_is_a_dict_numbered_by_first_appearance(stream: list[str], cut: int) -> None:
    table = Prompts()
    first_seen = list(dict.fromkeys(normalised(text) for text in stream))
    for part in (stream[:cut], stream[cut:]):
        assert table.update(measures_of(part)).tolist() == rows_of(part, first_seen)
    assert_holds(table, stream)


@given(left=STREAM, right=STREAM)
@QUICK
def test_merge_is_the_union(left: list[str], right: list[str]) -> None:
    mine, theirs = Prompts(), Prompts()
    mine.update(measures_of(left))
    theirs.update(measures_of(right))
    rows = mine.merge(theirs)
    np.testing.assert_array_equal(mine.rows["hash"][rows], theirs.rows["hash"])
    assert_holds(mine, left + right)
    assert_holds(theirs, right)


@given(stream=STREAM, more=STREAM)
@QUICK
def test_a_restored_table_goes_on(stream: list[str], more: list[str]) -> None:
    table, restored = Prompts(), Prompts()
    table.update(measures_of(stream))
    restored.restore({name: table.rows[name].copy() for name in FIELDS}, table.grams.read(0, len(table.grams)))
    restored.update(measures_of(more))
    assert_holds(restored, stream + more)


def test_the_index_grows_with_the_table() -> None:
    """Past half of the first index of 16,384 slots, in several batches."""
    texts = [f"question {number}" for number in range(20_000)]
    table = Prompts()
    for start in range(0, 20_000, 5_000):
        rows = table.update(measures_of(texts[start : start + 5_000]))
        assert rows.tolist() == list(range(start, start + 5_000))
    assert table.update(measures_of(texts)).tolist() == list(range(20_000))
    assert set(table.rows["calls"].tolist()) == {2}


@pytest.mark.parametrize("outer", ["river and sea\n", "\nriver and sea", " \t\r\n\x0b\x0c river and sea"])
@pytest.mark.parametrize("turn", [1, -1])
def test_white_space_around_a_prompt_is_no_part_of_its_row(outer: str, turn: int) -> None:
    """Both spellings are one prompt; which of them came first must not show."""
    table, plain = Prompts(), Prompts()
    table.update(measures_of(["river and sea", outer][::turn]))
    plain.update(measures_of(["river and sea"]))
    assert len(table) == 1
    assert table.grams.read(0, 10**6).tolist() == plain.grams.read(0, 10**6).tolist()
