"""The prompts speed is measured on."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.world import texts


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "PROMPTS", 300)
    texts.load.cache_clear()


def write(folder: Path, name: str, prompts: list[str | None]) -> None:
    """A set of prompts as the shared corpora have it."""
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"prompt": pa.array(prompts, pa.string())}), folder / f"{name}.parquet")


@pytest.mark.usefixtures("few")
def test_real_prompts_are_of_every_set_and_the_long_ones_are_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "attack", "one", [f"short {number}" for number in range(50)])
    write(tmp_path / "benign", "two", [f"{number} ".ljust(1_200, "x") for number in range(20)] + [None, ""])
    monkeypatch.setattr(texts, "corpora_directory", lambda: tmp_path)
    loaded = texts.load(texts.REAL)
    assert len(loaded.corpus) == 70
    assert sum(batch.num_rows for batch in loaded.batches) == 70
    assert loaded.corpus.strings[:50] != [f"short {number}" for number in range(50)]  # shuffled
    assert {len(text) for text in texts.load(texts.REAL_LONG).corpus.strings} == {1_200}
    texts.load.cache_clear()
