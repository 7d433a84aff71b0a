"""Written times: each form gives the same instant or a reason, never another hour."""

import pytest

from gauger.engine.intake import written_times
from gauger.engine.intake.written_times import DATE_ONLY, DAY_OR_MONTH, IMPOSSIBLE, NAMED_ZONE, UNKNOWN

NOON = 1_795_176_000 * 10**6  # 2026-11-20T12:00:00Z


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T12:00:00Z",
        "2026-11-20T12:00:00 Z",
        "2026-11-20 12:00",
        "2026/11/20 12:00:00",
        "2026-11-20T07:00:00-05",
        "2026-11-20T17:30:00.000+0530",
        "2026-11-20 12:00:00 UTC",
        "2026-11-20 12:00:00.000000 UTC",
        "2026-11-20 14:00:00.000000001 +0200 CEST m=+0.000042",
        "2026-11-20T13:00+01:00[Europe/Berlin]",
        "2026-11-20 12:00:00 PM",
        "2026-11-20 14:00 GMT+2",
        "2026-11-20T12:00:00,000Z",
        "20261120T120000Z",
        "2026-W47-5T12:00:00+00:00",
        "20/Nov/2026:13:00:00 +0100",
        "[20/Nov/2026:12:00:00 +0000]",
        "20/Nov/2026:12:00:00.000",
        "Fri, 20 Nov 2026 12:00:00 GMT",
        "20 Nov 2026 14:00:00 +0200",
        "Friday, 20-Nov-2026 12:00:00 GMT",
        "Fri Nov 20 12:00:00 2026",
        "Fri Nov 20 12:00:00 UTC 2026",
        "Fri Nov 20 2026 13:00:00 GMT+0100 (Central European Standard Time)",
        "Nov 20, 2026, 12:00:00 PM UTC",
        "/Date(1795176000000)/",
        '{"$date": "2026-11-20T12:00:00Z"}',
        '{"seconds": 1795176000, "nanos": 0}',
        '{"seconds": "1795176000"}',
        '{"value": "2026-11-20T12:00:00Z"}',
    ],
)
def test_the_same_instant(text: str) -> None:
    assert written_times.read(f" {text} ") == NOON


def test_fractions_are_microseconds() -> None:
    assert written_times.read("20/Nov/2026:12:00:00.25 +0000") == NOON + 250_000
    assert written_times.read("2026-11-20 12:00:00.123456789 UTC") == NOON + 123_456
    assert written_times.read('{"seconds": 1795176000, "nanos": 123456789}') == NOON + 123_456


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1795176000", 1_795_176_000.0),
        ("1.795176E9", 1_795_176_000.0),
        ("1795176000,5", 1_795_176_000.5),
        ('{"$date": 1795176000000}', 1_795_176_000_000.0),
        ('{"$date": {"$numberLong": "1795176000000"}}', 1_795_176_000_000.0),
    ],
)
def test_epoch_numbers_are_left_to_the_column(text: str, number: float) -> None:
    found = written_times.read(text)
    assert isinstance(found, float)
    assert found == number


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-11-20", DATE_ONLY),
        ("20261120", DATE_ONLY),
        ("20 Nov 2026", DATE_ONLY),
        ("2026-11-20 12:00:00 PST", NAMED_ZONE),
        ("2026-11-20 12:00:00 Europe/Berlin", NAMED_ZONE),
        ("Fri, 20 Nov 2026 12:00:00 EST", NAMED_ZONE),
        ("Fri Nov 20 12:00:00 PST 2026", NAMED_ZONE),
        ("11/20/2026 12:00:00 PM", DAY_OR_MONTH),
        ("20.11.2026 12:00", DAY_OR_MONTH),
        ("2026-11-20 25:00:00", IMPOSSIBLE),
        ("2026-11-31 12:00:00", IMPOSSIBLE),
        ("2026-11-20 13:00:00 PM", IMPOSSIBLE),
        ("2026-11-20T12:00:00+99:00", IMPOSSIBLE),
        ("20/Foo/2026:12:00:00 +0000", IMPOSSIBLE),
        ("yesterday", UNKNOWN),
        ("12:00:00", UNKNOWN),
        ("2026-11-20 12:00:00 and then", UNKNOWN),
        ("{}", UNKNOWN),
        ('{"$date": {"$date": {"$date": {"$date": {"$date": {"$date": 1}}}}}}', UNKNOWN),
        ('{"seconds": "soon"}', UNKNOWN),
    ],
)
def test_what_could_be_another_hour_is_refused_with_its_reason(text: str, reason: str) -> None:
    assert written_times.read(text) == reason
