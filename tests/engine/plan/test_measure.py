"""Measuring: wherever blocks and segments end, every row is accounted for once; and a run goes on behind the last."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from gauger.engine.common.settings import HOUR_US
from gauger.engine.common.shards import SHARDS
from gauger.engine.intake.parts import Ended, Event, Part, Refused
from gauger.engine.plan import measure
from gauger.engine.segments.segment import Account
from gauger.engine.segments.work import Work
from tests.engine import calls
from tests.engine.plan.working import measured, parts_of, working

CALLS = calls.some_calls(230, accounts=6, days=2, seed=14)
for _row in (3, 50, 51, 229):
    CALLS[_row] = {**CALLS[_row], "account_id": None}
GOOD = [call for call in CALLS if call["account_id"] is not None]


def told_of(account: Account) -> dict[str, object]:
    """What does not depend on where segments end."""
    return vars(account) | {"refused": sorted(zip(account.refused_file, account.refused_row, strict=True))}


def rows_in(work: Work) -> list[int]:
    sections = [section for segment in work.segments() for _, section in segment.calls(range(SHARDS))]
    return sorted(row for section in sections for row in section.columns["row"].tolist())


@pytest.mark.parametrize(
    ("segment_rows", "block_rows", "segments"), [(1 << 20, 32_768, 1), (60, 17, 4), (1, 40, 6), (100, 1, 3)]
)
@pytest.mark.parametrize("workers", [1, 3])
def test_every_row_is_accounted_for_wherever_segments_end(
    segment_rows: int, block_rows: int, segments: int, workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "SEGMENT_ROWS", segment_rows)
    monkeypatch.setattr(measure, "BLOCK_ROWS", block_rows)
    with working(tmp_path / "work") as work:
        account = measured(work, parts_of(CALLS), workers=workers)
        assert told_of(work.account()) == told_of(account)
        assert len(work.segments()) >= segments
        assert rows_in(work) == [call["row"] for call in GOOD]
        for file in (0, 1):
            own = CALLS[file::2]
            tally = account.files[file]
            assert (tally.rows, tally.scored) == (len(own), len([call for call in own if call in GOOD]))
            assert tally.rows == tally.scored + tally.refused
            assert (tally.next_row, tally.ended, tally.error) == (own[-1]["row"] + 1, True, None)
        assert sorted(account.refused_row) == [3, 50, 51, 229]
        assert set(account.refused_reason) == {"account_id is missing"}
        times = [call["start_time"] for call in GOOD]
        assert account.window == (min(times), max(times))
        hours, number = np.unique(np.asarray(times) // HOUR_US, return_counts=True)
        assert account.hours == dict(zip(hours.tolist(), number.tolist(), strict=True))
        assert (account.content, account.columns) == ("text", set(calls.TEXT_COLUMNS))
        total = sum(segment.words().total for segment in work.segments())
        assert total == sum(calls.measure(calls.batch_of(GOOD)).words.tolist())


def test_a_run_goes_on_behind_what_was_committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped at any part: what the later run adds is what was not there."""
    monkeypatch.setattr(measure, "SEGMENT_ROWS", 60)
    given = parts_of(CALLS)
    with working(tmp_path / "whole") as work:
        whole = measured(work, given)
        files = [file.read_bytes() for file in sorted((work.path / "segments").iterdir())]

    def killed(after: int) -> Iterator[Part | Event]:
        yield from given[:after]
        raise KeyboardInterrupt

    for after in range(len(given) + 1):
        path = tmp_path / str(after)
        with working(path) as work, pytest.raises(KeyboardInterrupt):
            measured(work, killed(after))
        with working(path) as work:
            known = work.account()
            rest = [one for one in given if _is_new(one, known)]
            assert told_of(measured(work, rest)) == told_of(whole)
            assert [file.read_bytes() for file in sorted((work.path / "segments").iterdir())] == files


def _is_new(one: Part | Event, known: Account) -> bool:
    tally = known.files.get(one.file)
    if tally is None or not isinstance(one, Part):
        return tally is None or not tally.ended
    return not tally.ended and int(one.rows.max()) >= tally.next_row


def test_a_file_that_cannot_be_read_as_calls_costs_its_own_rows_only(tmp_path: Path) -> None:
    good = parts_of(GOOD[:60], files=1)
    colours = Part(pa.record_batch({"colour": ["red", "blue"]}), 7, np.arange(2))
    tokens = Part(calls.batch_of(GOOD[:5], calls.ID_COLUMNS), 8, np.arange(5))
    with working(tmp_path / "work") as work:
        account = measured(work, [colours, *good, tokens, tokens])
        assert account.files[0].scored == 60
        assert (account.files[7].refused, account.files[8].refused) == (2, 5)
        assert account.files[8].error == "this run holds prompts as text; it cannot take token ids: score the two apart"
        assert "colour" not in str(account.files[7].error)
        assert rows_in(work) == sorted(call["row"] for call in GOOD[:60])


def test_rows_of_several_files_in_one_part_count_for_their_own(tmp_path: Path) -> None:
    some = [*GOOD[:5], {**GOOD[5], "account_id": None}, *GOOD[6:9]]
    files, rows = np.repeat(np.array([2, 3, 5], np.int32), 3), np.tile(np.arange(3), 3)
    together = Part(calls.batch_of(some), files, rows)
    colours = Part(pa.record_batch({"colour": ["red", "blue"]}), np.array([7, 8], np.int32), np.array([0, 0]))
    with working(tmp_path / "work") as work:
        account = measured(work, [together, Ended(2), Ended(3), Ended(5), colours])
        counts = {file: (one.rows, one.scored, one.refused, one.next_row) for file, one in account.files.items()}
        assert {file: counts[file] for file in (2, 3, 5)} == {2: (3, 3, 0, 3), 3: (3, 2, 1, 3), 5: (3, 3, 0, 3)}
        assert (account.files[7].refused, account.files[8].refused) == (1, 1)
        refused = zip(account.refused_file, account.refused_row, account.refused_reason, strict=True)
        assert (3, 2, "account_id is missing") in list(refused)
        assert rows_in(work) == [0, 0, 0, 1, 1, 1, 2, 2]


def test_what_a_reader_refuses_is_noted_with_its_reasons(tmp_path: Path) -> None:
    broken = Refused(0, np.asarray([41, 900]), ["no JSON", "no JSON either"])
    with working(tmp_path / "work") as work:
        account = measured(work, [broken, *parts_of(GOOD[:10], files=1)])
        assert (account.files[0].rows, account.files[0].next_row) == (12, 901)
        assert dict(zip(account.refused_row, account.refused_reason, strict=True)) == {
            41: "no JSON",
            900: "no JSON either",
        }
        assert told_of(work.account()) == told_of(account)


def test_what_is_no_call_is_left_out_and_not_refused(tmp_path: Path) -> None:
    spans = Refused(0, np.asarray([41, 900, 901]), ["not a call: tool", "not a call: embedding", "not a call: tool"])
    with working(tmp_path / "work") as work:
        account = measured(work, [spans, *parts_of(GOOD[:10], files=1)])
        tally = account.files[0]
        assert (tally.rows, tally.scored, tally.refused, tally.left_out) == (13, 10, 0, 3)
        assert account.left_out == {"tool": 2, "embedding": 1}
        assert account.refused_row == []
        assert told_of(work.account()) == told_of(account)


def test_columns_and_keys_are_counted_and_refused_rows_have_their_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "SEGMENT_ROWS", 2)
    columns = {
        "start_time": ["2026-11-16T10:00:00Z"] * 6,
        "account_id": ["a", "a", "b", None, "-", "a"],
        "prompt_text": ["Sort it", "", "Sort", "it", "it", "it"],
        "client_address": ["203.0.113.5", "the office", None, "-", "203.0.113.5:80", "203.0.113.6"],
        "org_id": ["k1", "k2", "k3", "k4", None, "k1"],
    }
    parts = [Part(pa.record_batch(columns).slice(row, 2), 0, np.arange(row, row + 2)) for row in (0, 2, 4)]
    with working(tmp_path / "work") as work:
        account = measured(work, parts)
        assert dict(zip(account.refused_row, account.refused_account, strict=True)) == {1: "a", 3: "", 4: ""}
        assert account.filled["account_id"] == [4, 4]
        assert account.filled["client_address"] == [4, 3]
        assert len(account.names["org_id"]) == 2  # of scored calls: k1 and k3
        again = work.account()
        assert (again.filled, again.names) == (account.filled, account.names)


def test_an_input_without_rows_makes_an_account_of_it(tmp_path: Path) -> None:
    with working(tmp_path / "work") as work:
        account = measured(work, parts_of([], files=2))
        assert {file: tally.ended for file, tally in account.files.items()} == {0: True, 1: True}
        assert account.scored == 0
        assert told_of(work.account()) == told_of(account)
