"""Mutants: who crashes, hangs, takes too much or miscounts is named; and a small run finds nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.robustness import mutants, page
from bench.robustness.watch import Child, LostError

SOUND = {"cpu": 0.1, "peak": 1, "troubles": [], "files": {}}


class Played(Child):
    """A child that plays what is written for a mutant: an answer, or that it is lost."""

    def __init__(self, parts: dict[int, dict[str, Any] | str]) -> None:
        self._parts, self._waiting = parts, list[Any]()
        self.ended = 0

    def order(self, order: dict[str, Any]) -> None:
        if "mutants" in order:
            own = [self._parts[number] for _, number in order["mutants"] if number in self._parts]
            self._waiting = own[:1] or [SOUND]
        else:
            self._waiting = [{**SOUND, "number": one, **self._of(one)} for one in range(*order["numbers"])]

    def _of(self, number: int) -> dict[str, Any]:
        part = self._parts.get(number, {})
        return {"lost": part} if isinstance(part, str) else part

    def answer(self, seconds: float) -> dict[str, Any]:
        found = self._waiting.pop(0)
        if isinstance(found, str) or "lost" in found:
            raise LostError(found if isinstance(found, str) else found["lost"])
        return dict(found)

    def end(self) -> None:
        self._waiting, self.ended = [], self.ended + 1


def test_a_child_reads_so_many_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutants, "_OF_A_CHILD", 3)
    child = Played({})
    assert [one["number"] for one in mutants.read_all(child, "csv", 1, range(2, 9))] == list(range(2, 9))
    assert child.ended == 3


def test_who_is_lost_is_named_and_the_others_go_on() -> None:
    child = Played({2: "died with code -11", 4: {"cpu": 11.0}, 5: {"peak": 3 << 30}})
    found = list(mutants.read_all(child, "csv", 1, range(7)))
    assert [one["number"] for one in found] == list(range(7))
    assert [one["troubles"] for one in found if one["troubles"]] == [
        ["died with code -11"],
        ["took 11 s"],
        ["took 3072 MiB"],
    ]


def test_a_run_that_makes_trouble_is_cut_until_its_mutants_are_found() -> None:
    child = Played({5: "died with code -6", 9: {**SOUND, "troubles": ["a reason"]}})
    found = mutants.score_all(child, 1, [("csv", number) for number in range(12)], {})
    assert found["troubles"] == [["csv", 5, "died with code -6"], ["csv", 9, "a reason"]]


def test_rows_are_those_of_the_readers_unless_an_error_says_why() -> None:
    files = {"json-lines-000003": [5, False], "csv-000001": [5, True], "csv-000002": [4, False]}
    read = {("json-lines", 3): [6, False], ("csv", 1): [6, False], ("csv", 2): [4, False]}
    child = Played({3: {**SOUND, "files": files}})
    found = mutants.score_all(child, 1, [("json-lines", 3)], read)
    assert found["troubles"] == [["json-lines", 3, "5 rows in a run, 6 when read alone"]]


def test_a_small_run_finds_nothing(tmp_path: Path) -> None:
    history, names = tmp_path / "robustness.jsonl", ["parquet", "orc", "csv", "openai"]
    places = ["--folder", str(tmp_path / "scratch"), "--history", str(history)]
    mutants.main(["--formats", *names, "--mutants", "3", "--seed", "9", *places])
    rows = [json.loads(line) for line in history.read_text().splitlines()]
    read = {name: one for row in rows for name, one in row.get("read", {}).items()}
    assert list(read) == names
    assert all(one["mutants"] == 3 and one["troubles"] == 0 for one in read.values())
    assert all(one["rows"] == one["scored"] + one["refused"] + one["left_out"] for one in read.values())
    scored = [one for row in rows for one in row.get("scored", [])]
    assert sum(one["mutants"] for one in scored) == 3 * len(names)
    assert [one["troubles"] for one in scored] == [[]] * len(scored)
    assert page.figures(history).keys() == {"read", "scored", "runs"}
