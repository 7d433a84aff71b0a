"""Benches run on one core, every library on one thread; ``python -m bench.performance`` starts them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gauger import turns


@pytest.fixture(scope="session", autouse=True)
def one_core() -> Iterator[None]:
    """For as long as the benches run; before any library of theirs is imported."""
    with turns.one_core():
        yield
