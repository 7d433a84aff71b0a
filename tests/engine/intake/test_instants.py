"""Instants: every way a log writes a time gives the same microsecond."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from gauger.engine.common.schema import TIMESTAMP
from gauger.engine.intake import instants

SECONDS = 1_795_176_000  # 2026-11-20T12:00:00Z
MICROSECONDS = SECONDS * 10**6 + 250_000


def written(values: list[str | None]) -> list[datetime | None]:
    return instants.parse(pa.array(values, pa.string()))[0].to_pylist()


def numbers(array: pa.Array) -> list[int | None]:
    times = instants.to_microseconds(array)
    assert times.type == TIMESTAMP
    return times.view(pa.int64()).to_pylist()


@pytest.mark.parametrize(
    "array",
    [
        pa.array([SECONDS + 0.25, None]),
        pa.array([SECONDS * 1000 + 250, None]),
        pa.array([MICROSECONDS, None]),
        pa.array([MICROSECONDS * 1000 + 999, None]),
        pa.array([MICROSECONDS * 1000, None], pa.uint64()),
        pa.array([MICROSECONDS, None], pa.timestamp("us")),
        pa.array([MICROSECONDS * 1000 + 999, None], pa.timestamp("ns", "Asia/Tokyo")),
        pa.array([SECONDS * 1000 + 250, None], pa.timestamp("ms", "UTC")),
    ],
)
def test_numbers_and_timestamps(array: pa.Array) -> None:
    got, missing = numbers(array)
    assert missing is None
    assert got is not None
    assert abs(got - MICROSECONDS) <= 128  # a float64 of nanoseconds is exact to 256 ns only


def test_units_may_differ_from_row_to_row_and_dates_are_their_midnight() -> None:
    mixed = pa.array([SECONDS, SECONDS * 10**3, SECONDS * 10**6, SECONDS * 10**9])
    assert numbers(mixed) == [SECONDS * 10**6] * 4
    midnight = instants.to_microseconds(pa.array(["2026-11-20"]).cast(pa.date32())).to_pylist()
    assert midnight == [datetime(2026, 11, 20, tzinfo=UTC)]
    assert instants.to_microseconds(pa.array([True, None])).to_pylist() == [None, None]


@pytest.mark.parametrize("years", [1999, 2014, 2101, 9999])
@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_impossible_years_are_null(years: int, unit: str) -> None:
    assert numbers(pa.array([datetime(years, 6, 1)], pa.timestamp(unit))) == [None]


@pytest.mark.parametrize("ticks", [-(2**63), -1, 0, 2**63 - 1, 10**15 * 9])
def test_wild_ticks_never_wrap_into_the_possible(ticks: int) -> None:
    for kind in (pa.int64(), pa.timestamp("s"), pa.timestamp("ms")):
        assert numbers(pa.array([ticks], pa.int64()).view(kind)) == [None]


def test_first_and_last_allowed_moments() -> None:
    kept = pa.array([datetime(2015, 1, 1), datetime(2100, 12, 31, 23, 59, 59)], pa.timestamp("us"))
    assert numbers(kept) == kept.view(pa.int64()).to_pylist()


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T12:00:00Z",
        "2026-11-20T12:00:00.000Z",
        "2026-11-20T14:00:00+02:00",
        "2026-11-20T12:00:00",
        "2026-11-20 12:00:00",
        "2026-11-20T12:00:00.000000000Z",
        "2026-11-20T12:00",
        str(SECONDS),
        f"{SECONDS}.0",
        str(SECONDS * 10**9),
    ],
)
def test_texts_alone_and_mixed(text: str) -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert written([text, None]) == [noon, None]
    assert written([text, "nonsense", " 2026-11-20T12:00:00+00:00 ", "", "inf"]) == [noon, None, noon, None, None]


def test_mixed_texts_keep_their_microseconds() -> None:
    first, second = written(["2026-11-20T12:00:00.123456Z", "2026-11-20T12:00:00.654321"])
    assert (first and first.microsecond, second and second.microsecond) == (123456, 654321)


def faults_of(values: list[str | None], **options: bool) -> dict[str, list[int]]:
    _, faults = instants.parse(pa.array(values, pa.string()), **options)
    return {reason: rows.nonzero()[0].tolist() for rows, reason in faults}


def test_what_is_no_instant_has_a_reason_of_its_own() -> None:
    noon = "2026-11-20T12:00:00Z"
    assert faults_of([noon, "1999-01-01T00:00:00Z", None]) == {"is impossible": [1]}
    mixed = [noon, "2026-11-20", "yesterday", "2026-11-20 12:00:00 PST", "5", None]
    assert faults_of(mixed) == {
        "is a date without a time of day": [1],
        "is in no known form of a time": [2],
        "is a local time of a named zone; write it in UTC or with its offset": [3],
        "is impossible": [4],
    }
    assert faults_of(["2026-11-20", "2026-11-21"]) == {"is a date without a time of day": [0, 1]}


@pytest.mark.parametrize(
    "wild", ['{"seconds": "%s"}' % ("9" * 30), "/Date(%s)/" % ("9" * 30), "/Date(-%s)/" % ("9" * 30)]
)
def test_instants_beyond_64_bits_are_impossible_and_cost_no_other(wild: str) -> None:
    assert faults_of(["2026-11-20T12:00:00Z", wild]) == {"is impossible": [1]}


def test_dates_are_their_midnight_where_they_may_be() -> None:
    for values in (["2026-11-20"], ["2026-11-20", "2026-11-20 00:00:00 UTC"], ["20 Nov 2026", "x"]):
        times, _ = instants.parse(pa.array(values), dates=True)
        assert times[0].as_py() == datetime(2026, 11, 20, tzinfo=UTC)


def test_a_column_as_bigquery_or_go_writes_it_is_cast_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(text: str) -> str:
        raise AssertionError("read row by row")

    monkeypatch.setattr(instants.written_times, "read", read)
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    forms = ["2026-11-20 12:00:00 UTC", "2026-11-20 12:00:00.000000 UTC", "2026-11-20 12:00:00.000000001 +0000 UTC"]
    assert written([*forms, "2026-11-20T12:00:00,000Z", None]) == [noon] * 4 + [None]
