"""Honest accounts of a real day: each has a habit that depends only on the seed and the account's label.

So one account looks alike on every day it is seen, two accounts differ in topic, style, volume, hours and
network, and the accounts of a reference day and of today are drawn from one distribution.
"""

import hashlib
import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from random import Random

import numpy as np

from bench.world.corpora import Source, Traffic, Unit
from bench.world.style import VENDORS, Style, draw_style, restyle

DAY_SECONDS = 86_400.0
MEAN_CALLS = 14.0  # per account and day: about 14,000 accounts on a day of 200,000 calls
WANDER = 0.2  # share of calls outside the account's own topics

# Kind -> (share of accounts, main source, side sources). Shares follow how much distinct text a source has,
# so that no source is reused much more often than the others.
KINDS: dict[str, tuple[float, str, tuple[str, ...]]] = {
    "sql_user": (0.375, "sql", ("shell", "search", "chat")),
    "shell_user": (0.150, "shell", ("sql", "chat", "search")),
    "search_user": (0.120, "search", ("assistant", "chat", "sql")),
    "person": (0.105, "chat", ("search", "assistant", "sql", "shell")),
    "assistant_user": (0.125, "assistant", ("search", "chat")),
    "vendor_app": (0.124, "assistant", ()),
    "evaluation": (0.001, "judge", ()),
    # Where the world has their language.
    "chinese_user": (0.060, "chinese", ("chat",)),
    "korean_user": (0.030, "korean", ("chat",)),
    "arabic_user": (0.020, "arabic", ()),
    "french_user": (0.040, "french", ("chat",)),
    "indonesian_user": (0.030, "indonesian", ()),
}
# Calls per hour of the local day for people; software runs flat.
WAKING = (1, 0.6, 0.4, 0.3, 0.3, 0.5, 1, 2, 4, 6, 7, 7, 6, 6.5, 7, 7, 6.5, 6, 5, 4.5, 4.5, 4, 3, 2)
FLAT = (1,) * 24
MODELS = ("large-2", "large-2", "small-2", "large-1", "reasoner-1")
USER_AGENTS = (
    "OpenAI/Python 1.51.0",
    "OpenAI/Python 1.40.3",
    "openai-node/4.67.1",
    "python-requests/2.32.3",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Firefox/131.0",
    "LangChain/0.3.4",
    "curl/8.9.1",
)
ACCESS_NETWORKS = (7922, 3320, 2856, 7018, 701, 4134, 9829, 12322, 28573, 6830)
CLOUD_NETWORKS = (16509, 15169, 8075, 14061, 24940)


@dataclass(frozen=True)
class Call:
    """One request as drawn: text, seconds into the day, and the conversation it belongs to (or None)."""

    text: str
    second: float
    conversation: str | None


@dataclass(frozen=True)
class Habit:
    """What stays the same about one account: what it asks about, how it writes, from where and when."""

    account_id: str
    kind: str
    sources: tuple[tuple[str, float], ...]  # (source, weight)
    niches: Mapping[str, Sequence[int]]  # its topics within each source
    style: Style
    template: str | None
    org: str | None
    rate: float  # mean calls a day
    variation: float  # coefficient of variation of its gaps
    hours: tuple[float, ...]  # relative rate per UTC hour
    addresses: tuple[str, ...]
    network: int
    user_agent: str
    model: str
    temperature: float
    max_tokens: int | None
    output_tokens: tuple[float, float]  # log-normal: mean of the logarithm, deviation
    age_days: float  # of the account, on the day


def identifier(prefix: str, *parts: object) -> str:
    """A short name that says nothing about what it names."""
    text = "/".join(map(str, parts))
    return f"{prefix}_{hashlib.blake2b(text.encode(), digest_size=6).hexdigest()}"


def random_address(random: Random) -> str:
    """A public-looking IPv4 address."""
    return ".".join(str(random.randint(*span)) for span in ((11, 199), (0, 255), (0, 255), (1, 254)))


def output_token_law(random: Random, windows: np.ndarray) -> tuple[float, float]:
    """Mean and deviation of log output tokens, from the median and 90 % quantile of one traced window."""
    median, upper = windows[random.randrange(len(windows))]
    return math.log(median), min(1.2, max(0.1, math.log(max(upper, median)) - math.log(median)) / 1.2816)


def rate_scale(rates: np.ndarray) -> float:
    """The factor that brings the mean of ``clip(rates * factor, 1, 400)`` to ``MEAN_CALLS``."""
    low, high = 1e-9, 1e9
    for _ in range(80):
        middle = math.sqrt(low * high)
        if float(np.clip(rates * middle, 1, 400).mean()) < MEAN_CALLS:
            low = middle
        else:
            high = middle
    return low


def draw_habit(seed: int, label: str, sources: Mapping[str, Source], traffic: Traffic, scale: float) -> Habit:
    """The habit of account ``label``; the same on every day it is asked for."""
    random = Random(f"habit/{seed}/{label}")
    kinds = [kind for kind, (_, main, _) in KINDS.items() if main in sources]
    kind = random.choices(kinds, [KINDS[name][0] for name in kinds])[0]
    _, main, sides = KINDS[kind]
    weights = _source_weights(random, main, [side for side in sides if side in sources])
    vendor = random.randrange(len(VENDORS)) if kind == "vendor_app" else None
    colleague = random.random() < 0.15  # behind the shared egress of an employer
    org = None
    if vendor is not None:
        org = identifier("org", seed, "vendor", vendor)
    elif colleague or kind == "evaluation":
        org = identifier("org", seed, "employer", random.randrange(120))
    client = random.randrange(len(traffic.rates))
    machine = kind in ("vendor_app", "evaluation")
    shift = random.choice((-8, -6, -5, 0, 0, 1, 1, 2, 5, 8))
    model, temperature, max_tokens = draw_settings(random)
    return Habit(
        account_id=identifier("acct", seed, label),
        kind=kind,
        sources=weights,
        niches={name: _draw_niches(random, sources[name], 5 if name == main else 2) for name, _ in weights},
        style=draw_style(random, plain=machine),
        template=VENDORS[vendor] if vendor is not None else None,
        org=org,
        rate=random.uniform(120, 360) if kind == "evaluation" else float(traffic.rates[client]) * scale,
        variation=min(6.0, max(0.3, float(traffic.variations[client]))),
        hours=FLAT if kind == "evaluation" else WAKING[shift:] + WAKING[:shift],
        addresses=_own_addresses(random, org),
        network=random.choice(CLOUD_NETWORKS if machine else ACCESS_NETWORKS),
        user_agent=random.choice(USER_AGENTS),
        model=model,
        temperature=0.0 if kind == "evaluation" else temperature,
        max_tokens=max_tokens,
        output_tokens=output_token_law(random, traffic.output_tokens),
        age_days=draw_age(random),
    )


def draw_settings(random: Random) -> tuple[str, float, int | None]:
    """Model, temperature and limit of tokens that somebody keeps to."""
    temperature = random.choice((0.0, 0.2, 0.7, 0.7, 1.0, 1.0))
    return random.choice(MODELS), temperature, random.choice((None, None, 512, 1024, 2048, 4096))


def draw_age(random: Random) -> float:
    """Age of an account in days, on the day."""
    return random.expovariate(1 / 250.0) + 8.0


def draw_calls(seed: int, habit: Habit, sources: Mapping[str, Source], when: date) -> list[Call]:
    """The calls of one account on one day, at least one, conversations kept whole."""
    random = Random(f"day/{seed}/{habit.account_id}/{when}")
    wanted = round(min(400.0, max(1.0, habit.rate * random.lognormvariate(0.0, 0.35))))
    units = draw_units(random, habit, sources, wanted)
    calls: list[Call] = []
    starts = bursty_seconds(random, len(units), habit.variation, habit.hours)
    for unit, start in zip(units, starts, strict=True):
        talk = identifier("conv", habit.account_id, when, start) if len(unit) > 1 else None
        second = start
        for prompt in unit:
            text = restyle(random, habit.style, prompt)
            text = habit.template.replace("{message}", text) if habit.template else text
            calls.append(Call(text, min(second, DAY_SECONDS - 1e-3), talk))
            second += random.uniform(15, 240)
    return calls


def draw_units(random: Random, habit: Habit, sources: Mapping[str, Source], wanted: int) -> list[Unit]:
    """Units for about ``wanted`` calls: mostly the account's topics, no unit twice while it has others."""
    names = [name for name, _ in habit.sources]
    weights = [weight for _, weight in habit.sources]
    used: set[tuple[str, int]] = set()
    units: list[Unit] = []
    calls = 0
    while calls < wanted:
        name = random.choices(names, weights)[0]
        source = sources[name]
        for _ in range(4):
            own = random.random() >= WANDER
            position = random.choice(source.niches[random.choice(habit.niches[name])] if own else source.pool)
            if (name, position) not in used:
                break
        used.add((name, position))
        units.append(source.units[position])
        calls += len(source.units[position])
    return units


def bursty_seconds(random: Random, count: int, variation: float, hours: Sequence[float]) -> list[float]:
    """``count`` increasing times in seconds: gamma gaps of this variation, bent to these rates per hour."""
    shape = 1.0 / variation**2
    gaps = [random.gammavariate(shape, 1.0) + 1e-9 for _ in range(count + 1)]
    total = math.fsum(gaps)
    cumulative = [0.0, *accumulate(hours)]
    seconds = []
    for position in list(accumulate(gaps))[:count]:
        target = min(position / total, 1.0) * cumulative[-1]
        hour = max(0, min(23, bisect_left(cumulative, target) - 1))
        seconds.append((hour + (target - cumulative[hour]) / hours[hour]) * 3600.0)
    return seconds


def _source_weights(random: Random, main: str, sides: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """Most accounts keep to one source, a quarter mix in one or two others, a few are spread evenly."""
    if not sides or random.random() < 0.7:
        return ((main, 1.0),)
    others = random.sample(list(sides), random.randint(1, min(2, len(sides))))
    share = random.choice((0.1, 0.2, 0.3, 0.5))
    return ((main, 1.0 - share), *((other, share / len(others)) for other in others))


def _draw_niches(random: Random, source: Source, most: int) -> list[int]:
    return [source.draw_niche(random) for _ in range(random.randint(1, most))]


def _own_addresses(random: Random, org: str | None) -> tuple[str, ...]:
    if org is not None:
        egress = Random(f"egress/{org}")
        return tuple(random_address(egress) for _ in range(4))
    return tuple(random_address(random) for _ in range(random.choice((1, 1, 2, 3))))
