"""Features on disk are read as an array in memory is, by as many threads as ask."""

from pathlib import Path

import numpy as np
import pytest

from gauger.engine.common import threads
from gauger.engine.common.vectors import placed
from gauger.engine.evidence.feature_rows import FeatureRows
from gauger.engine.segments import feature_file
from gauger.engine.segments.feature_file import FeatureFile
from gauger.kernels.text.features import FEATURES

FOUND = np.random.default_rng(1).integers(-9, 10, (300, FEATURES)).astype(np.int8)


@pytest.fixture
def file(tmp_path: Path) -> FeatureFile:
    """The rows of FOUND, written in pieces and not in order."""
    made = FeatureFile(tmp_path, len(FOUND))
    for first in (120, 0, 250):
        made.write(first, FOUND[first : {120: 250, 0: 120, 250: 300}[first]])
    made.write(300, FOUND[:0])
    return made


@pytest.mark.parametrize("at_once", [7, 1_024])
@pytest.mark.parametrize("rows", [[], [299], [5, 5, 0], [0, 299], [*range(300)], [*range(299, -1, -7)]])
def test_rows_are_those_that_were_written(
    rows: list[int], at_once: int, file: FeatureFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feature_file, "_ROWS", at_once)
    asked = np.asarray(rows, np.int64)
    np.testing.assert_array_equal(file[asked], FOUND[asked])
    array, places = placed(file, asked)
    np.testing.assert_array_equal(array[places], FOUND[asked])
    assert placed(FOUND, asked)[0] is FOUND


def test_it_has_no_name(file: FeatureFile, tmp_path: Path) -> None:
    assert list(tmp_path.iterdir()) == []
    assert (len(file), file.shape) == (300, FOUND.shape)


def test_what_was_never_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="features end before row 2"):
        FeatureFile(tmp_path, 5)[np.asarray([2])]


def test_rows_in_memory_and_on_disk_are_one(file: FeatureFile) -> None:
    order = np.random.default_rng(2).permutation(300)
    mixed = FeatureRows((file, order[:170]), (FOUND, order[170:]))
    memory = FeatureRows((FOUND, order[:170]), (FOUND, order[170:]))
    rows = np.random.default_rng(3).integers(0, 300, 90)
    np.testing.assert_array_equal(mixed[rows], memory[rows])
    directions = np.random.default_rng(4).normal(size=(3, FEATURES)).astype(np.float32)
    which = np.arange(300) % 3
    with threads.use(2):
        np.testing.assert_array_equal(mixed.project(directions, which), memory.project(directions, which))
