"""Large days: the same bytes for the same seed, every column, campaigns as the truth has them, exchangeable days."""

import json
import sys
from argparse import Namespace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from bench.days import large, large_run
from bench.days.large_accounts import generator, honest_block
from bench.days.large_day import make_day, make_reference, planted
from bench.days.large_prompts import write
from bench.days.large_texts import Pool, read_pool
from bench.world.day import DAY
from gauger.simulate.calls import WRITTEN_SCHEMA
from tests.bench.corpora import write_corpora

CALLS = 9_000


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return read_pool(write_corpora(tmp_path_factory.mktemp("corpora")))


@pytest.fixture(scope="module")
def day(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("large") / "day"
    make_day(pool, out, CALLS, seed=4)
    return out


def calls(folder: Path) -> pa.Table:
    return pa.concat_tables(pq.read_table(path) for path in sorted(folder.glob("*.parquet")))


def test_a_day_has_what_it_says(day: Path) -> None:
    table, truth, about = (
        calls(day / "day"),
        pq.read_table(day / "truth.parquet"),
        json.loads((day / "about.json").read_text()),
    )
    assert table.schema == WRITTEN_SCHEMA
    assert about["calls"] == table.num_rows == pytest.approx(CALLS, rel=0.2)
    assert about["prompt_bytes"] == pc.sum(pc.binary_length(table["prompt_text"])).as_py()
    assert about["distinct_prompts"] == pc.count_distinct(table["prompt_text"]).as_py()
    assert set(table["account_id"].to_pylist()) == set(truth["account_id"].to_pylist())
    assert table["start_time"].to_pylist() == sorted(table["start_time"].to_pylist())
    assert {time.date() for time in table["start_time"].to_pylist()} == {DAY}
    table["prompt_text"].combine_chunks().validate(full=True)


def test_campaigns_are_padded_and_send_their_prompts(day: Path, pool: Pool) -> None:
    table, truth = calls(day / "day"), pq.read_table(day / "truth.parquet")
    for campaign in planted(CALLS):
        members = truth.filter(pc.equal(truth["campaign"], campaign.name))["account_id"]
        own = table.filter(pc.is_in(table["account_id"], value_set=members.combine_chunks()))
        attacks = pc.sum(pc.match_substring(own["prompt_text"], campaign.source)).as_py()
        assert len(members) == campaign.accounts
        assert own.num_rows == pytest.approx(campaign.accounts * campaign.calls, rel=0.1)
        assert attacks / own.num_rows == pytest.approx(1.0 - campaign.padding, abs=0.2)


def test_one_seed_gives_one_day_and_its_accounts_come_back(pool: Pool, day: Path, tmp_path: Path) -> None:
    make_day(pool, tmp_path / "again", CALLS, seed=4)
    for path in [*(day / "day").iterdir(), day / "truth.parquet"]:
        assert (tmp_path / "again" / path.relative_to(day)).read_bytes() == path.read_bytes()
    about = make_reference(pool, tmp_path / "reference", seed=4, accounts=9_000, days=1)
    (folder,) = (path for path in (tmp_path / "reference").iterdir() if path.is_dir())
    before, today = calls(folder), pq.read_table(day / "truth.parquet")
    assert about[0]["accounts"] == pc.count_distinct(before["account_id"]).as_py() == 9_000
    shared = set(before["account_id"].to_pylist()) & set(today["account_id"].to_pylist())
    assert shared
    assert not shared & set(today.filter(pc.is_valid(today["campaign"]))["account_id"].to_pylist())


def test_a_smaller_block_is_the_beginning_of_a_larger(pool: Pool) -> None:
    block = honest_block(pool, 1, "some", 300, DAY)
    account = np.arange(300)
    nothing, none = np.full(300, -1), np.zeros(300, bool)
    whole = write(pool, block.habits, account, generator("x"), nothing, none)
    part = write(pool, block.first(300).habits, account, generator("x"), nothing, none)
    assert whole.prompts == part.prompts
    assert len(set(whole.hashes.tolist())) == len(set(whole.prompts.to_pylist()))
    assert block.some(account[::3]).accounts.account_id.to_pylist() == block.accounts.account_id.to_pylist()[::3]


def test_a_command_is_watched(tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / "inner").mkdir(parents=True)
    code = (
        "import pathlib, sys, time\n"
        "kept = bytes(range(256)) * 400_000\n"
        "path = pathlib.Path(sys.argv[1]) / 'inner' / 'spilled'\n"
        "path.write_bytes(kept[:1_000_000]); time.sleep(0.5); path.unlink(); print('done')"
    )
    cost = large_run.sampled([sys.executable, "-c", code, str(work)], tmp_path / "output.txt", work)
    assert (cost.exit_code, (tmp_path / "output.txt").read_text()) == (0, "done\n")
    assert cost.peak_bytes >= cost.peak_process_bytes > 100_000_000
    assert cost.work_bytes >= 1_000_000
    assert 0 < cost.cpu_seconds <= cost.seconds + 1
    assert large_run.directory_bytes(work) < 100_000


def test_a_row_names_no_place_of_the_machine() -> None:
    chosen = Namespace(command="run", log=Path("/somewhere/5m"), workers=2, memory=None, work=None)
    assert large_run.command_of(chosen) == "python -m bench.days.large run --log 5m --workers 2"


def test_without_corpora_there_is_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GAUGER_CORPORA", str(tmp_path))
    large.main(["make", "--calls", "1000", "--out", str(tmp_path / "day")])
    assert "corpora are absent" in capsys.readouterr().out
    assert not (tmp_path / "day").exists()
