"""What holds for every test."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator

import pytest

# Before NumPy is loaded: each process of the suite has a core, and threads of linear algebra that wait for one another
# burn three times the processor time of the work itself. What they change in a result is asked for in test_score.py.
for _library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

from gauger.engine.common.secret import SECRET_BYTES  # noqa: E402 (libraries read the variable when they are loaded)


@pytest.fixture(scope="session", autouse=True)
def one_key() -> Iterator[None]:
    """State directories made by tests have one key: folds, samples and signatures, and so what is found, hang on it."""
    token_hex = secrets.token_hex
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "token_hex", lambda size=None: "5e" * size if size == SECRET_BYTES else token_hex(size))
        yield
