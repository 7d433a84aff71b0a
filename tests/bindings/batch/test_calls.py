"""Files that are written together: neighbours, up to so many rows, each in one group."""

import pytest

from gauger.batch import calls
from gauger.batch.calls import _groups, _spans


@pytest.mark.parametrize(
    ("rows", "groups"),
    [
        ([], []),
        ([0], [(0, 1)]),
        ([5, 5, 1], [(0, 2), (2, 3)]),
        ([99, 1, 1], [(0, 1), (1, 3)]),
        ([0, 0, 11, 0, 10], [(0, 3), (3, 5)]),
    ],
)
def test_neighbouring_files_share_memory(
    rows: list[int], groups: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "_ROWS_MAX", 10)
    assert _groups(rows) == groups


@pytest.mark.parametrize(
    ("rows", "spans"),
    [
        ([], []),
        ([500], [(0, 1)]),
        ([1, 2, 0, 500, 3, 4], [(0, 3), (3, 4), (4, 6)]),
        ([99, 99, 99], [(0, 1), (1, 2), (2, 3)]),
        ([0, 0, 0], [(0, 3)]),
    ],
)
def test_small_neighbours_are_written_together(
    rows: list[int], spans: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "_GROUP_ROWS", 150)
    assert _spans(rows) == spans
