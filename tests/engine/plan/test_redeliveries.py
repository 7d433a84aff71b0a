"""A log in which records come again says what it says where each comes once, but for the account of its rows."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from gauger.engine.common import shards
from gauger.engine.intake.parts import Ended, Event, Part
from gauger.engine.plan import measure, redeliveries
from gauger.engine.plan.local import Local, LocalRun
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.results.result import CallRows, Result, in_order
from gauger.engine.segments.deliveries import DELIVERED_AGAIN
from gauger.engine.segments.segment import Account
from tests.engine import worlds
from tests.engine.worlds import ENGINE_SETTINGS, Call

TABLES = ("accounts", "families", "campaigns", "ranks", "edges", "neighbours", "calls")
FILES = 3
Placed = list[tuple[int, int, Call]]  # file, row, call


def some_calls() -> list[Call]:
    """A campaign's day. Every call has a response id, but for a few; many carry texts, some of them standing ones."""
    words, found = worlds.Words(17), []
    system = {place: words.text(12) for place in range(9)}
    for number, call in enumerate(worlds.shuffled(worlds.campaign_day(), 7)):
        texts = [words.text(9) for _ in range(number % 4)] + [system[hash_of(call) % 9]] * (number % 3 > 0)
        response = None if number % 41 == 0 else f"response-{number % 50}"  # the same one on calls of many accounts
        found.append({**call, "response_id": response, "context_texts": texts or None})
    # Sent three times: twice one after the other, and once more with another id.
    copied = [{**found[7], "response_id": "response-x"}, {**found[9], "context_texts": None}]
    return [*found, *copied]


def hash_of(call: Call) -> int:
    return sum(call["account_id"].encode())


CALLS = some_calls()


def delivered(most: int, seed: int) -> tuple[Placed, Placed]:
    """Every call at one to ``most`` places, and the log in which each lies at the first of them alone."""
    chance = np.random.default_rng(seed)
    places = chance.permutation(FILES * 2_000 * most)
    log, once = [], []
    at = 0
    for number, call in enumerate(CALLS):
        times = int(chance.integers(1, most + 1)) if call["response_id"] else 1
        own = sorted((int(place) % FILES, int(place) // FILES) for place in places[at : at + times])
        if number % 10 == 0 and times > 1:
            own[1] = (own[0][0], own[0][1] + 1)  # one after the other: in one block, mostly
        at += times
        log += [(*place, call) for place in dict.fromkeys(own)]
        once.append((*own[0], call))
    taken = {(file, row) for file, row, _ in once}
    held: dict[tuple[int, int], Call] = {(file, row): call for file, row, call in once}
    held |= {(file, row): call for file, row, call in log if (file, row) not in taken}
    return [(*place, call) for place, call in sorted(held.items(), key=lambda pair: pair[0])], sorted(
        once, key=lambda one: one[:2]
    )


def parts_of(log: Placed, rows: int = 60) -> list[Part | Event]:
    found: list[Part | Event] = []
    for file in range(FILES):
        own = [(row, call) for number, row, call in log if number == file]
        for start in range(0, len(own), rows):
            piece = own[start : start + rows]
            found.append(Part(worlds.batch([call for _, call in piece]), file, np.asarray([row for row, _ in piece])))
        found.append(Ended(file))
    return found


def result_of(run: LocalRun) -> Result:
    finished = run.finish(None)
    rows = CallRows.together([finished.calls(unit) for unit in finished.units])
    return replace(finished.result, calls=finished.naming.table(rows, in_order(rows)))


def begun(state: Path, work: Path, workers: int = 1) -> LocalRun:
    return LocalRun(work, "calls", ENGINE_SETTINGS, StateDirectory(state), Local(workers=workers))


def scored(log: Placed, state: Path, work: Path, *, workers: int = 1, rows: int = 60) -> tuple[Result, Account]:
    run = begun(state, work, workers)
    run.measure(parts_of(log, rows), lambda _: None)
    found = result_of(run)
    run.work.finish()
    return found, run.account


def assert_same(found: Result, expected: Result) -> None:
    for name in TABLES:
        assert getattr(found, name).equals(getattr(expected, name)), name


def assert_accounted(account: Account, once: Account, log: Placed) -> None:
    again = len(log) - len(CALLS)
    assert account.left_out == {DELIVERED_AGAIN: again}
    assert account.scored == once.scored == len(CALLS)
    for file, tally in account.files.items():
        assert tally.rows == tally.scored + tally.left_out == sum(number == file for number, _, _ in log)
        assert tally.scored == once.files[file].scored
    assert (account.hours, account.window) == (once.hours, once.window)


@pytest.fixture(scope="module")
def expected(directory: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Placed, Result, Account]:
    """The log that comes up to three times, and what is said of it in which each call comes once."""
    log, once = delivered(3, 5)
    return log, *scored(once, directory, tmp_path_factory.mktemp("once") / "work")


@pytest.mark.parametrize(
    ("cut", "workers", "rows"),
    [((450_000, 1 << 20, 32_768), 1, 5_000), ((200, 200, 33), 3, 60), ((10, 1, 64), 3, 17)],
)
def test_what_comes_again_counts_once_wherever_it_lies(
    cut: tuple[int, int, int],
    workers: int,
    rows: int,
    expected: tuple[Placed, Result, Account],
    directory: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In one block, or another block, segment or file, for any number of units and threads."""
    log, result, account = expected
    names = ((shards, "_UNIT_CALLS"), (measure, "SEGMENT_ROWS"), (measure, "BLOCK_ROWS"))
    for name, size in zip(names, cut, strict=True):
        monkeypatch.setattr(*name, size)
    if cut[0] != 450_000:  # other units weigh other arrays
        result, account = scored(delivered(3, 5)[1], directory, tmp_path / "once")
    found, own = scored(log, directory, tmp_path / "work", workers=workers, rows=rows)
    assert_same(found, result)
    assert_accounted(own, account, log)
    assert found.families.num_rows >= 1


def test_the_log_holds_what_the_tests_are_about(expected: tuple[Placed, Result, Account]) -> None:
    log, result, _ = expected
    assert len(log) > 1.5 * len(CALLS)
    neighbours = sum(one[2] is other[2] and one[0] == other[0] for one, other in pairwise(log))
    assert neighbours > 10
    assert result.calls.num_rows == len(CALLS)
    assert result.reference_accounts > 0
    assert result.campaigns.num_rows >= 1


def test_calls_without_a_response_id_are_never_joined(directory: Path, tmp_path: Path) -> None:
    log: Placed = [(0, row, {**CALLS[1], "response_id": None}) for row in range(7)]
    _, account = scored([*log, (0, 7, CALLS[1])], directory, tmp_path / "work")
    assert (account.scored, account.left_out) == (8, {})


def test_a_prompt_that_came_again_is_no_repeated_prompt(directory: Path, tmp_path: Path) -> None:
    log: Placed = [(0, row, CALLS[1 + row // 9]) for row in range(90)]
    result, account = scored(log, directory, tmp_path / "work")
    assert (account.scored, account.left_out) == (10, {DELIVERED_AGAIN: 80})
    assert result.families.num_rows == 0
    assert result.calls["row"].to_pylist() == list(range(0, 90, 9))


class Stopped(BaseException):
    """A kill that a test survives."""


def test_a_run_that_is_killed_there_goes_on(
    expected: tuple[Placed, Result, Account], directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the list of them is written, after that, and while the day is finished."""
    log, result, account = expected
    write = redeliveries.write_arrays

    def stop(*_: object) -> None:
        raise Stopped

    def write_and_stop(path: Path, arrays: dict[str, np.ndarray]) -> None:
        write(path, arrays)
        raise Stopped

    parts: Sequence[Part | Event] = parts_of(log)
    for place, instead in (
        ("gauger.engine.plan.redeliveries.write_arrays", stop),
        ("gauger.engine.plan.redeliveries.write_arrays", write_and_stop),
        ("gauger.engine.plan.finish.describe_groups", stop),
    ):
        run = begun(directory, tmp_path / "work")
        with monkeypatch.context() as patch:
            patch.setattr(place, instead)
            with pytest.raises(Stopped):
                measure_and_finish(run, parts)
        run.work.close()
        parts = []
    with monkeypatch.context() as patch:
        patch.setattr(redeliveries, "write_arrays", stop)  # they are known: nobody looks again
        run = begun(directory, tmp_path / "work")
        assert_accounted(run.account, account, log)
        run.measure(empty(), lambda _: None)
    assert_same(result_of(run), result)
    assert_accounted(run.account, account, log)
    run.work.finish()


def measure_and_finish(run: LocalRun, parts: Sequence[Part | Event]) -> None:
    run.measure(parts, lambda _: None)
    run.finish(None)


def empty() -> Iterator[Part | Event]:
    yield from ()
