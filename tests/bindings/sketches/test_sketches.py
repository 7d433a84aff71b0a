"""The guide: its examples run, and say what they say they do."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gauger
from gauger.sketches import header
from gauger.sketches.datasketch import SEED

GUIDE = (Path(__file__).parents[3] / "docs" / "sketches.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Names after all examples ran in one session, in a folder of their own."""
    monkeypatch.chdir(tmp_path)
    session: dict[str, Any] = {}
    for example in EXAMPLES:
        exec(example, session)
    return session


def test_examples_do_what_their_comments_say(names: dict[str, Any]) -> None:
    rows = names["rows"]
    assert len(EXAMPLES) == 6
    assert rows.shape == (4, 128)
    similar = gauger.jaccard(rows, rows[0])
    assert similar[:2].tolist() == [1, 1]
    assert similar[2] == pytest.approx(0.6, abs=0.15)
    assert similar[3] == 0
    assert names["similarity"] == pytest.approx(0.6, abs=0.15)
    assert names["users"].estimate() == pytest.approx(100_002, rel=0.03)
    assert round(names["users"].relative_error, 4) == 0.0081
    assert names["calls"].query(["a-17", "a-18", "a-99", None]).tolist() == [2, 1, 0, 0]
    assert names["calls"].total == 3
    assert names["words"].query_words(["poem", "Sea"]).tolist() == [3, 2]
    assert names["again"].query_words(["poem", "Sea"]).tolist() == [6, 4]
    assert {0, 1} <= set(names["index"].query(names["lean"][1]))


def test_figures_in_the_text_are_those_of_the_code() -> None:
    assert f"`{SEED:#x}`" in GUIDE
    assert f"a header of {header.SIZE} bytes" in GUIDE
    assert f"delta is {np.exp(-4) + 5e-5:.4f} or more" in GUIDE
    for similarity, error in ((0.5, 0.044), (0.9, 0.027)):
        assert round(np.sqrt(similarity * (1 - similarity) / 128), 3) == error
        assert f"{error} at J = {similarity}" in GUIDE
