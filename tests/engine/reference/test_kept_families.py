"""Known families come back from the state directory as they were."""

from pathlib import Path

import numpy as np
import pytest

from gauger.engine.reference.directory import StateDirectory
from gauger.engine.reference.kept_families import read_families, save_families
from tests.engine.reference.filled import known_families


@pytest.mark.parametrize("count", [0, 1, 50])
def test_the_round_trip(tmp_path: Path, count: int) -> None:
    """Also when others were saved before."""
    known, directory = known_families(count), StateDirectory(tmp_path)
    known.next_id = 1000
    for one in (known_families(3, first=60), known):
        with directory.writing() as writing:
            save_families(writing, one)
    found = read_families(StateDirectory(tmp_path).kept().commit)
    assert found.next_id == 1000
    for name in ("ids", "kinds", "signatures", "last_seen"):
        assert getattr(found, name).dtype == getattr(known, name).dtype
        np.testing.assert_array_equal(getattr(found, name), getattr(known, name))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["current", "key", "lock", "parts"]
