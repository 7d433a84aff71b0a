"""Converters: plain values out of foreign ones."""

from gauger.logs import converters


def test_milliseconds() -> None:
    assert converters.milliseconds("1500") == 1.5
    assert converters.milliseconds([1]) is None
