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
