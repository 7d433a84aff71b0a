"""Honest cohorts that are new on a day: each is what it says."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from bench.world import cohorts as real_cohorts
from bench.world import corpora as real_corpora
from bench.world.cohorts import COHORTS, Drawn
from bench.world.day import DAY
from tests.bench.corpora import write_corpora


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpora(tmp_path_factory.mktemp("corpora"))


def drawn(corpora: Path, name: str) -> list[Drawn]:
    sources, traffic = real_corpora.benign_sources(corpora), real_corpora.traffic(corpora)
    return list(real_cohorts.cohort_accounts(3, name, corpora, sources, traffic, DAY))


@pytest.mark.parametrize("name", COHORTS)
def test_cohorts_follow_from_the_seed_and_bear_their_name(corpora: Path, name: str) -> None:
    accounts = drawn(corpora, name)
    assert accounts == drawn(corpora, name)
    assert {habit.kind for habit, _ in accounts} == {name}
    assert len({habit.account_id for habit, _ in accounts}) == len(accounts) >= 12
    assert all(calls and all(0.0 <= call.second < 86_400 for call in calls) for _, calls in accounts)


def test_an_evaluation_repeats_its_items_over_accounts(corpora: Path) -> None:
    accounts = drawn(corpora, "new evaluation harness")
    senders = Counter(text for _, calls in accounts for text in {call.text for call in calls})
    assert len({habit.org for habit, _ in accounts}) == 1
    assert senders.most_common(1)[0][1] >= 6


def test_a_classroom_is_one_address_for_two_hours(corpora: Path) -> None:
    accounts = drawn(corpora, "new classroom")
    assert len({habit.addresses for habit, _ in accounts}) == 1
    hours = Counter(int(call.second // 3600) for _, calls in accounts for call in calls)
    assert hours[9] + hours[10] > 0.95 * hours.total()


def test_frames_are_where_they_belong(corpora: Path) -> None:
    def framed(name: str, start: str) -> float:
        texts = [call.text for _, calls in drawn(corpora, name) for call in calls]
        return sum(text.startswith(start) for text in texts) / len(texts)

    assert framed("new vendor app", "[Harbour & Pine") == 1.0
    assert framed("new batch pipeline", "Extract every") == 1.0
    assert 0.6 < framed("new popular tool", "/quill") < 0.8


def test_agents_repeat_their_goal_in_conversations(corpora: Path) -> None:
    for _, calls in drawn(corpora, "new agents")[:5]:
        talks: dict[str | None, list[str]] = {}
        for call in calls:
            talks.setdefault(call.conversation, []).append(call.text)
        assert None not in talks
        assert all(later.startswith(earlier) for own in talks.values() for earlier, later in pairwise(own))
