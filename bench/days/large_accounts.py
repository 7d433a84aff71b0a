"""Accounts of large days in numbers: what each asks about, how it writes, when, and what the log says of it.

Accounts come in blocks that depend on the seed and the block's label alone. So an account is the same on every day, a
smaller day has the first accounts of a larger one, and reference days and the day are of one distribution.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date

import numpy as np
import pyarrow as pa

from bench.days.large_texts import Pool, vendor_halves, wrap_halves
from bench.world.style import CLOSINGS, ENDINGS, GREETINGS
from gauger.simulate import campaigns, people
from gauger.simulate.accounts import Accounts, Network, concatenate
from gauger.simulate.days import midnight_us

MEAN_CALLS = 29.6  # of an honest account before the busiest are cut to 600; about 29 are left
_VOLUME_SPREAD = 1.05  # of the logarithm: one account in eight makes fewer than five calls, the busiest 600
_WANDER = 0.2  # share of calls outside an account's own topics
_NICHES, _SIDE_NICHES = 5, 2
_CASINGS = (0.5, 0.3, 0.2)  # as it is, lower, sentence
_TYPING_ERRORS = ((0.0, 0.002, 0.008, 0.02), (0.55, 0.25, 0.15, 0.05))  # per byte, shares of accounts
_CONTEXT_BYTES, _CONTEXT_SPREAD = 420.0, 0.7
_CONVERSING = 0.6

# Kind -> (share of accounts, main source, side sources, stream of its excerpts, whether it is software).
Kind = tuple[float, str, tuple[str, ...], str, bool]
KINDS: dict[str, Kind] = {
    "sql_user": (0.240, "sql", ("shell", "search", "chat"), "code", False),
    "shell_user": (0.100, "shell", ("sql", "chat", "search"), "code", False),
    "search_user": (0.100, "search", ("assistant", "chat", "sql"), "prose", False),
    "person": (0.100, "chat", ("search", "assistant", "sql", "shell"), "prose", False),
    "assistant_user": (0.080, "assistant", ("search", "chat"), "prose", False),
    "vendor_app": (0.080, "assistant", (), "prose", True),
    "helped_user": (0.080, "ubuntu", ("shell", "coding"), "code", False),
    "coder": (0.060, "coding", ("sql", "shell"), "code", False),
    "shopper": (0.040, "shopping", ("search",), "prose", False),
    "supported_user": (0.010, "support", ("shopping",), "prose", False),
    "zh_user": (0.040, "zh", (), "zh", False),
    "ja_user": (0.010, "ja", (), "ja", False),
    "ko_user": (0.010, "ko", (), "ko", False),
    "ru_user": (0.008, "ru", (), "ru", False),
    "id_user": (0.010, "id", (), "id", False),
    "ar_user": (0.008, "ar", (), "ar", False),
    "fr_user": (0.010, "fr", (), "fr", False),
    "batch_zh": (0.004, "batch_zh", (), "zh", True),
    "batch_id": (0.004, "batch_id", (), "id", True),
    "batch_translate": (0.004, "batch_translate", (), "fr", True),
    "harness": (0.002, "harness", (), "prose", True),
}


@dataclass(frozen=True)
class Habits:
    """What stays the same about accounts, one entry each; strings are numbers of the pool's."""

    kind: np.ndarray  # int8, of ``KINDS``
    source: np.ndarray  # (n, 2) int32, first and number of the pieces of its main and its side source
    side: np.ndarray  # (n, 2) int32
    side_share: np.ndarray  # float32
    niche: np.ndarray  # (n, 5) int32, repeated where there are fewer
    side_niche: np.ndarray  # (n, 2) int32
    wander: np.ndarray  # float32
    casing: np.ndarray  # int8
    ending: np.ndarray  # int32, -1 for what the prompt has
    around: np.ndarray  # (n, 6) int32: greeting, closing, wrap before and after, frame before and after
    errors: np.ndarray  # float32, typing errors a byte
    context_share: np.ndarray  # float32, of calls with an excerpt
    context_bytes: np.ndarray  # float32, usual length
    context_first: np.ndarray  # bool
    window: np.ndarray  # (n, 2) int32, first and number of the words it takes excerpts from
    stream: np.ndarray  # (n, 2) int32, those of its whole stream
    hour: np.ndarray  # float32, middle of its day
    converses: np.ndarray  # bool
    volume: np.ndarray  # float32, calls of a usual day


@dataclass(frozen=True)
class Block:
    """Some accounts: what they do, what the log says of them, and the addresses they call from."""

    habits: Habits
    accounts: Accounts
    addresses: pa.StringArray
    as_numbers: pa.Int64Array

    def __len__(self) -> int:
        return len(self.accounts)

    def first(self, count: int) -> "Block":
        """The first accounts alone."""
        cut = {field.name: getattr(self.accounts, field.name)[:count] for field in fields(Accounts)}
        habits = Habits(*(getattr(self.habits, field.name)[:count] for field in fields(Habits)))
        return replace(self, habits=habits, accounts=Accounts(**cut))

    def some(self, rows: np.ndarray) -> "Block":
        """The accounts of these rows."""
        taken = {}
        for field in fields(Accounts):
            column = getattr(self.accounts, field.name)
            taken[field.name] = column.take(pa.array(rows)) if isinstance(column, pa.Array) else column[rows]
        habits = Habits(*(getattr(self.habits, field.name)[rows] for field in fields(Habits)))
        return replace(self, habits=habits, accounts=Accounts(**taken))


def generator(*parts: object) -> np.random.Generator:
    """Random numbers that depend on these names alone."""
    digest = hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest))


def honest_block(pool: Pool, seed: int, label: str, count: int, when: date) -> Block:
    """Honest accounts; ``when`` is the day they are older than."""
    random = generator("accounts", seed, label)
    network = Network(random)
    accounts = people.draw_accounts(random, count, network, midnight_us(when))
    habits = draw_habits(pool, random, count)
    kinds = np.array(list(KINDS))[habits.kind]
    return Block(habits, replace(accounts, kind=kinds), network.addresses(), network.as_numbers())


def campaign_block(pool: Pool, seed: int, name: str, count: int, calls: int, when: date) -> Block:
    """Accounts of a campaign. In padding each writes as one honest account of any topic, with its own hand."""
    random = generator("campaign", seed, name)
    network = Network(random)
    spec = campaigns.CampaignSpec("padded", count, calls, pacing="poisson")
    accounts = campaigns.campaign_accounts(random, spec, 0, network, midnight_us(when))
    accounts = replace(accounts, kind=np.full(count, name), campaign=np.full(count, name))
    habits = draw_habits(pool, random, count)
    habits.around[:, 4:] = pool.strings[""]  # nobody's app
    habits = replace(
        habits,
        wander=np.ones(count, np.float32),
        converses=np.zeros(count, bool),
        volume=np.full(count, calls, np.float32),
    )
    return Block(habits, accounts, network.addresses(), network.as_numbers())


def joined(blocks: Sequence[Block]) -> Block:
    """All accounts of all blocks, in order."""
    parts, before = [], 0
    for block in blocks:
        parts.append(replace(block.accounts, address_first=block.accounts.address_first + before))
        before += len(block.addresses)
    habits = Habits(
        *(np.concatenate([getattr(block.habits, field.name) for block in blocks]) for field in fields(Habits))
    )
    addresses = pa.concat_arrays([block.addresses for block in blocks])
    return Block(habits, concatenate(parts), addresses, pa.concat_arrays([block.as_numbers for block in blocks]))


def draw_habits(pool: Pool, random: np.random.Generator, count: int) -> Habits:
    """Habits of ``count`` accounts, with the shares of ``bench.world.people`` and ``bench.world.style``."""
    known = [name for name, kind in KINDS.items() if kind[1] in pool.members]
    shares = np.array([KINDS[name][0] for name in known])
    kind = random.choice([list(KINDS).index(name) for name in known], count, p=shares / shares.sum())
    sources = {name: number for number, name in enumerate(pool.members)}
    main, side, stream = np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros((count, 2), np.int64)
    plain = np.zeros(count, bool)
    for number, (_, source, sides, own_stream, software) in enumerate(KINDS.values()):
        rows = np.flatnonzero(kind == number)
        if rows.size:
            main[rows] = sources[source]
            present = [sources[name] for name in sides if name in sources] or [sources[source]]
            side[rows] = random.choice(present, rows.size)
            stream[rows] = pool.streams[own_stream].first, pool.streams[own_stream].size
            plain[rows] = software
    spans = np.array([(span.first, span.size) for span in pool.members.values()])
    mixing = random.random(count) >= 0.7
    window = np.minimum(random.lognormal(np.log(8_000), 1.0, count).astype(np.int64) + 2_000, stream[:, 1])
    window_first = stream[:, 0] + (random.random(count) * (stream[:, 1] - window)).astype(np.int64)
    context = np.where(plain, 0.0, random.beta(2.0, 1.2, count))
    names = list(KINDS)
    context[kind == names.index("vendor_app")] = 0.5
    return Habits(
        kind=kind.astype(np.int8),
        source=spans[main].astype(np.int32),
        side=spans[side].astype(np.int32),
        side_share=np.where(mixing, random.choice((0.1, 0.2, 0.3, 0.5), count), 0.0).astype(np.float32),
        niche=_draw_niches(pool, random, main, _NICHES),
        side_niche=_draw_niches(pool, random, side, _SIDE_NICHES),
        wander=np.full(count, _WANDER, np.float32),
        **_draw_hands(pool, random, plain, kind == names.index("vendor_app")),
        context_share=context.astype(np.float32),
        context_bytes=random.lognormal(np.log(_CONTEXT_BYTES), _CONTEXT_SPREAD, count).astype(np.float32),
        context_first=random.random(count) < 0.3,
        window=np.column_stack([window_first, window]).astype(np.int32),
        stream=stream.astype(np.int32),
        hour=(14.0 + random.choice([-8.0, -5.5, -1.0, 0.0, 5.0, 8.0], count) + random.normal(0.0, 2.5, count)).astype(
            np.float32
        ),
        converses=random.random(count) < _CONVERSING,
        volume=random.lognormal(np.log(MEAN_CALLS) - _VOLUME_SPREAD**2 / 2, _VOLUME_SPREAD, count).astype(np.float32),
    )


def _draw_niches(pool: Pool, random: np.random.Generator, source: np.ndarray, most: int) -> np.ndarray:
    """Up to ``most`` topics an account, large ones more often."""
    drawn = np.zeros((source.size, most), np.int32)
    for number, name in enumerate(pool.niches):
        rows = np.flatnonzero(source == number)
        draws = np.searchsorted(pool.niche_weights(name), random.random((rows.size, most)))
        drawn[rows] = pool.niches[name].first + np.minimum(draws, pool.niches[name].size - 1)
    kept = random.integers(1, most + 1, source.size)
    return np.where(np.arange(most) < kept[:, None], drawn, drawn[:, :1])


def _draw_hands(
    pool: Pool, random: np.random.Generator, plain: np.ndarray, vendor: np.ndarray
) -> dict[str, np.ndarray]:
    """How accounts write; ``plain`` ones add nothing of their own, ``vendor`` ones have a frame around everything."""
    count = plain.size
    hand = ~plain
    around = np.full((count, 6), pool.strings[""], np.int32)
    halves = (("greeting", GREETINGS, 0.12), ("closing", CLOSINGS, 0.12))
    for column, (_, texts, share) in enumerate(halves):
        rows = np.flatnonzero(hand & (random.random(count) < share))
        around[rows, column] = random.choice(pool.string_ids(texts), rows.size)
    framed = ((wrap_halves(), hand & (random.random(count) < 0.08), 2), (vendor_halves(), vendor, 4))
    for pairs, chosen, column in framed:
        rows = np.flatnonzero(chosen)
        ids = np.column_stack([pool.string_ids(half) for half in zip(*pairs, strict=True)])
        around[rows, column : column + 2] = ids[random.integers(0, len(pairs), rows.size)]
    ending = np.full(count, -1, np.int32)
    rows = np.flatnonzero(hand & (random.random(count) < 0.5))
    ending[rows] = random.choice(pool.string_ids(ENDINGS), rows.size)
    rates, shares = _TYPING_ERRORS
    return {
        "casing": np.where(hand, random.choice(3, count, p=_CASINGS), 0).astype(np.int8),
        "ending": ending,
        "around": around,
        "errors": np.where(hand, random.choice(rates, count, p=shares), 0.0).astype(np.float32),
    }
