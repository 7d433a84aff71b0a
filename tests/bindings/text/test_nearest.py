"""What is suggested to somebody who asks for what is not there."""

import time

import pyarrow as pa

from gauger.text import nearest


def test_nothing_to_suggest() -> None:
    assert nearest.unknown_account(pa.chunked_array([], pa.string()), "x") == "this run has no accounts"
    assert nearest.unknown_number(pa.chunked_array([], pa.int64()), 4, "campaign") == "no campaign 4: this run has none"


def test_suggestions_stay_quick_among_many_long_ids() -> None:
    ids = pa.chunked_array([[f"{index:06d}" + "x" * 300 for index in range(20_000)]])
    started = time.perf_counter()
    assert "012345xxx" in nearest.unknown_account(ids, "012345")
    assert time.perf_counter() - started < 5
