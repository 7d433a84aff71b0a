"""Real days, built from small corpora of the same schema as the shared ones."""

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from bench.world import campaigns as real_campaigns
from bench.world import corpora as real_corpora
from bench.world import day as real_day
from bench.world import people as real_people
from bench.world.campaigns import Planted
from gauger.engine.common import schema
from gauger.engine.results import tables
from tests.bench.corpora import write_corpora

ATTACK = ("alpaca_52k asks", "evol_instruct_rendered asks")
SMALL = (
    Planted("plain", ("alpaca_52k",), accounts=8, calls=5),
    Planted("padded", ("alpaca_52k",), accounts=4, calls=10, padding=0.8, pacing="machine", addresses="shared"),
    Planted("starved", ("evol_instruct_rendered",), accounts=30, calls=4, pacing="human", addresses="static"),
)


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpora(tmp_path_factory.mktemp("corpora"), benign=400)


@pytest.fixture(scope="module")
def built(corpora: Path, tmp_path_factory: pytest.TempPathFactory) -> real_day.RealDay:
    out = tmp_path_factory.mktemp("day")
    return real_day.build(out, calls=6000, reference_days=2, campaigns=SMALL, seed=3, corpora=corpora)


def rows(path: Path) -> list[dict[str, Any]]:
    return pq.read_table(path).to_pylist()


def test_files_are_canonical_batches_in_time_order_on_lagged_dates(built: real_day.RealDay) -> None:
    assert [path.stem for path in built.reference] == ["2026-11-10", "2026-11-11"]
    assert built.day.stem == "2026-11-18"
    for path in (*built.reference, built.day):
        table = pq.read_table(path)
        expected = [field for field in real_day.SCHEMA if field.name in table.column_names]
        known = [field for field in expected if field.name in schema.CALL_SCHEMA.names]
        assert known == [field for field in schema.CALL_SCHEMA if field.name in table.column_names]
        assert list(table.schema) == expected
        assert set(schema.REQUIRED) | {"prompt_text"} <= set(table.column_names)
        times = table["start_time"].to_pylist()
        assert times == sorted(times)
        assert {time.date().isoformat() for time in times} == {path.stem}
        assert pq.read_table(path, columns=["response_id"])["response_id"].combine_chunks().value_counts().field(
            "counts"
        ).to_pylist() == [1] * len(times)


def test_the_same_seed_writes_the_same_bytes_and_another_does_not(corpora: Path, tmp_path: Path) -> None:
    first, again, other = (
        real_day.build(tmp_path / name, calls=500, reference_days=1, campaigns=(), seed=seed, corpora=corpora)
        for name, seed in (("first", 1), ("again", 1), ("other", 2))
    )
    assert first.day.read_bytes() == again.day.read_bytes()
    assert first.reference[0].read_bytes() == again.reference[0].read_bytes()
    assert first.day.read_bytes() != other.day.read_bytes()


def test_every_day_has_the_honest_calls_asked_for_and_truth_covers_the_day(built: real_day.RealDay) -> None:
    truth = {row["account_id"]: row for row in rows(built.truth)}
    assert pq.read_schema(built.truth) == tables.TRUTH
    day = rows(built.day)
    assert {row["account_id"] for row in day} == set(truth)
    honest = [row for row in day if truth[row["account_id"]]["campaign"] is None]
    assert len(honest) == 6000
    assert [pq.read_metadata(path).num_rows for path in built.reference] == [6000, 6000]
    assert {row["kind"] for row in truth.values() if row["campaign"] is None} <= set(real_people.KINDS)
    assert built.notes["calls"] == dict(Counter(truth[row["account_id"]]["kind"] for row in day))


def test_no_attack_prompt_is_used_twice_and_none_by_an_honest_account(built: real_day.RealDay) -> None:
    truth = {row["account_id"]: row["campaign"] for row in rows(built.truth)}
    attack = [row for row in rows(built.day) if row["prompt_text"].startswith(ATTACK)]
    assert all(truth[row["account_id"]] is not None for row in attack)
    assert len({row["prompt_text"] for row in attack}) == len(attack) == 8 * 5 + 4 * 2 + 25 * 4
    for path in built.reference:
        assert not [row for row in rows(path) if row["prompt_text"].startswith(ATTACK)]


def test_campaigns_have_their_accounts_padding_and_addresses(built: real_day.RealDay) -> None:
    campaign = {row["account_id"]: row["campaign"] for row in rows(built.truth)}
    calls: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for row in rows(built.day):
        if campaign[row["account_id"]] is not None:
            calls[campaign[row["account_id"]]][row["account_id"]].append(row)
    assert {name: len(accounts) for name, accounts in calls.items()} == {"plain": 8, "padded": 4, "starved": 25}
    assert built.notes["campaigns"] == ["starved: 25 accounts instead of 30, its sets are too small"]
    for own in calls["padded"].values():
        assert sum(row["prompt_text"].startswith(ATTACK) for row in own) == 2
        gaps = np.diff([row["start_time"].timestamp() for row in own])
        assert len(own) == 10
        assert gaps.std() < 0.05 * gaps.mean()
    addresses = {
        name: Counter(row["client_address"] for own in of.values() for row in own) for name, of in calls.items()
    }
    assert len(addresses["padded"]) <= 20
    assert len(addresses["starved"]) == 25
    assert len(addresses["plain"]) > 8


def test_half_of_the_accounts_return_and_look_alike(built: real_day.RealDay) -> None:
    first, second = (rows(path) for path in built.reference)
    users, agents = ({row["account_id"]: row["user_agent_original"] for row in day} for day in (first, second))
    returning = users.keys() & agents.keys()
    assert len(returning) == pytest.approx(min(len(users), len(agents)) / 2, abs=1)
    assert all(users[account] == agents[account] for account in returning)
    created = {row["account_id"]: row["account_created_at"] for row in first}
    assert all(created[row["account_id"]] < row["start_time"] for row in first)


def test_volumes_are_heavy_tailed_around_the_mean(corpora: Path) -> None:
    timing = real_corpora.traffic(corpora)
    volumes = np.clip(timing.rates * real_people.rate_scale(timing.rates), 1, 400)
    assert volumes.mean() == pytest.approx(real_people.MEAN_CALLS, rel=0.01)
    assert np.median(volumes) < 0.7 * volumes.mean()


def test_disjoint_text_keeps_reference_prompts_out_of_the_day(corpora: Path, tmp_path: Path) -> None:
    built = real_day.build(
        tmp_path,
        calls=300,
        reference_days=1,
        campaigns=(),
        seed=1,
        corpora=corpora,
        text=real_day.HonestText(disjoint=True),
    )
    sides = [
        {row["prompt_text"] for row in rows(path) if row["prompt_text"].startswith("stackoverflow_sql_titles asks")}
        for path in (built.reference[0], built.day)
    ]
    assert all(sides)
    assert not sides[0] & sides[1]


def test_campaigns_that_cannot_be_dealt_are_refused(corpora: Path) -> None:
    twice = (SMALL[0], SMALL[0])
    with pytest.raises(ValueError, match="same name"):
        real_campaigns.deal_prompts(1, corpora, twice)
    greedy = (Planted("all", ("alpaca_52k",), accounts=50, calls=4), Planted("late", ("alpaca_52k",)))
    with pytest.raises(ValueError, match="no prompts are left for campaign late"):
        real_campaigns.deal_prompts(1, corpora, greedy)
