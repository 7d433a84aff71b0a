"""Count-min of columns: never too low, over within the bound, merged by sum, stored and read again."""

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger import CountMin, KernelInputError, StateError
from gauger.sketches import header
from tests.bindings.columns import COLUMN, SECRET, TEXT_FORMS, arrow
from tests.kernels import naive
from tests.kernels.strategies import QUICK

SHAPES = st.tuples(st.sampled_from([1, 2, 16, 256]), st.integers(1, 4))


def sketch(values: Any = (), words: Any = (), shape: tuple[int, int] = (64, 3)) -> CountMin:
    """A sketch of whole values and of words."""
    made = CountMin(*shape, secret=SECRET)
    made.update(list(values) if isinstance(values, tuple) else values)
    made.update_words(list(words) if isinstance(words, tuple) else words)
    return made


@pytest.mark.parametrize("form", TEXT_FORMS)
@QUICK
@given(COLUMN)
def test_any_form_gives_the_same_counts(form: str, column: list[str | None]) -> None:
    column_of, plain = TEXT_FORMS[form], arrow(column)
    made = sketch(column_of(column))
    assert made.to_bytes() == sketch(plain).to_bytes()
    assert sketch(words=column_of(column)).to_bytes() == sketch(words=plain).to_bytes()
    assert made.query(column_of(column)).tolist() == made.query(plain).tolist()


@QUICK
@given(COLUMN, st.lists(st.integers(0, 9)), SHAPES)
def test_never_too_low(column: list[str | None], numbers: list[int], shape: tuple[int, int]) -> None:
    made = sketch(column, shape=shape)
    made.update(numbers)
    truth = Counter(column)
    assert all(found >= truth[text] for found, text in zip(made.query(column), column, strict=True) if text is not None)
    assert (made.query(numbers) >= [numbers.count(number) for number in numbers]).all()
    assert made.total == len(column) - truth[None] + len(numbers)


@QUICK
@given(COLUMN, SHAPES)
def test_words_are_never_counted_too_low(column: list[str | None], shape: tuple[int, int]) -> None:
    made = sketch(words=column, shape=shape)
    data = [text.encode().lower() for text in column if text]
    truth = Counter(text[start:end] for text in data for start, end in naive.words(text))
    assert (made.query_words(list(truth)) >= list(truth.values())).all()
    assert made.total == sum(truth.values())


@QUICK
@given(COLUMN, st.integers(0, 12), SHAPES)
def test_merge_is_the_sum_for_any_split(column: list[str | None], cut: int, shape: tuple[int, int]) -> None:
    left, right = sketch(column[:cut], column[cut:], shape), sketch(column[cut:], column[:cut], shape)
    left.merge(right)
    assert left.to_bytes() == sketch(column, column, shape).to_bytes()


def test_over_counts_are_within_the_bound() -> None:
    stream = np.random.default_rng(5).zipf(1.2, 100_000) % 50_000
    values, truth = np.unique(stream, return_counts=True)
    made = CountMin.for_error(0.005, 0.05, secret=SECRET)
    made.update(stream)
    over = made.query(values) - truth
    assert made.counts.shape == (3, 1024)
    assert made.epsilon == math.e / 1024 <= 0.005
    assert made.delta == math.exp(-3) <= 0.05
    assert over.min() >= 0
    assert (over > made.epsilon * made.total).mean() <= made.delta


@pytest.mark.parametrize(("epsilon", "delta"), [(0, 0.1), (1, 0.1), (0.1, 0), (0.1, 1), (0.1, 0.018), (1e-9, 0.1)])
def test_a_bound_out_of_reach_is_refused(epsilon: float, delta: float) -> None:
    with pytest.raises(KernelInputError):
        CountMin.for_error(epsilon, delta, secret=SECRET)


@pytest.mark.parametrize("shape", [(0, 1), (3, 1), (-4, 1), (1 << 29, 1), (4, 0), (4, 5)])
def test_a_shape_out_of_range_is_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(KernelInputError, match=r"power of two|1 to 4"):
        CountMin(*shape, secret=SECRET)


def test_nulls_are_never_counted() -> None:
    made = sketch(["a", None, "", "a"], ["Word word", None], shape=(1024, 4))
    assert made.total == 5
    assert made.query(["a", None, "", "b"]).tolist() == [2, 0, 1, 0]
    assert made.query_words(["WORD!", None]).tolist() == [2, 0]
    assert made.query([]).tolist() == made.query_words([]).tolist() == []
    assert made.query([]).dtype == made.query([1]).dtype == np.int64


def test_a_query_of_more_than_one_word_names_the_row_only() -> None:
    with pytest.raises(KernelInputError, match="row 2 of a chunk is not one word") as caught:
        sketch().query_words([None, "one", "secret words"])
    assert "secret" not in str(caught.value)


def test_a_count_never_wraps_round() -> None:
    made, other = sketch(["a"], shape=(1, 1)), sketch(["a"], shape=(1, 1))
    made._counts[:] = made._total = 2**32 - 2
    made.merge(other)
    assert made.query(["a"]).tolist() == [2**32 - 1]
    for more in (lambda: made.merge(other), lambda: made.update([1]), lambda: made.update_words(["b"])):
        with pytest.raises(KernelInputError, match="would pass"):
            more()
    assert made.total == 2**32 - 1


@QUICK
@given(COLUMN, SHAPES)
def test_bytes_round_trip(column: list[str | None], shape: tuple[int, int]) -> None:
    made = sketch(column, shape=shape)
    again = CountMin.from_bytes(made.to_bytes(), secret=SECRET)
    assert (again.total, again.to_bytes()) == (made.total, made.to_bytes())
    again.update(["more"])  # what was read can go on


def test_layout_of_the_bytes() -> None:
    made = sketch(["a", "b"], shape=(16, 2))
    data = made.to_bytes()
    assert len(data) == 32 + 4 * 2 * 16
    assert data[:8] == b"gCMS" + bytes([1, 2, 4, 0])
    assert data[8:16].hex() == SECRET.key_id
    assert int.from_bytes(data[16:24], "little") == 2
    assert np.array_equal(np.frombuffer(data[32:], "<u4").reshape(2, 16), made.counts)


@pytest.mark.parametrize(
    ("shape", "total", "body"), [((0, 4), 0, 0), ((5, 0), 0, 20), ((4, 255), 0, 16), ((1, 0), 0, 8), ((1, 0), 1, 4)]
)
def test_a_forged_shape_or_total_is_refused(shape: tuple[int, int], total: int, body: int) -> None:
    with pytest.raises(StateError, match="damaged"):
        CountMin.from_bytes(header.pack(b"gCMS", shape, total, SECRET, bytes(body)), secret=SECRET)
