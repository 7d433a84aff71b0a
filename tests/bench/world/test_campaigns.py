"""How campaigns hide: volumes, short lives and frames."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from bench.world import campaigns as real_campaigns
from bench.world import corpora as real_corpora
from bench.world.campaigns import Planted
from bench.world.day import DAY
from bench.world.frames import NEW_VENDOR_FRAME
from bench.world.people import Call, Habit
from tests.bench.corpora import write_corpora


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpora(tmp_path_factory.mktemp("corpora"), attack=900)


def planted_day(corpora: Path, planted: Planted) -> list[tuple[Habit, list[str], list[Call]]]:
    timing, sources = real_corpora.traffic(corpora), real_corpora.benign_sources(corpora)
    dealt, _ = real_campaigns.deal_prompts(1, corpora, [planted], timing)
    prompts = dealt[planted.name]
    habits = real_campaigns.campaign_habits(1, planted, len(prompts), timing)
    return [
        (habit, own, real_campaigns.campaign_calls(1, planted, habit, own, sources, DAY))
        for habit, own in zip(habits, prompts, strict=True)
    ]


def test_honest_volumes_are_unequal_and_keep_the_padding(corpora: Path) -> None:
    day = planted_day(corpora, Planted("hidden", ("alpaca_52k",), accounts=40, padding=0.5, volumes="honest"))
    volumes = [len(calls) for _, _, calls in day]
    assert len(set(volumes)) > 2
    assert min(volumes) >= 5
    for habit, prompts, calls in day:
        assert len(calls) == round(habit.rate)
        assert len(prompts) == max(1, round(0.5 * len(calls)))
        assert set(prompts) <= {call.text for call in calls}
    assert len({prompt for _, own, _ in day for prompt in own}) == sum(len(own) for _, own, _ in day)


def test_burnt_accounts_are_made_used_and_thrown_away(corpora: Path) -> None:
    starts = []
    for habit, _, calls in planted_day(corpora, Planted("burnt", ("alpaca_52k",), accounts=30, lifetime_hours=2.0)):
        seconds = [call.second for call in calls]
        assert max(seconds) - min(seconds) <= 7_200
        assert min(seconds) + habit.age_days * 86_400 > 0  # the account is older than its first call
        assert min(seconds) + habit.age_days * 86_400 < 7_260
        starts.append(min(seconds))
    assert np.ptp(starts) > 10 * 3_600


def test_padding_may_be_drawn_call_by_call(corpora: Path) -> None:
    even = Planted("drawn", ("alpaca_52k",), accounts=30, calls=20, padding=0.5, drawn=True)
    numbers = [len(prompts) for _, prompts, _ in planted_day(corpora, even)]
    assert len(set(numbers)) > 4
    assert abs(np.mean(numbers) - 10) < 1.5


def test_copied_prompts_are_sent_by_so_many_accounts(corpora: Path) -> None:
    day = planted_day(corpora, Planted("copied", ("alpaca_52k",), accounts=30, calls=10, copies=3))
    senders = Counter(prompt for _, prompts, _ in day for prompt in set(prompts))
    assert sum(len(prompts) for _, prompts, _ in day) == 300
    assert len(senders) == 100
    assert np.mean([number == 3 for number in senders.values()]) > 0.9  # now and then one account has two of them


def test_sorted_prompts_lie_together(corpora: Path) -> None:
    day = planted_day(corpora, Planted("sorted", ("alpaca_52k",), accounts=30, calls=10, deal="sorted"))
    dealt = [prompt for _, prompts, _ in day for prompt in prompts]
    assert dealt == sorted(dealt)
    assert len(set(dealt)) == 300


def test_a_new_vendors_frame_is_around_every_call(corpora: Path) -> None:
    day = planted_day(corpora, Planted("copying", ("alpaca_52k",), accounts=5, padding=0.5, frame="new vendor"))
    begin = NEW_VENDOR_FRAME.split("{message}")[0]
    assert all(call.text.startswith(begin) for _, _, calls in day for call in calls)
