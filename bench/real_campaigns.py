"""Campaigns planted into a real day: attack prompts dealt out over accounts, padded and paced."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Literal

from bench import real_people
from bench.real_corpora import Source, Traffic, attack_prompts
from bench.real_people import DAY_SECONDS, Call, Habit
from bench.real_style import draw_style, restyle


@dataclass(frozen=True)
class Planted:
    """One campaign: which attack sets it reads, how many accounts and calls, and how it hides."""

    name: str  # the truth's campaign and kind
    corpora: tuple[str, ...]
    accounts: int = 500
    calls: int = 26  # per account, padding included
    padding: float = 0.0  # share of calls that are honest prompts of the day's broad pool
    pacing: Literal["machine", "poisson", "human"] = "poisson"
    addresses: Literal["residential", "shared", "static"] = "residential"


_ALPACA, _T0, _TASKS = (
    ("alpaca_52k",),
    ("t0_templates_50k",),
    (
        "gorilla_apibench",
        "codealpaca_subset",
        "instruction_induction_prompts",
        "chatdoctor_genmed5k",
    ),
)
LADDER: dict[str, Planted] = {
    planted.name: planted
    for planted in (
        Planted("alpaca", _ALPACA),
        Planted("t0", _T0),
        Planted("evol", ("evol_instruct_rendered",)),
        Planted("metaprompt", ("alpaca_metaprompt_rendered",)),
        Planted("alpaca_padded_50", _ALPACA, padding=0.5),
        Planted("alpaca_padded_80", _ALPACA, padding=0.8),
        Planted("t0_padded_50", _T0, padding=0.5),
        Planted("t0_padded_80", _T0, padding=0.8),
        Planted("tasks", _TASKS),
    )
}
DEFAULT = tuple(LADDER[name] for name in ("alpaca", "t0", "evol", "metaprompt", "alpaca_padded_50"))


def deal_prompts(
    seed: int, corpora: Path, campaigns: Sequence[Planted]
) -> tuple[dict[str, list[list[str]]], list[str]]:
    """Attack prompts for every account of every campaign, each prompt used once in the whole day.

    Returns campaign name -> one list of prompts per account, and a note for each campaign whose sets were too
    small. Raises ValueError when two campaigns have one name or a set has nothing left for a campaign.
    """
    if len({planted.name for planted in campaigns}) < len(campaigns):
        raise ValueError("two campaigns have the same name; give each its own")
    decks: dict[str, list[str]] = {}
    dealt: dict[str, list[list[str]]] = {}
    notes = []
    for planted in campaigns:
        for name in planted.corpora:
            if name not in decks:
                decks[name] = attack_prompts(corpora, [name])
                Random(f"deck/{seed}/{name}").shuffle(decks[name])
        share = attack_calls(planted)
        left = sum(len(decks[name]) for name in planted.corpora)
        accounts = min(planted.accounts, left // share)
        if accounts == 0:
            raise ValueError(f"no prompts are left for campaign {planted.name}; plant fewer or smaller campaigns")
        if accounts < planted.accounts:
            notes.append(f"{planted.name}: {accounts} accounts instead of {planted.accounts}, its sets are too small")
        random = Random(f"deal/{seed}/{planted.name}")
        prompts = _take(random, [decks[name] for name in planted.corpora], accounts * share)
        dealt[planted.name] = [prompts[start : start + share] for start in range(0, len(prompts), share)]
    return dealt, notes


def attack_calls(planted: Planted) -> int:
    """How many of an account's calls carry attack prompts."""
    return max(1, round(planted.calls * (1.0 - planted.padding)))


def campaign_habits(seed: int, planted: Planted, accounts: int, traffic: Traffic) -> list[Habit]:
    """The accounts of a campaign: one operator, hence one model, temperature and output law; all young."""
    random = Random(f"campaign/{seed}/{planted.name}")
    agents = random.sample(real_people.USER_AGENTS, 3)
    tokens = real_people.output_token_law(random, traffic.output_tokens)
    egress = [real_people.random_address(random) for _ in range(20)]
    habits = []
    for number in range(accounts):
        addresses: tuple[str, ...] = (real_people.random_address(random),)
        if planted.addresses == "shared":
            addresses = tuple(egress)
        elif planted.addresses == "residential":
            addresses = tuple(real_people.random_address(random) for _ in range(math.ceil(planted.calls / 4)))
        habits.append(
            Habit(
                account_id=real_people.identifier("acct", seed, planted.name, number),
                kind=planted.name,
                sources=(),
                niches={},
                style=draw_style(random, plain=True),
                template=None,
                org=None,
                rate=float(planted.calls),
                variation=1.0,
                hours=real_people.WAKING if planted.pacing == "human" else real_people.FLAT,
                addresses=addresses,
                network=random.choice(
                    real_people.CLOUD_NETWORKS if planted.addresses == "shared" else real_people.ACCESS_NETWORKS
                ),
                user_agent=random.choice(agents),
                model=real_people.MODELS[0],
                temperature=0.7,
                max_tokens=2048,
                output_tokens=tokens,
                age_days=random.uniform(1.0, 30.0),
            )
        )
    return habits


def campaign_calls(
    seed: int,
    planted: Planted,
    habit: Habit,
    prompts: Sequence[str],
    sources: Mapping[str, Source],
    when: date,
) -> list[Call]:
    """One campaign account's day: its prompts and its padding in random order, at the campaign's pace."""
    random = Random(f"planted/{seed}/{habit.account_id}/{when}")
    texts = [*prompts, *(pad(random, sources) for _ in range(planted.calls - len(prompts)))]
    random.shuffle(texts)
    return [Call(text, second, None) for text, second in zip(texts, _pace(random, planted, len(texts)), strict=True)]


def pad(random: Random, sources: Mapping[str, Source]) -> str:
    """One honest prompt as some honest account would write it: any source, any topic, any hand.

    Broad on purpose: padding that keeps returning to the same text would be evidence of its own.
    """
    kinds = [(share, main) for share, main, _ in real_people.KINDS.values() if main in sources and main != "judge"]
    source = sources[random.choices([main for _, main in kinds], [share for share, _ in kinds])[0]]
    unit = source.units[random.choice(source.pool)]
    return restyle(random, draw_style(random, plain=False), unit[0])


def _pace(random: Random, planted: Planted, count: int) -> list[float]:
    """Seconds into the day: an even beat with a little jitter, a Poisson process, or a person's bursts."""
    if planted.pacing == "machine":
        beat = DAY_SECONDS / count
        start = random.uniform(0.0, 0.9 * beat)
        return [start + beat * (number + random.uniform(0.0, 0.02)) for number in range(count)]
    if planted.pacing == "poisson":
        return sorted(random.uniform(0.0, DAY_SECONDS) for _ in range(count))
    return real_people.bursty_seconds(random, count, random.uniform(1.0, 4.0), real_people.WAKING)


def _take(random: Random, decks: Sequence[list[str]], count: int) -> list[str]:
    """Remove and return ``count`` prompts, drawn over the decks in proportion to what they hold."""
    taken = []
    for _ in range(count):
        deck = random.choices(decks, [len(deck) for deck in decks])[0]
        taken.append(deck.pop())
    return taken
