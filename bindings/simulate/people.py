"""Ordinary people: varied, each with stable habits."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from gauger.simulate import clock
from gauger.simulate.accounts import AGENTS, MICROSECONDS_PER_DAY, Accounts, Network, random_ids
from gauger.simulate.calls import Calls
from gauger.simulate.language.foreign import LANGUAGES
from gauger.simulate.language.prompts import ATTRIBUTES, COLUMN, FIRST_HABIT, LARGEST_SIZE, grammar
from gauger.simulate.language.topics import TECHNICAL_TOPICS, TOPICS
from gauger.simulate.language.words import OWN_NAMES

MEAN_CALLS = 16.0
_VOLUME_SPREAD = 1.05  # of the logarithm: the busiest percent makes a tenth of all calls
MOST_CALLS = 600
_TOPICS_EACH = 4
_INTENTS = ("say", "edit_text", "summarise", "translate", "chat", "fix_code", "explain_log", "explain_table", "tiny")
_INTENT_WEIGHTS = np.array([9.0, 1.5, 0.7, 0.9, 2.0, 4.0, 1.6, 1.0, 0.8])
_TECHNICAL_INTENTS = slice(5, 8)
_FOREIGN_SHARE = 0.15
_FOLLOW_UP_SHARE = 0.42
_DAILY_SPREAD = 0.45  # how much an account's volume differs from day to day, of the logarithm


@dataclass(frozen=True)
class People:
    """Habits, one entry per account in every field."""

    volume: np.ndarray  # float64, calls on a usual day
    hour: np.ndarray  # float64, middle of the working day, UTC
    topics: np.ndarray  # int64 (accounts, 4), repeated where a person has fewer
    intents: np.ndarray  # float64 (accounts, intents), cumulative shares
    size: np.ndarray  # float64, usual length class
    language: np.ndarray  # int64, -1 for English only
    foreign_share: np.ndarray  # float64
    habits: np.ndarray  # int16 (accounts, habit attributes)
    casing: np.ndarray  # int8
    typing_errors: np.ndarray  # float32


def draw_people(rng: np.random.Generator, count: int) -> People:
    """Draw the habits of ``count`` people."""
    topics = rng.integers(0, len(TOPICS), (count, _TOPICS_EACH))
    kept = rng.integers(1, _TOPICS_EACH + 1, count)
    topics = np.where(np.arange(_TOPICS_EACH) < kept[:, None], topics, topics[:, :1])
    weights = rng.gamma(0.35, size=(count, len(_INTENTS))) * _INTENT_WEIGHTS + 1e-9
    weights[topics[:, 0] >= TECHNICAL_TOPICS, _TECHNICAL_INTENTS] = 0.0
    # Squared draws: the first alternative of every habit is the plainest and the most common.
    habits = (rng.random((count, len(ATTRIBUTES) - FIRST_HABIT)) ** 1.6 * 24).astype(np.int16)
    habits[:, 0] = rng.integers(0, OWN_NAMES, count)
    foreign = rng.random(count) < _FOREIGN_SHARE
    return People(
        volume=rng.lognormal(np.log(MEAN_CALLS) - _VOLUME_SPREAD**2 / 2, _VOLUME_SPREAD, count),
        hour=14.0 + rng.choice([-8.0, -5.5, -1.0, 0.0, 5.0, 8.0], count) + rng.normal(0.0, 2.5, count),
        topics=topics,
        intents=np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1),
        size=np.clip(rng.normal(5.7, 1.8, count), 0.0, LARGEST_SIZE - 0.5),
        language=np.where(foreign, rng.integers(0, len(LANGUAGES), count), -1),
        foreign_share=rng.uniform(0.4, 1.0, count),
        habits=habits,
        casing=rng.choice(3, count, p=[0.55, 0.3, 0.15]).astype(np.int8),
        typing_errors=np.minimum(rng.exponential(0.006, count), 0.06).astype(np.float32),
    )


def draw_accounts(rng: np.random.Generator, count: int, network: Network, midnight: int) -> Accounts:
    """Draw the accounts of ``count`` people; a fifth sit in small organisations with one address each.

    ``midnight`` is the first microsecond of the simulated day.
    """
    own_addresses = rng.choice([1, 2, 3], count, p=[0.6, 0.28, 0.12])
    first = np.cumsum(own_addresses) - own_addresses + network.allocate(int(own_addresses.sum()))
    organised = rng.random(count) < 0.2
    org_count = max(1, count // 40)
    org = rng.integers(0, org_count, count)
    office = network.allocate(org_count, residential=False)
    orgs, org_payments = random_ids(rng, org_count, "org_"), random_ids(rng, org_count, "pay_")
    age_days = np.where(rng.random(count) < 0.85, rng.lognormal(5.6, 0.9, count), rng.exponential(12.0, count))
    age_days = np.minimum(age_days, 900.0) + 20.0
    choice = rng.random(count)
    return Accounts(
        account_id=random_ids(rng, count, "acct_"),
        org_id=orgs.take(pa.array(org, mask=~organised)),
        api_key_hash=random_ids(rng, count, "key_"),
        payment_fingerprint=pa.concat_arrays([random_ids(rng, count, "pay_"), org_payments]).take(
            pa.array(np.where(organised, count + org, np.arange(count)))
        ),
        created_at=midnight - (age_days * MICROSECONDS_PER_DAY).astype(np.int64),
        address_first=np.where(organised, office + org, first),
        address_count=np.where(organised, 1, own_addresses),
        agent=rng.integers(0, len(AGENTS), count),
        model=rng.choice(4, count, p=[0.4, 0.3, 0.2, 0.1]),
        temperature=np.where(choice < 0.55, np.nan, rng.choice([0.0, 0.2, 0.5, 0.7, 0.9, 1.0], count)),
        top_p=np.where(choice < 0.85, np.nan, rng.choice([0.9, 0.95, 1.0], count)),
        max_tokens=np.where(choice < 0.7, -1, rng.choice([256, 512, 1024, 2048, 4096], count)),
        stream=rng.random(count) < 0.6,
        output_tokens=rng.lognormal(5.2, 0.7, count),
        kind=np.full(count, "person"),
        campaign=np.full(count, ""),
    )


def day_volumes(rng: np.random.Generator, volume: np.ndarray) -> np.ndarray:
    """Calls of every account today, at least 1: its usual ``volume``, more on one day than on another."""
    today = volume * rng.lognormal(-(_DAILY_SPREAD**2) / 2, _DAILY_SPREAD, volume.size)
    return np.clip(np.floor(today + rng.random(volume.size)), 1, MOST_CALLS).astype(np.int64)


def cut_short(rng: np.random.Generator, volumes: np.ndarray, total: int) -> np.ndarray:
    """``volumes`` under a common cap (at least 1 call each) that brings their sum to about ``total``."""
    ascending = np.sort(volumes)
    caps = np.arange(1, ascending[-1] + 1)
    below = np.searchsorted(ascending, caps)
    sums = np.concatenate([[0], np.cumsum(ascending)])[below] + (volumes.size - below) * caps
    cap = np.interp(total, sums, caps)  # between two whole numbers: some accounts get the one, some the other
    return np.minimum(volumes, np.floor(cap + rng.random(volumes.size)).astype(np.int64))


def prompts(
    rng: np.random.Generator, people: People, person: np.ndarray, session: np.ndarray, opens: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What each call says: (roots, attributes, casing, typing errors), one entry per call.

    ``person`` int is who calls, ``session`` int the number of the session, ``opens`` bool whether the call is
    its first.
    """
    count = person.size
    pick = rng.integers(0, _TOPICS_EACH, int(session.max()) + 1 if count else 0)[session]
    intent = np.minimum((rng.random(count)[:, None] > people.intents[person]).sum(axis=1), len(_INTENTS) - 1)
    symbol = grammar().symbol
    root = np.array([symbol(name) for name in _INTENTS], np.int32)[intent]
    follows = ~opens & (rng.random(count) < _FOLLOW_UP_SHARE)
    root[follows] = symbol("follow_up")
    foreign = (people.language[person] >= 0) & (rng.random(count) < people.foreign_share[person])
    root[foreign] = symbol("foreign_say")
    root[foreign & follows] = symbol("foreign_follow_up")
    attributes = np.zeros((count, len(ATTRIBUTES)), np.int16)
    attributes[:, COLUMN["topic"]] = people.topics[person, pick]
    size = np.rint(people.size[person] + rng.normal(0.0, 1.3, count))
    attributes[:, COLUMN["size"]] = np.clip(size, 0, LARGEST_SIZE)
    attributes[:, COLUMN["language"]] = np.maximum(people.language[person], 0)
    attributes[:, FIRST_HABIT:] = people.habits[person]
    # People are not machines: now and then one habit (never the name of one's own project) is different.
    slips = np.flatnonzero(rng.random(count) < 0.3)
    attributes[slips, rng.integers(FIRST_HABIT + 1, len(ATTRIBUTES), slips.size)] = rng.integers(0, 24, slips.size)
    return root, attributes, people.casing[person], people.typing_errors[person]


def addresses(rng: np.random.Generator, accounts: Accounts, account: np.ndarray, session: np.ndarray) -> np.ndarray:
    """The address of every call: one of its account's, the same throughout a session."""
    draw = rng.random(int(session.max()) + 1 if session.size else 0)[session]
    return accounts.address_first[account] + (draw * accounts.address_count[account]).astype(np.int64)


def day_of_people(
    rng: np.random.Generator, people: People, accounts: Accounts, active: np.ndarray, volumes: np.ndarray, midnight: int
) -> Calls:
    """The calls of the ``active`` people (indices into both), ``volumes`` of them each."""
    made = clock.sessions(
        rng, volumes, hour=people.hour[active], hour_spread=3.0, turns=4.0, gap_s=70.0, gap_spread=1.3
    )
    person = np.repeat(active, volumes)
    root, attributes, casing, errors = prompts(rng, people, person, made.session, made.opens)
    return Calls(
        account=person,
        time=midnight + (made.second * 1e6).astype(np.int64),
        address=addresses(rng, accounts, person, made.session),
        conversation=rng.integers(0, 2**62, int(made.session.max(initial=-1)) + 1)[made.session],
        root=root,
        attributes=attributes,
        casing=casing,
        typing_errors=errors,
    )
