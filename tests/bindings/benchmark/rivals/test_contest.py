"""Contests: who enters, and who is missing."""

import pytest

from gauger.benchmark.command import contests
from gauger.benchmark.rivals import contest, counts, distinct, minhash, templates
from gauger.benchmark.rivals.contest import HASHES, OURS, TEXT, name_of
from gauger.benchmark.rivals.corpus import Corpus, corpus

PROMPTS = corpus(
    "some", [f"Write {number} short poems about the sea, and rhyme number {number} of them." for number in range(40)]
)


@pytest.mark.parametrize("one", contests(), ids=lambda one: one.task)
def test_every_entrant_that_is_installed_works(one: contest.Contest) -> None:
    for work in one.works(PROMPTS).values():
        work()


@pytest.mark.parametrize("one", contests(), ids=lambda one: one.task)
def test_ours_starts_from_text_and_tokenisers_are_known(one: contest.Contest) -> None:
    assert TEXT in one.ours
    assert {rival.tokeniser for rival in one.rivals} - {None} <= set(one.tokenisers)
    if any(HASHES in rival.works for rival in one.rivals):
        assert HASHES in one.ours


def test_who_is_not_installed_does_not_enter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contest, "lacks", lambda package: package != "datasketches")
    works = distinct.CONTEST.works(PROMPTS)
    assert name_of(OURS, TEXT) in works
    assert [name for name in works if name.startswith("datasketches")]
    assert not [name for name in works if name.startswith(("polars", "duckdb", "HLL"))]
    assert contest.missing([distinct.CONTEST, counts.CONTEST]) == ["HLL", "duckdb", "polars"]
    assert contest.missing([counts.CONTEST]) == []
    assert contest.lacks is not None


def test_absence_is_noticed() -> None:
    assert contest.lacks("no-such-distribution-of-anybody")
    assert not contest.lacks("numpy")


def test_a_contest_uses_as_many_prompts_as_it_says() -> None:
    seen: list[int] = []

    def make(part: Corpus) -> contest.Work:
        seen.append(len(part))
        return lambda: None

    contest.Contest("any", 3, {TEXT: make}, ()).works(PROMPTS)
    assert seen == [3]


def test_tasks_have_names_of_their_own() -> None:
    assert len({one.task for one in (minhash.CONTEST, distinct.CONTEST, counts.CONTEST, templates.CONTEST)}) == 4
