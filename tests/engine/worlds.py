"""Small synthetic worlds: prompts of made-up words, days of calls, and populations made straight from feature rows.

Everything is a function of a seed. A *topic* is a fixed random direction of feature space: honest accounts mix a few
of the honest topics, a planted campaign adds calls of a topic no honest account ever touches.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from gauger.engine.common.schema import CALL_SCHEMA
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.engine.engine import Engine
from gauger.engine.evidence.evidence import Evidence
from gauger.engine.families.descriptors import Descriptors
from gauger.engine.families.families import Families
from gauger.engine.families.frames import NO_FRAMES, Matcher
from gauger.engine.families.slots import SlotFigures
from gauger.engine.intake.admission import admit
from gauger.engine.intake.measuring import Measurer, Measures, WordSketch
from gauger.engine.reference.keeping import KeptDay, kept_day
from gauger.engine.results.result import Result
from gauger.engine.statistics.people import Whole
from gauger.engine.statistics.population import Population
from gauger.kernels.sketches import minhash
from gauger.kernels.text.features import FEATURES

SECRET = Secret(b"findings-testing")
DAY = datetime(2026, 11, 20, tzinfo=UTC)
HONEST_TOPICS, CALL_TOPIC_STRENGTH = 12, 0.5
_TOPICS = np.random.default_rng(2026).normal(size=(HONEST_TOPICS + 8, FEATURES))
_SYLLABLES = [start + vowel for start in "bdfgklmnprstvz" for vowel in "aeiou"]

Call = dict[str, Any]


# Prompts and days


@cache
def _vocabulary(language: int) -> np.ndarray:
    random = np.random.default_rng(1_000 + language)
    made = {"".join(random.choice(_SYLLABLES, random.integers(2, 5))) for _ in range(6_000)}
    return random.permutation(sorted(made))


class Words:
    """Random made-up words: common ones far more often than rare ones, as in any language.

    language : speakers of one language share their few thousand words and how common each is, whatever their seed
    """

    def __init__(self, seed: int, language: int = 0) -> None:
        self.random = np.random.default_rng(seed)
        self._vocabulary = _vocabulary(language)
        weight = 1.0 / (20.0 + np.arange(len(self._vocabulary)))
        self._chance = np.cumsum(weight / weight.sum())

    def some(self, count: int) -> list[str]:
        """That many words."""
        places = np.searchsorted(self._chance, self.random.random(count))
        return self._vocabulary[np.minimum(places, len(self._vocabulary) - 1)].tolist()

    def text(self, low: int, high: int | None = None) -> str:
        """A text of ``low`` words, or of ``low`` to ``high``."""
        return " ".join(self.some(low if high is None else int(self.random.integers(low, high + 1))))

    def edited(self, text: str, changes: int) -> str:
        """The text with some of its words replaced."""
        words = text.split()
        for place in self.random.choice(len(words), changes, replace=False):
            words[place] = self.some(1)[0] + "x"
        return " ".join(words)


def call(account: str, prompt: str, seconds: float, *, day: datetime = DAY, **more: Any) -> Call:
    """One call, ``seconds`` after the start of the day."""
    start = day + timedelta(seconds=float(seconds))
    return {"start_time": start, "account_id": account, "prompt_text": prompt, **more}


def batch(calls: Sequence[Call]) -> pa.RecordBatch:
    """Calls as a batch of canonical columns: those any of the calls has."""
    names = {name for one in calls for name in one}
    schema = pa.schema([field for field in CALL_SCHEMA if field.name in names])
    return pa.RecordBatch.from_pylist(list(calls), schema=schema)


def honest_day(seed: int, accounts: int, calls_each: int, *, day: datetime = DAY) -> list[Call]:
    """A day of unrelated accounts, each with its own texts, pace, address and client settings."""
    words = Words(seed)
    random = words.random
    calls = []
    for account in range(accounts):
        length, model = int(random.integers(6, 40)), f"model-{random.integers(4)}"
        address = f"10.{seed % 200}.{account // 250}.{account % 250}"
        for second in random.uniform(0, 86_000, calls_each):
            more: Call = {
                "client_address": address,
                "request_model": model,
                "usage_output_tokens": int(random.integers(5, 900)),
            }
            calls.append(call(f"account-{seed}-{account}", words.text(length, length + 10), second, day=day, **more))
    return calls


def shuffled(calls: Sequence[Call], seed: int) -> list[Call]:
    """The calls in another order."""
    return [calls[place] for place in np.random.default_rng(seed).permutation(len(calls))]


# Whole runs

ENGINE_SETTINGS = Settings(reference_accounts_min=200, alarm_level=0.01, neighbours=(10, 20), template_members=8)
CAMPAIGN_ACCOUNTS = 40
CANARY = "zyxcanaryqv"


def campaign_day() -> list[Call]:
    """A hundred honest accounts, and forty of a campaign that fill one template with new words."""
    calls = honest_day(2, 100, 6)
    words = Words(99, language=1)
    frame = ["Write", "exactly:", CANARY, *words.some(20)]
    for account in range(CAMPAIGN_ACCOUNTS):
        for second in range(account * 7, 86_000, 15_000):
            text = f"{' '.join(frame)}\n- [{second}] {words.text(30, 60)}; {CANARY}!"
            more: Call = {
                "client_address": f"172.16.0.{account // 4}",
                "request_model": "model-x",
                "usage_output_tokens": 400,
            }
            calls.append(call(f"campaign-{account}", text, second, **more))
    calls += [call(f"campaign-{account}", f"good morning {CANARY}", account, request_model="m") for account in range(9)]
    return shuffled(calls, 3)


def reference_directory(path: Path) -> Path:
    """A state directory with one reference day, eight days before ``DAY``."""
    engine = observing(honest_day(1, 260, 6, day=DAY - timedelta(days=8)), Engine(path, settings=ENGINE_SETTINGS))
    engine.finish()
    assert engine.commit() == ["2026-11-12"]
    return path


def taking(engine: Engine, calls: list[Call], rows: Iterable[int]) -> Engine:
    """The engine, having observed those calls; every call keeps its file and row: even calls are of file 0."""
    for file in (0, 1):
        own = [row for row in rows if row % 2 == file]
        if own:
            engine.observe(batch([calls[row] for row in own]), file=file, rows=np.asarray(own) // 2)
    return engine


def observing(calls: Sequence[Call], engine: Engine | None = None) -> Engine:
    """The engine (in memory, unless told), having observed those calls."""
    engine = engine or Engine(secret=SECRET, streaming=0)
    engine.observe(batch(calls))
    return engine


def finished(calls: Sequence[Call], engine: Engine | None = None) -> Result:
    """What the engine says after it observed those calls."""
    return observing(calls, engine).finish()


def measured(texts: Sequence[str]) -> Measures:
    """What the pass makes of texts."""
    calls = admit(batch([call("a", text, 0) for text in texts])).calls
    return Measurer(SECRET).measure(calls, WordSketch())


def saved_bytes(engine: Engine, folder: Path) -> dict[str, str]:
    """Digest of every file of the engine's saved state."""
    engine.save(folder)
    return {path.name: blake2b(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


# Feature-level populations


def feature_rows(random: np.random.Generator, topics: np.ndarray) -> np.ndarray:
    """Feature rows of calls about given topics, int8[m, FEATURES]."""
    noise = random.normal(size=(len(topics), FEATURES))
    return np.clip(np.rint(12.0 * (noise + CALL_TOPIC_STRENGTH * _TOPICS[topics])), -127, 127).astype(np.int8)


def population(
    seed: int, accounts: int, calls: int, *, planted: Sequence[tuple[int, int]] = (), habits: int = 0
) -> Population:
    """Accounts of ``calls`` calls each; the first ones belong to campaigns.

    planted : (accounts, calls of the campaign's own topic among each account's calls), one entry a campaign
    habits : the first so many accounts share one narrow habit in every timing and address statistic
    """
    random = np.random.default_rng(seed)
    own = random.integers(0, HONEST_TOPICS, (accounts, 3))
    topics = own[np.arange(accounts)[:, None], random.integers(0, 3, (accounts, calls))]
    first = 0
    for number, (size, odd) in enumerate(planted):
        topics[first : first + size, :odd] = HONEST_TOPICS + number
        first += size
    features = feature_rows(random, topics.ravel())
    owner = np.repeat(np.arange(accounts), calls)
    sums = features.reshape(accounts, calls, FEATURES).sum(axis=1, dtype=np.int32)
    statistics = {
        name: random.lognormal(0.0, 1.0, accounts)
        for name in ("calls_log2", "active_hours", "gap_variation", "gap_median_s", "addresses_per_call")
    }
    for values in statistics.values():
        values[:habits] = random.uniform(4.0, 4.2, habits)
    return Population(
        account_ids=[f"{seed}-{account:05d}" for account in range(accounts)],
        calls=np.full(accounts, calls, np.int64),
        sums=sums,
        statistics=statistics,
        sample_owner=owner,
        sample_identity=random.integers(1, 2**63, len(owner)).astype(np.uint64),
        sample_row=np.arange(len(features)),
        sample_features=features,
        link_owner=np.zeros(0, np.int64),
        link_channel=np.zeros(0, np.uint8),
        link_value=np.zeros(0, np.uint64),
    )


def bare_population(
    calls: Sequence[int], statistics: dict[str, Sequence[float]], links: Iterable[tuple[int, int, int]] = ()
) -> Population:
    """Accounts with statistics and (account, channel, value) links, but no content."""
    rows = np.asarray(sorted(links), np.int64).reshape(-1, 3)
    return Population(
        account_ids=[f"bare-{account:04d}" for account in range(len(calls))],
        calls=np.asarray(calls, np.int64),
        sums=np.zeros((len(calls), FEATURES), np.int32),
        statistics={name: np.asarray(values, np.float64) for name, values in statistics.items()},
        sample_owner=np.zeros(0, np.int64),
        sample_identity=np.zeros(0, np.uint64),
        sample_row=np.zeros(0, np.int64),
        sample_features=np.zeros((0, FEATURES), np.int8),
        link_owner=rows[:, 0],
        link_channel=rows[:, 1].astype(np.uint8),
        link_value=rows[:, 2].astype(np.uint64),
    )


def kept(
    population: Population,
    settings: Settings,
    secret: Secret,
    *,
    flagged: np.ndarray | None = None,
    lone: np.ndarray | None = None,
    finding: np.ndarray | None = None,
) -> KeptDay:
    """What is kept of a day; flagged, lone : bool[accounts], nobody unless told; finding : int64[accounts]."""
    nobody = np.zeros(len(population), bool)
    people = Whole(population, secret.key, settings.calls_min)
    flags = (nobody if given is None else given for given in (flagged, lone))
    numbers = np.zeros(len(population), np.int64) if finding is None else finding
    return kept_day(people, population.statistics, *flags, numbers, settings, secret)


def evidence(
    probability: Sequence[float] | np.ndarray,
    vectors: np.ndarray,
    reference_vectors: np.ndarray,
    *,
    sifted: np.ndarray | None = None,
    call_probability: list[np.ndarray] | None = None,
) -> Evidence:
    """Hand-made evidence: every part has the same probability."""
    values = np.asarray(probability, np.float64)
    return Evidence(
        probability=values,
        parts={"content": values, "conformity": np.full(len(values), 0.5)},
        shares={"today_share_10": 1.0 - values, "today_share_50": 0.9 - values},
        vectors=vectors.astype(np.float32),
        sifted=(vectors if sifted is None else sifted).astype(np.float32),
        call_probability=call_probability or [],
        reference_accounts=len(reference_vectors),
        reference_vectors=reference_vectors.astype(np.float32),
    )


def families(
    kinds: Sequence[int], accounts: Sequence[int] | None = None, allowed: Sequence[bool] | None = None
) -> Families:
    """Families of given kinds with ids 10, 11, ...; numbers of no interest are ones, or not available."""
    count = len(kinds)
    ones, unknown, none = np.ones(count, np.int64), np.full(count, np.nan), np.zeros(count + 1, np.int64)
    callers = ones if accounts is None else np.asarray(accounts, np.int64)
    return Families(
        ids=np.arange(10, 10 + count),
        kinds=np.asarray(kinds, np.uint8),
        signatures=np.zeros((count, minhash.SLOTS), np.uint8),
        calls=ones,
        addresses=ones,
        prompts=ones,
        descriptors=Descriptors(callers, unknown, unknown, unknown, none, none[:0], *(unknown for _ in range(7))),
        slots=SlotFigures(none, none[:0], unknown[:0], unknown, ones),
        frame_groups=none[:-1],
        allowed=np.zeros(count, bool) if allowed is None else np.asarray(allowed, bool),
        first_seen=ones,
        last_seen=ones,
        of_prompt=np.zeros(0, np.int64),
        of_group=np.append(np.arange(count), -1),
        matcher=Matcher(NO_FRAMES),
        of_frame=np.zeros(0, np.int64),
        similarity=0.8,
    )


def unit_rows(values: np.ndarray) -> np.ndarray:
    """Rows scaled to unit norm."""
    return values / np.linalg.norm(values, axis=1, keepdims=True)
