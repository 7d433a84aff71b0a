"""Rows behave as a list of records that starts every record at zero."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gauger.engine.state.rows import Rows

FIELDS = {"label": (np.int64, ()), "pair": (np.uint8, (2,))}
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("grow"), st.integers(0, 9)),
        st.tuples(st.just("append"), st.lists(st.integers(-5, 5), max_size=9)),
        st.tuples(st.just("keep"), st.randoms(use_true_random=False)),
    ),
    max_size=12,
)


@given(operations=OPERATIONS, capacity=st.integers(1, 8))
@settings(max_examples=80, deadline=None, derandomize=True, database=None)
def test_rows_are_a_list_of_records(operations: list[tuple], capacity: int) -> None:
    rows = Rows(FIELDS, capacity)
    records: list[tuple[int, tuple[int, int]]] = []
    for name, argument in operations:
        if name == "grow":
            assert rows.grow(argument) == len(records)
            records += [(0, (0, 0))] * argument
        elif name == "append":
            labels = np.asarray(argument, np.int64)
            pairs = np.stack([labels + 5, labels + 6], axis=1).astype(np.uint8)
            assert rows.append({"label": labels, "pair": pairs}) == len(records)
            records += [(label, (label + 5, label + 6)) for label in argument]
        else:
            order = argument.sample(range(len(records)), argument.randint(0, len(records)))
            rows.keep(np.asarray(order, np.int64))
            records = [records[place] for place in order]
        assert len(rows) == len(records)
        assert list(zip(rows["label"].tolist(), map(tuple, rows["pair"].tolist()), strict=True)) == records


def test_keep_takes_a_mask_and_columns_are_writable_in_place() -> None:
    rows = Rows(FIELDS)
    rows.append({"label": np.arange(6)})
    rows.keep(rows["label"] % 2 == 1)
    rows["pair"][1] = (7, 8)
    assert rows["label"].tolist() == [1, 3, 5]
    assert rows["pair"].tolist() == [[0, 0], [7, 8], [0, 0]]


def test_bytes_are_those_allocated() -> None:
    rows = Rows(FIELDS, capacity=10)
    assert rows.nbytes == 10 * (8 + 2)
    rows.grow(11)
    assert rows.nbytes == 20 * (8 + 2)
