"""Honest cohorts that are new on a day: each is what it says."""

from collections import Counter
from pathlib import Path

import pytest

from bench.world import cohorts as real_cohorts
from bench.world import corpora as real_corpora
from bench.world.cohorts import PLANTED, Drawn
from bench.world.corpora import attack_prompts
from bench.world.day import DAY
from tests.bench.corpora import write_corpora


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpora(tmp_path_factory.mktemp("corpora"))


def drawn(corpora: Path, name: str) -> list[Drawn]:
    sources, traffic = real_corpora.benign_sources(corpora), real_corpora.traffic(corpora)
    return list(real_cohorts.cohort_accounts(3, name, corpora, sources, traffic, DAY))


@pytest.mark.parametrize("name", PLANTED)
def test_cohorts_follow_from_the_seed_and_bear_their_name(corpora: Path, name: str) -> None:
    accounts = drawn(corpora, name)
    assert accounts == drawn(corpora, name)
    assert {habit.kind for habit, _ in accounts} == {name}
    assert len({habit.account_id for habit, _ in accounts}) == len(accounts) >= 5
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


def test_viral_prompts_are_few_and_each_account_sends_some(corpora: Path) -> None:
    shared = set(attack_prompts(corpora, ["gpteacher"]))
    accounts = drawn(corpora, "viral prompts")
    sent = [[call.text for call in calls if call.text in shared] for _, calls in accounts]
    assert len({text for texts in sent for text in texts}) <= 20
    assert all(len(texts) <= 5 for texts in sent)
    assert sum(bool(texts) for texts in sent) > 0.7 * len(accounts)


def test_seats_of_an_agency_have_one_owner_and_clients_of_their_own(corpora: Path) -> None:
    accounts = drawn(corpora, "agency")
    assert len({habit.org for habit, _ in accounts}) == 1
    assert len({address for habit, _ in accounts for address in habit.addresses}) == 3


def test_students_ask_beside_what_they_always_ask(corpora: Path) -> None:
    for _, calls in drawn(corpora, "homework"):
        talks = {call.conversation for call in calls if "realhumaneval" in call.text.lower()}
        assert 1 <= len(talks) <= 4
