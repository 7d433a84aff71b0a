"""Settings: frozen, comparable, storable, and consistent with one another."""

from dataclasses import FrozenInstanceError, asdict, replace
from typing import Any

import orjson
import pytest

from gauger.engine.common.settings import DAY_US, HOUR_US, Settings


def test_units_and_that_settings_cannot_be_changed_under_a_running_engine() -> None:
    assert (HOUR_US, DAY_US) == (60 * 60 * 1_000_000, 24 * HOUR_US)
    settings: Any = Settings()
    with pytest.raises(FrozenInstanceError):
        settings.sample_calls = 1


@pytest.mark.parametrize("name", sorted(asdict(Settings())))
def test_every_setting_takes_part_in_equality(name: str) -> None:
    value = getattr(Settings(), name)
    changed = (*value, 100) if isinstance(value, tuple) else value + 1
    assert replace(Settings(), **{name: changed}) != Settings()
    assert replace(Settings(), **{name: value}) == Settings()


def test_settings_survive_json() -> None:
    read = orjson.loads(orjson.dumps(asdict(Settings())))
    read["neighbours"] = tuple(read["neighbours"])
    assert Settings(**read) == Settings()


def test_the_defaults_fit_one_another() -> None:
    """A rank among n scores is never below 1 / (n + 1)."""
    settings = Settings()
    assert 1 / (settings.reference_accounts_min + 1) < settings.alarm_level
    assert settings.calls_min <= settings.sample_calls
    assert settings.reference_accounts_min <= settings.reference_accounts_max
    assert max(settings.neighbours) < settings.reference_accounts_min
