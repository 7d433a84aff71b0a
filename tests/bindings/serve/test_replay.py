"""What a policy would have cost: by hand, on tables of a few accounts."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gauger.engine.common.errors import InputError
from gauger.host.policy import Rule, Rules
from gauger.serve.replay import replay, to_text

RULES = Rules(rules=(Rule("block", "campaigns", assessments=("campaign",)), Rule("watch", tiers=("flagged",))))
ACCOUNTS = {
    "c1": (10, 1, True),
    "c2": (20, 1, True),
    "u1": (30, 2, True),
    "alone": (5, None, True),
    "h": (7, None, False),
}


def day(folder: Path, accounts: dict[str, tuple[int, int | None, bool]]) -> Path:
    folder.mkdir()
    columns = list(zip(*accounts.values(), strict=True))
    table = {
        "account_id": list(accounts),
        "calls": columns[0],
        "evidence": [4.0] * len(accounts),
        "flagged": columns[2],
        "campaign_id": pa.array(columns[1], pa.int64()),
    }
    pq.write_table(pa.table(table), folder / "accounts.parquet")
    findings = [
        {"campaign_id": number, "assessment": word, "probability": probability, "evidence": 9.0, "accounts": 2,
         "calls": 30, "explanation": "new population"}
        for number, word, probability in ((1, "campaign", 0.9), (2, "unclear", 0.4))
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(findings), folder / "campaigns.parquet")
    return folder


def test_what_is_expected_of_a_day(tmp_path: Path) -> None:
    (found,) = replay([day(tmp_path / "a", ACCOUNTS)], RULES)
    block, watch = found.touched.values()
    assert (block.accounts, block.calls, block.honest) == (2, 30, pytest.approx(0.2))
    assert (watch.accounts, watch.honest) == (1, 1.0)
    assert found.campaign_calls == pytest.approx(0.9 * 30 + 0.4 * 30)
    assert found.leaked_calls == pytest.approx(0.4 * 30)
    assert found.share == 2 / 5
    assert found.is_tripped
    assert "breaker" in to_text([found], is_truth=False)


def test_with_the_truth_and_the_verdicts_of_the_day_before(tmp_path: Path) -> None:
    pq.write_table(pa.table({"account_id": ["c1", "c2", "new"], "campaign": ["x", None, "x"]}), tmp_path / "truth")
    first = day(tmp_path / "a", ACCOUNTS)
    second = day(tmp_path / "b", {**ACCOUNTS, "new": (100, 1, True)})
    one, before, itself = replay([first, second], RULES, tmp_path / "truth")
    assert one.touched[("block", "campaigns")].honest == 1.0
    assert (before.campaign_calls, before.leaked_calls) == (110.0, 100.0)
    assert itself.leaked_calls == 0.0
    assert "of the truth given" in to_text([one], is_truth=True)


def test_folders_that_are_no_day(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no day that was scored"):
        replay([tmp_path], RULES)
    with pytest.raises(InputError, match="no table"):
        replay([day(tmp_path / "a", ACCOUNTS)], RULES, tmp_path / "none")
