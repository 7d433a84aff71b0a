"""Benches run on one core, every library on one thread; ``python -m bench.speed`` starts them."""

from collections.abc import Iterator

import pytest

from gauger.benchmark import turns


@pytest.fixture(scope="session", autouse=True)
def one_core() -> Iterator[None]:
    """For as long as the benches run; before any library of theirs is imported."""
    with turns.one_core():
        yield
