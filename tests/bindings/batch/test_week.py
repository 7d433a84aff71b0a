"""``gauger week``: tables and words, and what it says without days."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from gauger.batch.score import score
from gauger.batch.week import ACCOUNTS, FINDINGS, week
from gauger.commands.main import main
from gauger.engine.common.errors import StateError
from tests.bindings import traffic


def test_a_week_of_one_s_own(tmp_path: Path) -> None:
    log = traffic.write(traffic.table(traffic.honest(5, 5, 1)), tmp_path / "log.parquet")
    score([log], tmp_path / "out", state=tmp_path / "state")
    arguments = ["week", "--state", str(tmp_path / "state"), "--out", str(tmp_path / "week"), "--workers", "1"]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert "Week       1 day up to" in done.output
    assert "no reference of earlier days" in done.output
    assert "No findings." in done.output
    accounts = pq.read_table(tmp_path / "week" / ACCOUNTS)
    assert accounts.num_rows == 5
    assert accounts.column("flagged").to_pylist() == [False] * 5
    assert pq.read_table(tmp_path / "week" / FINDINGS).num_rows == 0


def test_without_a_state_or_days_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="no such state directory"):
        week(tmp_path / "state", tmp_path / "out")
    (tmp_path / "state").mkdir()
    with pytest.raises(StateError, match="no day is kept"):
        week(tmp_path / "state", tmp_path / "out")
