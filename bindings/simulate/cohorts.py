"""Honest accounts that look like a campaign: the hard benign cohorts."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from gauger.simulate import clock, people
from gauger.simulate.accounts import Accounts, Network, random_ids
from gauger.simulate.calls import Calls
from gauger.simulate.language.prompts import ATTRIBUTES, COLUMN, FIRST_HABIT, grammar
from gauger.simulate.language.topics import TOPICS
from gauger.simulate.language.words import EXERCISES
from gauger.simulate.people import People

_EXERCISES_A_DAY = 5


@dataclass(frozen=True)
class Cohort:
    """Accounts of one kind with the frame they use."""

    accounts: Accounts
    people: People
    root: str  # symbol of the frame
    frame: int
    frame_share: float  # of the calls; the others are ordinary prompts
    calls: int  # per account and usual day
    turns: float  # calls a session
    gap_s: float
    gap_spread: float
    known: bool  # whether the reference days have it too
    machine: bool = False  # no habits, no typing errors, all topics


def _members(
    rng: np.random.Generator, network: Network, midnight: int, kind: str, count: int, address_count: int
) -> tuple[Accounts, People]:
    """Accounts that share ``address_count`` data centre addresses, or with 0 keep addresses of their own."""
    accounts = people.draw_accounts(rng, count, network, midnight)
    accounts = replace(accounts, kind=np.full(count, kind))
    if address_count:
        first = network.allocate(address_count, residential=False)
        accounts = replace(accounts, address_first=np.full(count, first), address_count=np.full(count, address_count))
    return accounts, people.draw_people(rng, count)


def _one_organisation(rng: np.random.Generator, accounts: Accounts) -> Accounts:
    """All accounts with one organisation, payment and client library, as keys of one vendor have."""
    same = pa.array(np.zeros(len(accounts), np.int64))
    count = len(accounts)
    return replace(
        accounts,
        org_id=random_ids(rng, 1, "org_").take(same),
        payment_fingerprint=random_ids(rng, 1, "pay_").take(same),
        agent=np.full(count, accounts.agent[0]),
        model=np.full(count, accounts.model[0]),
        temperature=np.full(count, 0.3),
        stream=np.ones(count, bool),
    )


def draw_cohorts(rng: np.random.Generator, network: Network, midnight: int, scale: float) -> list[Cohort]:
    """Every cohort, most kinds several times; ``scale`` 1 is their size in a day of 200,000 calls."""

    def size(count: int) -> int:
        return max(1, round(count * scale))

    def vendor_app(number: int) -> Cohort:
        accounts, habits = _members(rng, network, midnight, "vendor_app", size(60), 4)
        accounts = _one_organisation(rng, accounts)
        return Cohort(accounts, habits, "vendor", number, 1.0, 14, 2.0, 90.0, 1.2, known=True)

    def evaluation_harness(number: int) -> Cohort:
        accounts, habits = _members(rng, network, midnight, "evaluation_harness", 1, 1)
        shape = ("harness", number, 1.0, size(700), 1e9, 1.5, 0.3)
        return Cohort(accounts, habits, *shape, known=number == 0, machine=True)

    def batch_pipeline(number: int) -> Cohort:
        accounts, habits = _members(rng, network, midnight, "batch_pipeline", 1, 2)
        shape = ("pipeline", number, 1.0, size(2000), 1e9, 20.0, 0.5)
        return Cohort(accounts, habits, *shape, known=number != 1, machine=True)

    def classroom(number: int) -> Cohort:
        accounts, habits = _members(rng, network, midnight, "classroom", max(5, min(40, size(40))), 1)
        in_class = replace(habits, hour=np.full(len(accounts), 9.0), language=np.full(len(accounts), -1))
        return Cohort(accounts, in_class, "homework_say", number, 0.5, 9, 9.0, 150.0, 0.8, known=True)

    def popular_tool(number: int) -> Cohort:
        accounts, habits = _members(rng, network, midnight, "popular_tool", size(300), 0)
        return Cohort(accounts, habits, "tool", number, 0.7, 12, 3.0, 120.0, 1.3, known=True)

    def agent(number: int) -> Cohort:
        accounts, habits = _members(rng, network, midnight, "agent", size(12), 0)
        return Cohort(accounts, habits, "agent", number, 0.9, 80, 40.0, 8.0, 0.6, known=True, machine=True)

    plan: list[tuple[Callable[[int], Cohort], int]] = [
        *((vendor_app, 3), (evaluation_harness, 2), (batch_pipeline, 3)),
        *((classroom, 1), (popular_tool, 2), (agent, 3)),
    ]
    return [make(number) for make, times in plan for number in range(times)]


def day_of_cohort(
    rng: np.random.Generator, cohort: Cohort, first_account: int, midnight: int, day_number: int, most: int | None
) -> Calls:
    """The cohort's calls of one day; its accounts are numbered from ``first_account`` on.

    ``day_number`` decides which homework is set, ``most`` caps the calls of an account.
    """
    count = len(cohort.accounts)
    volumes = np.clip(rng.lognormal(np.log(cohort.calls), 0.4, count), 1, most).astype(np.int64)
    made = clock.sessions(
        rng,
        volumes,
        hour=cohort.people.hour,
        hour_spread=1.0,
        turns=cohort.turns,
        gap_s=cohort.gap_s,
        gap_spread=cohort.gap_spread,
    )
    member = np.repeat(np.arange(count), volumes)
    root, attributes, casing, errors = people.prompts(rng, cohort.people, member, made.session, made.opens)
    framed = rng.random(member.size) < cohort.frame_share
    root[framed] = grammar().symbol(cohort.root)
    attributes[:, COLUMN["frame"]] = cohort.frame
    attributes[:, COLUMN["exercise"]] = (
        day_number * _EXERCISES_A_DAY + rng.integers(0, _EXERCISES_A_DAY, member.size)
    ) % EXERCISES
    if cohort.machine:
        attributes[framed, COLUMN["topic"]] = rng.integers(0, len(TOPICS), int(framed.sum()))
        attributes[np.ix_(framed, np.arange(FIRST_HABIT + 1, len(ATTRIBUTES)))] = 0
        casing, errors = (np.where(framed, 0, casing).astype(np.int8), np.where(framed, 0, errors).astype(np.float32))
    return Calls(
        account=first_account + member,
        time=midnight + (made.second * 1e6).astype(np.int64),
        address=people.addresses(rng, cohort.accounts, member, made.session),
        conversation=rng.integers(0, 2**62, int(made.session.max()) + 1)[made.session],
        root=root,
        attributes=attributes,
        casing=casing,
        typing_errors=errors,
    )
