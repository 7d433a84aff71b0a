"""One package for all tests of packages."""

import pytest

from tests.bindings.package.packed import Packed, made


@pytest.fixture(scope="session")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Packed:
    return made(tmp_path_factory.mktemp("packed"))
