"""One campaign day, its reference and its result, shared by the tests of the engine."""

from pathlib import Path

import pytest

from gauger.engine.engine import Engine
from gauger.engine.results.result import Result
from tests.engine import worlds
from tests.engine.worlds import ENGINE_SETTINGS, Call, taking


@pytest.fixture(scope="module")
def calls() -> list[Call]:
    return worlds.campaign_day()


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return worlds.reference_directory(tmp_path_factory.mktemp("engine") / "state")


@pytest.fixture(scope="module")
def whole(calls: list[Call], directory: Path) -> Result:
    return taking(Engine(directory, settings=ENGINE_SETTINGS, streaming=0), calls, range(len(calls))).finish()
