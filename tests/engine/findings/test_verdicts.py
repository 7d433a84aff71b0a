"""Verdicts: hand-made findings get the right word, with and without their calls."""

from dataclasses import replace

import numpy as np
import pytest

from gauger.engine.families.families import EXACT, TEMPLATE
from gauger.engine.findings.finding import Fact, Finding
from gauger.engine.findings.said import Alike, Said
from gauger.engine.findings.signs import SIGNS, Group
from gauger.engine.findings.verdicts import (
    VERDICTS,
    Content,
    assessed,
    content_of,
    honest_word,
    ranked,
    speaks_for_one,
    weighed,
    word_of,
)
from gauger.engine.findings.weights import INTERCEPT, WEIGHTS
from gauger.engine.state.links import ADDRESS, CHANNELS, ORGANISATION, PAYMENT
from tests.engine import worlds
from tests.engine.coordinated import MEMBERS, world

ALIKE = Alike(0.2, 0.01)


ODD = 6  # of an account's eight calls


def said(*, one_deck: bool, members: int = MEMBERS, repeated: bool = False) -> Said:
    """What accounts said: odd calls dealt from one deck, or of topics of each account's own."""
    random = np.random.default_rng(7)
    own = np.repeat(np.arange(members), 8)
    topics = random.integers(0, worlds.HONEST_TOPICS, len(own)) if one_deck else own % worlds.HONEST_TOPICS
    odd = np.arange(len(own)) % 8 < ODD
    senders = np.full(len(own), -9 if repeated else 1, np.int32)
    features = worlds.feature_rows(random, topics)
    probability = np.where(odd, 0.001, 0.5)
    return Said(np.arange(members), own, features, np.arange(len(own)), probability, senders)


def found(
    *,
    coordinated: bool,
    family: list[int],
    kinds: list[int],
    repeats: list[int],
    members: int = MEMBERS,
    one_deck: bool | None = None,
) -> Finding:
    group = world(coordinated=coordinated, members=members)
    calls = np.asarray(family, np.int64), np.asarray(repeats, np.int64)
    content = content_of(worlds.families(kinds), *calls)
    one_deck = coordinated if one_deck is None else one_deck
    told = said(one_deck=one_deck, members=members, repeated=not one_deck)
    return assessed(Finding(group.members), replace(group, repeats=calls[1]), told, ALIKE, content)


def judged(group: Group, content: Content | None = None, *, one_deck: bool = True) -> Finding:
    return assessed(Finding(group.members), group, said(one_deck=one_deck), ALIKE, content)


def linked(group: Group, pairs: list[tuple[int, int, int]], *, without: int | None = None) -> Group:
    """The group with more links, and without the members' own of a channel."""
    today = group.today
    kept = np.ones(len(today.link_owner), bool)
    if without is not None:
        kept = (today.link_channel != without) | (today.link_owner >= MEMBERS)
    owner, channel, value = (np.asarray(column) for column in zip(*pairs, strict=True))
    owner = np.concatenate([today.link_owner[kept], owner])
    order = np.argsort(owner, kind="stable")
    today = replace(
        today,
        link_owner=owner[order],
        link_channel=np.concatenate([today.link_channel[kept], channel.astype(np.uint8)])[order],
        link_value=np.concatenate([today.link_value[kept], value.astype(np.uint64)])[order],
    )
    return replace(group, today=today)


def test_coordination_makes_a_campaign() -> None:
    finding = found(coordinated=True, family=[-1] * 1_500, kinds=[], repeats=[1] * 1_500)
    assert finding.verdict == "campaign"
    present = {sign.statistic for sign in finding.signs if sign.present}
    assert present == {kind.statistic for kind in SIGNS} - {"shared_payment", "shared_network_and_hour"}
    assert finding.links == ("content", "client address")


def test_one_template_uneven_volumes_and_old_accounts_make_a_shared_tool() -> None:
    repeats = [1] * 500 + [4] * 500
    finding = found(coordinated=False, family=[0] * 900 + [-1] * 100, kinds=[TEMPLATE], repeats=repeats)
    assert finding.verdict == "shared tool"
    assert finding.links == ("content", "template family")
    assert sum(bool(sign.present) for sign in finding.signs) < 3


def test_prompts_everybody_repeats_make_a_shared_tool() -> None:
    family = [0] * 300 + [1] * 400 + [-1] * 300
    finding = found(coordinated=False, family=family, kinds=[EXACT, EXACT], repeats=[9] * 1_000)
    assert finding.verdict == "shared tool"
    assert finding.links == ("content",)


@pytest.mark.parametrize(("coordinated", "members", "verdict"), [(False, 8, "evaluation run"), (True, 18, "campaign")])
def test_a_few_accounts_running_one_template_are_an_evaluation_unless_coordinated(
    coordinated: bool, members: int, verdict: str
) -> None:
    family = [0] * 950 + [-1] * 50
    finding = found(coordinated=coordinated, family=family, kinds=[TEMPLATE], repeats=[1] * 1_000, members=members)
    assert finding.verdict == verdict


def test_new_content_without_coordination_is_a_new_population() -> None:
    finding = found(coordinated=False, family=[-1] * 1_000, kinds=[], repeats=[1] * 900 + [2] * 100)
    assert finding.verdict == "new population"


@pytest.mark.parametrize(("channel", "values"), [(ORGANISATION, 1), (PAYMENT, 1), (ADDRESS, 2)])
def test_who_signs_every_account_with_one_name_hides_nothing(channel: int, values: int) -> None:
    """A company's pipeline is as coordinated as a campaign; but all of its accounts show one owner."""
    own = [(account, channel, 70_000 + account % values * int(account % 10 == 0)) for account in range(MEMBERS)]
    group = linked(world(coordinated=True), own, without=channel)
    finding = judged(group)
    assert finding.verdict == "shared tool"
    (sign,) = (sign for sign in finding.signs if sign.statistic == "concealment")
    assert (sign.present, sign.value) == (False, pytest.approx(1.0, abs=0.11))
    assert CHANNELS[channel] in sign.sentence


def test_rotating_over_one_pool_of_addresses_is_no_openness() -> None:
    pool = [(account, ADDRESS, 90_000 + number) for account in range(MEMBERS) for number in range(8)]
    group = linked(world(coordinated=True), pool)
    assert judged(group).verdict == "campaign"


def test_a_week_says_what_a_day_says_of_calls_that_tell_nothing() -> None:
    """Kept days know no families: the word comes from the same function, without what calls have in common."""
    for coordinated, open_owner in ((True, False), (True, True), (False, False)):
        group = world(coordinated=coordinated)
        if open_owner:
            group = linked(group, [(account, ORGANISATION, 5) for account in range(MEMBERS)])
        nothing = content_of(worlds.families([]), np.full(50, -1), np.ones(50, np.int64))
        assert judged(group) == judged(group, nothing)


def test_allowed_families_join_nobody_and_speak_for_a_shared_tool() -> None:
    families = worlds.families([TEMPLATE], allowed=[True])
    content = content_of(families, np.asarray([0] * 9 + [-1]), np.ones(10, np.int64))
    assert (content.own_template, content.templated, content.top_family_share) == (False, True, 0.9)


@pytest.mark.parametrize(
    ("accounts", "open_owner", "content", "word"),
    [
        (21, False, Content(), "new population"),
        (21, True, Content(templated=True), "shared tool"),
        (20, True, Content(templated=True), "evaluation run"),
        (20, False, Content(templated=True, top_family_share=0.5), "evaluation run"),
        (21, False, Content(top_family_share=0.5), "shared tool"),
        (21, False, Content(top_family_share=0.49, repeated_share=0.5), "shared tool"),
        (21, False, Content(top_family_share=0.49, repeated_share=0.49), "new population"),
    ],
)
def test_the_honest_word_at_its_limits(accounts: int, open_owner: bool, content: Content, word: str) -> None:
    assert word in VERDICTS
    assert honest_word(accounts, open_owner, content) == word


@pytest.mark.parametrize(
    ("probability", "open_owner", "word"),
    [(0.5, False, "campaign"), (0.49, False, "unclear"), (0.2, False, "unclear"), (0.19, False, "shared tool"),
     (0.99, True, "shared tool")],
)  # fmt: skip
def test_the_word_at_its_limits(probability: float, open_owner: bool, word: str) -> None:
    assert word_of(probability, open_owner, "shared tool") == word


def facts(value: float) -> list[Fact]:
    return [Fact(name, value, "") for name in WEIGHTS]


def test_the_probability_is_logistic_in_the_facts() -> None:
    probability, told = weighed(facts(1.0))
    odds = INTERCEPT + sum(weight for weight, _ in WEIGHTS.values())
    assert probability == pytest.approx(1 / (1 + np.exp(-odds)))
    assert [one.weight for one in told] == [weight for weight, _ in WEIGHTS.values()]


def test_every_fact_speaks_for_one_actor_or_not_at_all() -> None:
    """Monotone: no fact that an attacker makes weaker makes a campaign of him, none he makes stronger clears him."""
    for name, (weight, unknown) in WEIGHTS.items():
        assert weight >= 0, name
        assert 0 <= unknown <= 1, name


def test_what_is_not_known_lies_between() -> None:
    least, middle, most = (weighed(facts(value))[0] for value in (0.0, float("nan"), 1.0))
    assert least < middle < most


def test_findings_are_ranked_by_probability_times_size() -> None:
    sizes, probabilities = (10, 100, 30), (0.9, 0.05, 0.5)
    found = [Finding(np.arange(size), probability=one) for size, one in zip(sizes, probabilities, strict=True)]
    assert [len(one.members) for one in ranked(found)] == [30, 10, 100]


def test_an_owner_does_not_make_a_finding_disappear() -> None:
    group = linked(world(coordinated=True), [(account, ORGANISATION, 5) for account in range(MEMBERS)])
    finding = judged(group)
    assert finding.verdict == "shared tool"
    assert speaks_for_one(finding)
    assert not speaks_for_one(judged(world(coordinated=False), one_deck=False))
