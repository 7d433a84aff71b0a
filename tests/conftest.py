"""What holds for every test."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from gauger.engine.common.secret import SECRET_BYTES


@pytest.fixture(scope="session", autouse=True)
def one_key() -> Iterator[None]:
    """State directories made by tests have one key: folds, samples and signatures, and so what is found, hang on it."""
    token_hex = secrets.token_hex
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "token_hex", lambda size=None: "5e" * size if size == SECRET_BYTES else token_hex(size))
        yield
