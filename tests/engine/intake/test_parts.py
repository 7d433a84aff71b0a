"""Parts: cut into pieces that keep their files and rows."""

import numpy as np
import pyarrow as pa

from gauger.engine.intake.parts import MEASURE_ROWS, Part, pieces


def test_pieces_are_small_and_lose_nothing() -> None:
    rows = np.arange(5, 5 + 2 * MEASURE_ROWS + 3)
    batch = pa.record_batch({"number": pa.array(rows)})
    cut = list(pieces([Part(batch, 4, rows), Part(batch.slice(0, 1), 5, rows[:1])]))
    assert [len(part.rows) for part in cut] == [MEASURE_ROWS, MEASURE_ROWS, 3, 1]
    assert [part.file for part in cut] == [4, 4, 4, 5]
    for part in cut:
        assert part.batch.column("number").to_pylist() == part.rows.tolist()


def test_rows_of_several_files_are_told_apart() -> None:
    batch = pa.record_batch({"x": list(range(6))})
    part = Part(batch, np.array([3, 3, 4, 7, 7, 7], np.int32), np.array([0, 1, 0, 0, 1, 2]))
    assert [(file, places.tolist()) for file, places in part.by_file()] == [(3, [0, 1]), (4, [2]), (7, [3, 4, 5])]
    assert [(file, places.tolist()) for file, places in part.by_file(np.array([1, 5]))] == [(3, [1]), (7, [5])]
    some = part.slice(1, 3)
    assert (some.batch.column("x").to_pylist(), some.rows.tolist()) == ([1, 2, 3], [1, 0, 0])
    assert [file for file, _ in some.by_file()] == [3, 4, 7]
    assert [file for file, _ in Part(batch, 9, part.rows).slice(0, 0).by_file()] == [9]
