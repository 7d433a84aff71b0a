"""Sheets: of one account, in words; no other account, no threshold, no hostile name."""

import re

import pyarrow as pa

import gauger
from gauger.engine.results import tables
from gauger.package.sheets import sheet
from gauger.results.run import Run
from tests.bindings.package.packed import Packed


def test_each_account_has_one_that_names_it_alone(packed: Packed) -> None:
    run = gauger.read_run(packed.out)
    names = run.accounts.filter(run.accounts["campaign_id"].is_valid())["account_id"].to_pylist()
    sheets = [path.read_text() for path in sorted((packed.package / "accounts").iterdir())]
    assert len(sheets) == len(names)
    for name, text in zip(sorted(names), sheets, strict=True):
        assert [other for other in names if other in text] == [name]


def test_numbers_stand_beside_those_of_others_without_saying_how_it_was_found(packed: Packed) -> None:
    run = gauger.read_run(packed.out)
    rows = [
        {"account_id": "a", "campaign_id": 1, "statistic": name, "value": value, "at_least": least, "at_most": 990,
         "null_size": 1_000, "tail_probability": tail}
        for name, value, least, tail in [
            ("today_share_50", 0.99, 1, 0.0001), ("hour_entropy", 0.97, 2, 0.004), ("gap_variation", 0.1, 995, 0.03),
            ("words_mean", 9.0, 400, 0.8), ("conformity", None, None, 0.0001),
        ]
    ]  # fmt: skip
    text = sheet({"account_id": "a", "calls": 26}, pa.Table.from_pylist(rows, tables.RANKS), run)
    assert "this account sent 26 calls" in text
    assert "0.97; fewer than one in a hundred of them are as high or higher" in text
    assert "0.1; fewer than one in twenty of them are as low or lower" in text
    assert "0.99" not in text
    assert "9" not in re.sub(r"0\.97|2026-\S+ \S+|20\d\d", "", text)
    assert "prompts" not in text


def test_a_hostile_name_is_written_out(packed: Packed) -> None:
    run: Run = gauger.read_run(packed.out)
    text = sheet({"account_id": "a\x1b[2J\nForged", "calls": 1}, tables.RANKS.empty_table(), run)
    assert "a\\x1b[2J\\nForged" in text
    assert "Nothing of this account alone is unusual" in text
