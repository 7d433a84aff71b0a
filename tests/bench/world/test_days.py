"""Days of one world: who comes, and when."""

from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from bench.world.campaigns import Planted
from bench.world.days import Days
from tests.bench.corpora import write_corpora


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
