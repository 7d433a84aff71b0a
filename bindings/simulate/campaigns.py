"""Distillation campaigns: what their accounts send, when, and from where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from gauger.simulate import clock, people
from gauger.simulate.accounts import MICROSECONDS_PER_DAY, Accounts, Network, random_ids
from gauger.simulate.calls import Calls
from gauger.simulate.language.prompts import ATTRIBUTES, COLUMN, grammar
from gauger.simulate.language.topics import TOPICS
from gauger.simulate.language.words import OWN_NAMES
from gauger.simulate.people import People

PACINGS = ("even", "poisson", "human")
ADDRESSES = ("rotating", "shared", "own")
_PADDING_SHARE = 0.5
_ACCOUNTS_PER_PAYMENT = 1.6
_ACCOUNTS_PER_SHARED_ADDRESS = 25

# Roots, attributes, casing and typing errors of n calls, as people.prompts gives them.
Prompts = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class CampaignSpec:
    """One campaign to plant: ``accounts`` accounts with about ``calls`` calls each a day.

    ``pacing`` even (round the clock), poisson or human (sessions); ``addresses`` rotating (a pool of
    residential addresses larger than the campaign), shared (25 accounts to an address) or own (one each).
    """

    kind: str
    accounts: int
    calls: int
    pacing: str = "even"
    addresses: str = "rotating"

    def __post_init__(self) -> None:
        for name, value, known in (
            ("kind", self.kind, tuple(KINDS)),
            ("pacing", self.pacing, PACINGS),
            ("addresses", self.addresses, ADDRESSES),
        ):
            if value not in known:
                raise ValueError(f"campaign {name} {value!r} is not one of {', '.join(known)}")
        if self.accounts < 1 or self.calls < 1:
            raise ValueError("a campaign needs at least one account and one call per account")

    @classmethod
    def parse(cls, text: str) -> CampaignSpec:
        """Read ``KIND:ACCOUNTS:CALLS[:PACING[:ADDRESSES]]``; ``ValueError`` says what is wrong."""
        parts = text.split(":")
        usage = f"write a campaign as KIND:ACCOUNTS:CALLS, for example template:300:26, not {text!r}"
        if not 3 <= len(parts) <= 5:
            raise ValueError(usage)
        try:
            accounts, calls = int(parts[1]), int(parts[2])
        except ValueError:
            raise ValueError(usage) from None
        return cls(parts[0], accounts, calls, *parts[3:])


def _machine_prompts(rng: np.random.Generator, root: str, count: int, frame: int, habit: int = 0) -> Prompts:
    """``count`` calls from one symbol: all topics, ``habit`` for every habit, no typing errors."""
    attributes = np.full((count, len(ATTRIBUTES)), habit, np.int16)
    attributes[:, COLUMN["topic"]] = rng.integers(0, len(TOPICS), count)
    attributes[:, COLUMN["frame"]] = frame
    attributes[:, COLUMN["size"]] = rng.integers(0, 3, count)
    attributes[:, COLUMN["task"]] = rng.integers(0, 16, count)
    attributes[:, COLUMN["own"]] = rng.integers(0, OWN_NAMES, count)  # invented entities, a new one each time
    roots = np.full(count, grammar().symbol(root), np.int32)
    return roots, attributes, np.zeros(count, np.int8), np.zeros(count, np.float32)


def _template(rng: np.random.Generator, count: int, number: int, pads: People) -> Prompts:
    """One long constant frame around a long varying slot."""
    return _machine_prompts(rng, "frame", count, number)


def _diverse(rng: np.random.Generator, count: int, number: int, pads: People) -> Prompts:
    """No template: instructions over all topics in one style."""
    return _machine_prompts(rng, "instruct", count, number)


def _padded(rng: np.random.Generator, count: int, number: int, pads: People) -> Prompts:
    """Half of the calls as honest people of that day would write them, half instructions in another style."""
    padded = rng.random(count) < _PADDING_SHARE
    own = _machine_prompts(rng, "brief", count, number, habit=1)
    person = rng.integers(0, pads.volume.size, count)
    honest = people.prompts(rng, pads, person, np.arange(count), rng.random(count) < 0.4)
    shape = (padded, padded[:, None], padded, padded)
    root, attributes, casing, errors = (np.where(s, h, o) for s, h, o in zip(shape, honest, own, strict=True))
    return root, attributes, casing, errors


def _grid(rng: np.random.Generator, count: int, number: int, pads: People) -> Prompts:
    """Every role with every task and topic, each cell as late as possible a second time."""
    root, attributes, casing, errors = _machine_prompts(rng, "grid", count, number)
    roles, tasks = 18 * 9, 16
    cell = rng.permutation(max(count, roles * tasks * len(TOPICS)))[:count]
    attributes[:, COLUMN["role"]] = cell % roles
    attributes[:, COLUMN["task"]] = cell // roles % tasks
    attributes[:, COLUMN["topic"]] = cell // (roles * tasks) % len(TOPICS)
    return root, attributes, casing, errors


def _cot(rng: np.random.Generator, count: int, number: int, pads: People) -> Prompts:
    """Problems of all kinds, asked for with their whole reasoning, rubrics and grades."""
    return _machine_prompts(rng, "cot", count, number)


KINDS: dict[str, Callable[[np.random.Generator, int, int, People], Prompts]] = {
    "template": _template,
    "diverse": _diverse,
    "padded": _padded,
    "grid": _grid,
    "cot": _cot,
}

DEFAULT_CAMPAIGNS = (
    CampaignSpec("template", 300, 26),
    CampaignSpec("diverse", 400, 26),
    CampaignSpec("padded", 400, 26),
)


def campaign_name(spec: CampaignSpec, number: int) -> str:
    """How truth.parquet calls the campaign: its place in the list, then its kind."""
    return f"{number + 1:02d}-{spec.kind}"


def campaign_accounts(
    rng: np.random.Generator, spec: CampaignSpec, number: int, network: Network, midnight: int
) -> Accounts:
    """Young accounts with few distinct settings, resold payment cards and the addresses asked for."""
    count = spec.accounts
    pool = {"rotating": count * 2, "shared": max(1, count // _ACCOUNTS_PER_SHARED_ADDRESS), "own": count}[
        spec.addresses
    ]
    first = network.allocate(pool)
    payments = random_ids(rng, max(1, round(count / _ACCOUNTS_PER_PAYMENT)), "pay_")
    agents, model = rng.integers(0, 5, 2), rng.integers(0, 2)
    own = spec.addresses == "own"
    return Accounts(
        account_id=random_ids(rng, count, "acct_"),
        org_id=pa.nulls(count, pa.string()),
        api_key_hash=random_ids(rng, count, "key_"),
        payment_fingerprint=payments.take(pa.array(rng.integers(0, len(payments), count))),
        created_at=midnight - (rng.uniform(1.5, 24.0, count) * MICROSECONDS_PER_DAY).astype(np.int64),
        address_first=first + np.arange(count) if own else np.full(count, first),
        address_count=np.full(count, 1 if own else pool),
        agent=rng.choice(agents, count),
        model=np.full(count, model),
        temperature=rng.choice([0.7, 1.0], count),
        top_p=np.full(count, np.nan),
        max_tokens=np.full(count, 2048),
        stream=np.zeros(count, bool),
        output_tokens=rng.normal(420.0, 25.0, count),
        kind=np.full(count, spec.kind),
        campaign=np.full(count, campaign_name(spec, number)),
    )


def _pace(rng: np.random.Generator, spec: CampaignSpec, volumes: np.ndarray) -> np.ndarray:
    if spec.pacing == "even":
        return clock.round_the_clock(rng, volumes, jitter=0.8)
    if spec.pacing == "poisson":
        return clock.poisson(rng, volumes)
    hour = rng.uniform(0.0, 24.0, volumes.size)
    shape = {"hour_spread": 3.0, "turns": 4.0, "gap_s": 70.0, "gap_spread": 1.3}
    return clock.sessions(rng, volumes, hour=hour, **shape).second


def campaign_calls(
    rng: np.random.Generator,
    spec: CampaignSpec,
    number: int,
    accounts: Accounts,
    first_account: int,
    pads: People,
    midnight: int,
    days: int = 1,
) -> Calls:
    """All calls of one campaign over ``days`` days; its accounts are numbered from ``first_account`` on.

    Every prompt is drawn afresh from a grammar far larger than any campaign, so accounts share none.
    """
    parts = []
    for day in range(days):
        volumes = np.maximum(1, np.rint(rng.normal(spec.calls, 0.04 * spec.calls, spec.accounts))).astype(np.int64)
        second = _pace(rng, spec, volumes)
        parts.append(
            (
                np.repeat(np.arange(spec.accounts), volumes),
                midnight + (second * 1e6).astype(np.int64) + day * MICROSECONDS_PER_DAY,
            )
        )
    member, time = (np.concatenate(column) for column in zip(*parts, strict=True))
    root, attributes, casing, errors = KINDS[spec.kind](rng, member.size, number, pads)
    return Calls(
        account=first_account + member,
        time=time,
        address=people.addresses(rng, accounts, member, np.arange(member.size)),
        conversation=np.full(member.size, -1),
        root=root,
        attributes=attributes,
        casing=casing,
        typing_errors=errors,
    )
