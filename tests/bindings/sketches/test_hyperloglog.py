"""HyperLogLog of columns: any layout and split, error within the bound, stored and read again."""

from typing import Any

import numpy as np
import pytest
from datasketches import hll_sketch
from hypothesis import given
from hypothesis import strategies as st

from gauger import HyperLogLog, KernelInputError, StateError
from gauger.engine.intake.measuring import WordSketch
from gauger.kernels.text import texts
from gauger.sketches import header
from tests.bindings.columns import COLUMN, SECRET, TEXT_FORMS, TEXTS, arrow
from tests.kernels.strategies import QUICK, pack

PRECISIONS = st.integers(4, 14)


def sketch(values: Any = (), words: Any = (), precision: int = 10) -> HyperLogLog:
    """A sketch of whole values and of words."""
    made = HyperLogLog(precision, secret=SECRET)
    made.update(list(values) if isinstance(values, tuple) else values)
    made.update_words(list(words) if isinstance(words, tuple) else words)
    return made


@pytest.mark.parametrize("form", TEXT_FORMS)
@QUICK
@given(COLUMN)
def test_any_form_gives_the_same_registers(form: str, column: list[str | None]) -> None:
    column_of = TEXT_FORMS[form]
    assert sketch(column_of(column)).to_bytes() == sketch(arrow(column)).to_bytes()
    assert sketch(words=column_of(column)).to_bytes() == sketch(words=arrow(column)).to_bytes()


@QUICK
@given(COLUMN, st.lists(st.integers(-(2**63), 2**63 - 1)), st.integers(0, 12), PRECISIONS)
def test_merge_is_the_union_for_any_split(
    column: list[str | None], numbers: list[int], cut: int, precision: int
) -> None:
    left = sketch(column[:cut], column[cut:], precision)
    right = sketch(column[cut:], column[:cut], precision)
    left.update(numbers[:cut])
    right.update(numbers[cut:])
    whole = sketch(column, column, precision)
    whole.update(numbers)
    left.merge(right)
    assert np.array_equal(left.registers, whole.registers)
    assert left.estimate() == whole.estimate()


@pytest.mark.parametrize("distinct", [0, 1, 50, 5_000, 200_000])
def test_estimate_is_within_three_standard_errors_and_near_datasketches(distinct: int) -> None:
    made = HyperLogLog(secret=SECRET)
    made.update(np.arange(distinct))
    made.update(np.arange(distinct // 2))
    theirs = hll_sketch(14)
    for number in range(distinct):
        theirs.update(number)
    assert made.relative_error == pytest.approx(0.008125)
    assert abs(made.estimate() - distinct) <= 3 * made.relative_error * distinct
    assert abs(made.estimate() - theirs.get_estimate()) <= 6 * made.relative_error * distinct + 1e-6


def test_nulls_are_not_values_and_empty_texts_are() -> None:
    assert round(sketch(["a", None, "", None]).estimate()) == 2
    assert round(sketch(words=["a b A", None, ""]).estimate()) == 2
    assert sketch([], []).estimate() == 0


def test_words_are_counted_as_the_engine_counts_them() -> None:
    made, engine = HyperLogLog(secret=SECRET), WordSketch()
    made.update_words(TEXTS)
    texts.register_words(*pack([(text or "").encode() for text in TEXTS]), SECRET.key, engine.registers, 14)
    assert np.array_equal(made.registers, engine.registers)
    assert made.estimate() == engine.distinct()


@QUICK
@given(COLUMN, PRECISIONS)
def test_bytes_round_trip(column: list[str | None], precision: int) -> None:
    made = sketch(column, precision=precision)
    again = HyperLogLog.from_bytes(made.to_bytes(), secret=SECRET)
    assert (again.precision, again.to_bytes()) == (precision, made.to_bytes())
    again.update(["more"])  # what was read can go on


def test_layout_of_the_bytes() -> None:
    made = sketch(["a", "b"], precision=5)
    data = made.to_bytes()
    assert len(data) == 32 + 32
    assert data[:8] == b"gHLL" + bytes([1, 5, 0, 0])
    assert data[8:16].hex() == SECRET.key_id
    assert data[16:24] + data[28:32] == bytes(12)
    assert data[32:] == made.registers.tobytes()
    assert bytes(range(16)) not in data  # the secret itself


@pytest.mark.parametrize("precision", [3, 19, -1])
def test_a_precision_out_of_range_is_refused(precision: int) -> None:
    with pytest.raises(KernelInputError, match="4 to 18"):
        HyperLogLog(precision, secret=SECRET)


@pytest.mark.parametrize(
    ("precision", "second", "total", "body"),
    [(19, 0, 0, 1 << 19), (5, 0, 0, 31), (5, 1, 0, 32), (5, 0, 1, 32), (255, 0, 0, 0), (3, 0, 0, 8)],
)
def test_a_forged_shape_is_refused(precision: int, second: int, total: int, body: int) -> None:
    with pytest.raises(StateError, match="damaged"):
        HyperLogLog.from_bytes(header.pack(b"gHLL", (precision, second), total, SECRET, bytes(body)), secret=SECRET)


def test_an_impossible_rank_is_refused() -> None:
    made = sketch(precision=5)
    made._registers[3] = 60
    HyperLogLog.from_bytes(made.to_bytes(), secret=SECRET)
    made._registers[3] = 61
    with pytest.raises(StateError, match="damaged"):
        HyperLogLog.from_bytes(made.to_bytes(), secret=SECRET)


def test_a_column_of_another_type_is_refused() -> None:
    with pytest.raises(KernelInputError, match="text or integers"):
        sketch([1.5])
    with pytest.raises(KernelInputError, match="text is needed"):
        sketch(words=[1])
