"""Days of one world: who comes, and when."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random

import pyarrow.parquet as pq

from bench.world.campaigns import Planted
from bench.world.days import Days, _moved
from bench.world.people import Call
from tests.bench.corpora import write_corpora


def test_moved_calls_are_some_of_them_later_in_order() -> None:
    calls = [Call(f"text {hour}", 3_600.0 * hour, None) for hour in range(24)]
    moved = _moved(Random(1), calls, 0.5, 3.0)
    assert 6 <= len(moved) <= 18
    seconds = {call.text: call.second for call in moved}
    assert all(seconds[call.text] == (call.second + 10_800.0) % 86_400.0 for call in calls if call.text in seconds)
    assert [call.second for call in moved] == sorted(call.second for call in moved)
    assert len(_moved(Random(1), calls[:1], 0.0, 0.0)) == 1


def test_a_campaign_spread_over_days_sends_its_few_calls_on_each_and_no_prompt_twice(tmp_path: Path) -> None:
    days = Days(3, write_corpora(tmp_path / "corpora"), tmp_path / "out")
    dates = [date(2026, 3, 2) + timedelta(days=number) for number in range(3)]
    built = days.spread("thin", dates, Planted("thin", ("alpaca_52k",), accounts=5), 4)
    accounts, prompts = [], []
    for log, _ in built:
        table = pq.read_table(log)
        accounts.append(table.group_by("account_id").aggregate([("account_id", "count")]).to_pydict())
        prompts += table["prompt_text"].to_pylist()
    assert all(day["account_id_count"] == [4] * 5 for day in accounts)
    assert len({frozenset(day["account_id"]) for day in accounts}) == 1
    assert len(set(prompts)) == len(prompts) == 60
