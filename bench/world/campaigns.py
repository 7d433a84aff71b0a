"""Campaigns planted into a real day: attack prompts dealt out over accounts, padded and paced."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, pairwise
from pathlib import Path
from random import Random
from typing import Literal

from bench.world import people as real_people
from bench.world.corpora import Source, Traffic, attack_prompts
from bench.world.frames import NEW_VENDOR_FRAME, paraphrased_frame, vendor_frame
from bench.world.people import DAY_SECONDS, Call, Habit
from bench.world.style import draw_style, restyle


@dataclass(frozen=True)
class Planted:
    """One campaign: which attack sets it reads, how many accounts and calls, and how it hides."""

    name: str  # the truth's campaign and kind
    corpora: tuple[str, ...]
    accounts: int = 500
    calls: int = 26  # per account, padding included
    padding: float = 0.0  # share of calls that are honest prompts, each account's of one kind of person
    pacing: Literal["machine", "poisson", "human"] = "poisson"
    addresses: Literal["residential", "shared", "static"] = "residential"
    volumes: Literal["equal", "honest"] = "equal"  # honest: unequal as honest accounts are, ``calls`` does not count
    settings: Literal["operator", "honest"] = "operator"  # model, clients, limits and age of one operator's accounts
    lifetime_hours: float = 24.0  # less: accounts are made, used for so long and thrown away
    frame: Literal["none", "paraphrased", "vendor", "new vendor"] = (
        "none"  # what is put around every prompt of the campaign
    )
    drawn: bool = False  # whether a call is padding is drawn call by call: shares of accounts differ
    copies: int = 1  # accounts that send each of its prompts
    moves: bool = False  # at noon, to a model that nobody used before
    programmes: bool = False  # every eight accounts came in by a programme for schools or start-ups, an organisation
    renamed: bool = False  # its client has a name that nobody saw before
    deal: Literal["shuffled", "sorted"] = "shuffled"  # sorted: each account has prompts that begin alike


_HONEST_CALLS = (5, 200)  # bounds of honest volumes: fewer calls could not be weighed
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
    seed: int, corpora: Path, campaigns: Sequence[Planted], timing: Traffic | None = None
) -> tuple[dict[str, list[list[str]]], list[str]]:
    """Attack prompts for every account of every campaign, each prompt used once in the whole day.

    timing : needed by campaigns with honest volumes

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
        own = [decks[name] for name in planted.corpora]
        left = sum(len(deck) for deck in own)
        draw = Random(f"shares/{seed}/{planted.name}") if planted.drawn else None
        shares = [attack_calls(planted, calls, draw) for calls in account_volumes(seed, planted, timing)]
        ends = [end for end in accumulate(shares) if end <= left]
        if not ends:
            raise ValueError(f"no prompts are left for campaign {planted.name}; plant fewer or smaller campaigns")
        if len(ends) < planted.accounts:
            notes.append(f"{planted.name}: {len(ends)} accounts instead of {planted.accounts}, its sets are too small")
        random = Random(f"deal/{seed}/{planted.name}")
        prompts = _copied(random, _take(random, own, -(-ends[-1] // planted.copies)), planted.copies)[: ends[-1]]
        if planted.deal == "sorted":
            prompts.sort()
        dealt[planted.name] = [prompts[start:end] for start, end in pairwise([0, *ends])]
    return dealt, notes


def account_volumes(seed: int, planted: Planted, timing: Traffic | None = None) -> list[int]:
    """Calls of each account: all alike, or as unequal as honest accounts that make at least five calls."""
    if planted.volumes == "equal":
        return [planted.calls] * planted.accounts
    if timing is None:
        raise ValueError(f"campaign {planted.name} has honest volumes: they need the traced rates")
    random = Random(f"volumes/{seed}/{planted.name}")
    rates = timing.rates * real_people.rate_scale(timing.rates)
    busy = rates[rates >= _HONEST_CALLS[0]]
    if not len(busy):
        raise ValueError("no traced client makes five calls a day")
    low, high = _HONEST_CALLS
    return [round(min(high, max(low, float(random.choice(busy))))) for _ in range(planted.accounts)]


def attack_calls(planted: Planted, calls: int | None = None, draw: Random | None = None) -> int:
    """How many of an account's calls (``planted.calls`` where no number is given) carry attack prompts.

    At least one, but for a control that is all padding. draw : where whether a call is padding is drawn
    """
    if planted.padding >= 1.0:
        return 0
    number = planted.calls if calls is None else calls
    if draw is not None:
        return max(1, sum(draw.random() >= planted.padding for _ in range(number)))
    return max(1, round(number * (1.0 - planted.padding)))


def campaign_habits(seed: int, planted: Planted, accounts: int, traffic: Traffic) -> list[Habit]:
    """The accounts of a campaign: one operator, hence one model, temperature and output law; all young.

    Unless its settings are honest: then each account has them, a client and an age as an honest one would.
    """
    random = Random(f"campaign/{seed}/{planted.name}")
    agents = random.sample(real_people.USER_AGENTS, 3)
    tokens = real_people.output_token_law(random, traffic.output_tokens)
    egress = [real_people.random_address(random) for _ in range(20)]
    habits = []
    for number, calls in enumerate(account_volumes(seed, planted, traffic)[:accounts]):
        name = real_people.identifier("acct", seed, planted.name, number)
        addresses: tuple[str, ...] = (real_people.random_address(random),)
        if planted.addresses == "shared":
            addresses = tuple(egress)
        elif planted.addresses == "residential":
            addresses = tuple(real_people.random_address(random) for _ in range(math.ceil(calls / 4)))
        network = random.choice(
            real_people.CLOUD_NETWORKS if planted.addresses == "shared" else real_people.ACCESS_NETWORKS
        )
        agent, age = random.choice(agents), random.uniform(1.0, 30.0)
        model, temperature, max_tokens, law = real_people.MODELS[0], 0.7, 2048, tokens
        if planted.settings == "honest":
            agent, age = random.choice(real_people.USER_AGENTS), real_people.draw_age(random)
            model, temperature, max_tokens = real_people.draw_settings(random)
            law = real_people.output_token_law(random, traffic.output_tokens)
        if planted.renamed:
            agent = "workspace-sync/2.4"
        if planted.lifetime_hours < 24.0:  # made a minute before its first hour begins
            age = (60.0 - _life(seed, planted, name)[0]) / DAY_SECONDS
        habits.append(
            Habit(
                account_id=name,
                kind=planted.name,
                sources=(),
                niches={},
                style=draw_style(Random(f"style/{seed}/{name}"), plain=True),
                template=None,
                org=real_people.identifier("org", seed, planted.name, number // 8) if planted.programmes else None,
                rate=float(calls),
                variation=1.0,
                hours=real_people.WAKING if planted.pacing == "human" else real_people.FLAT,
                addresses=addresses,
                network=network,
                user_agent=agent,
                model=model,
                temperature=temperature,
                max_tokens=max_tokens,
                output_tokens=law,
                age_days=age,
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
    texts = [*prompts, *pads(random, sources, max(0, round(habit.rate) - len(prompts)))]
    if planted.frame == "paraphrased":
        texts[: len(prompts)] = [paraphrased_frame(random, prompt) for prompt in prompts]
    elif planted.frame == "vendor":
        texts = [vendor_frame(habit.account_id, text) for text in texts]
    elif planted.frame == "new vendor":
        texts = [NEW_VENDOR_FRAME.replace("{message}", text) for text in texts]
    random.shuffle(texts)
    seconds = _pace(random, planted, len(texts))
    if planted.lifetime_hours < 24.0:
        start, end = _life(seed, planted, habit.account_id)
        seconds = [start + second / DAY_SECONDS * (end - start) for second in seconds]
    return [Call(text, second, None) for text, second in zip(texts, seconds, strict=True)]


def _life(seed: int, planted: Planted, account_id: str) -> tuple[float, float]:
    """First and last second of the day at which an account of a burning campaign is used."""
    length = planted.lifetime_hours * 3600.0
    start = Random(f"life/{seed}/{account_id}").uniform(0.0, DAY_SECONDS - length)
    return start, start + length


def pads(random: Random, sources: Mapping[str, Source], count: int) -> list[str]:
    """Honest prompts as one honest account would write them: one kind of person, any of its topics, one hand.

    Every account another one. Pads of all kinds in as many hands are nobody's traffic: five hundred accounts that sent
    nothing else were flagged at a third, and made padded campaigns look easier to find than they are.
    """
    kinds = [(share, main) for share, main, _ in real_people.KINDS.values() if main in sources and main != "judge"]
    source = sources[random.choices([main for _, main in kinds], [share for share, _ in kinds])[0]]
    style = draw_style(random, plain=False)
    return [restyle(random, style, source.units[random.choice(source.pool)][0]) for _ in range(count)]


def _pace(random: Random, planted: Planted, count: int) -> list[float]:
    """Seconds into the day: an even beat with a little jitter, a Poisson process, or a person's bursts."""
    if planted.pacing == "machine":
        beat = DAY_SECONDS / count
        start = random.uniform(0.0, 0.9 * beat)
        return [start + beat * (number + random.uniform(0.0, 0.02)) for number in range(count)]
    if planted.pacing == "poisson":
        return sorted(random.uniform(0.0, DAY_SECONDS) for _ in range(count))
    return real_people.bursty_seconds(random, count, random.uniform(1.0, 4.0), real_people.WAKING)


def _copied(random: Random, prompts: list[str], copies: int) -> list[str]:
    """So many copies of the prompts, each in an order of its own: those of one prompt lie far apart."""
    rounds = [prompts]
    while len(rounds) < copies:
        rounds.append(random.sample(prompts, len(prompts)))
    return [prompt for one in rounds for prompt in one]


def _take(random: Random, decks: Sequence[list[str]], count: int) -> list[str]:
    """Remove and return ``count`` prompts, drawn over the decks in proportion to what they hold."""
    taken = []
    for _ in range(count):
        deck = random.choices(decks, [len(deck) for deck in decks])[0]
        taken.append(deck.pop())
    return taken
