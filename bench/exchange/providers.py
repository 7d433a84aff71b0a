"""Providers of the exchange bench: honest worlds that share nothing but a consortium's key, and one campaign in two.

Each provider has its own secret, people and days. The campaign's accounts are dealt once, every prompt to one of them,
and then parted: so many at the sender, the rest at the receiver.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path

import pyarrow.parquet as pq

from bench.world.campaigns import Planted, campaign_calls, campaign_habits, deal_prompts
from bench.world.day import DAY, Log
from bench.world.days import Days
from gauger.engine.common.secret import Secret
from gauger.engine.engine import Engine
from gauger.engine.statistics.folded import population_of
from gauger.engine.statistics.joining import concatenate
from gauger.engine.statistics.population import Population

CONSORTIUM = Secret(hashlib.blake2b(b"exchange/consortium", digest_size=16).digest())
SENT, KEPT = 400, 10  # accounts of a campaign at the sender, and at the receiver
_TASKS = ("gorilla_apibench", "codealpaca_subset", "instruction_induction_prompts", "chatdoctor_genmed5k")
# Padded by 80 %, with settings, addresses and pace as honest accounts have them: content alone is left.
_HIDDEN = Planted(
    "", (), accounts=SENT + KEPT, padding=0.8, pacing="human", addresses="static", settings="honest", volumes="equal"
)
ATTACKS = {
    name: replace(_HIDDEN, name=name, corpora=corpora)
    for name, corpora in {
        "alpaca": ("alpaca_52k",),
        "t0": ("t0_templates_50k",),
        "evol": ("evol_instruct_rendered",),
        "tasks": _TASKS,
        "camel": ("camel_ai_society_rendered",),
    }.items()
}


@dataclass(frozen=True)
class World:
    """What sets an honest world apart from others, beside its seed."""

    name: str
    kept: float = 1.0  # share of its calls that each account makes
    hours_later: float = 0.0
    pacing: str = "human"  # of a campaign in it


WORLDS = (World("alike"), World("other", kept=0.6, hours_later=9.0, pacing="machine"))


@dataclass(frozen=True)
class Provider:
    """One provider's days and its own secret, joined with the consortium's."""

    seed: int
    calls: int
    corpora: Path
    folder: Path
    world: World = WORLDS[0]

    @cached_property
    def secret(self) -> Secret:
        """Its own, and the consortium's key."""
        own = hashlib.blake2b(f"exchange/{self.seed}".encode(), digest_size=16).digest()
        return Secret(own).joined(CONSORTIUM)

    @cached_property
    def days(self) -> Days:
        """Its world on disk."""
        return Days(self.seed, self.corpora, self.folder)

    def log(self, age: int) -> Path:
        """The log of an honest day so many days before today."""
        return self.days.honest(
            DAY - timedelta(days=age),
            self.calls,
            name=self.world.name,
            kept=self.world.kept,
            hours_later=self.world.hours_later,
        )[0]

    @cached_property
    def reference(self) -> Population:
        """Three clean days."""
        return concatenate([self.population([self.log(age)]) for age in (9, 8, 7)])

    @cached_property
    def honest(self) -> Population:
        """Today's honest accounts."""
        return self.population([self.log(0)])

    def attacked(self, planted: Planted, seed: int, rows: slice) -> Population:
        """Some accounts of a campaign; seed : of the deal, the same at all providers that have part of it."""
        planted = replace(planted, pacing=self.world.pacing)
        path = self.days.folder / f"seed-{self.seed}" / f"{planted.name}-{planted.pacing}-{seed}-{rows.start}.parquet"
        if not path.exists():
            dealt, _ = deal_prompts(seed, self.corpora, [planted])
            own = dealt[planted.name]
            log, habits = Log(seed, DAY), campaign_habits(seed, planted, len(own), self.days.timing)
            for habit, prompts in list(zip(habits, own, strict=True))[rows]:
                log.add(habit, campaign_calls(seed, planted, habit, prompts, self.days.sources, DAY))
            log.write(path.parent / path.stem).rename(path)
        return self.population([path])

    def population(self, logs: Sequence[Path]) -> Population:
        """The accounts of some logs."""
        engine = Engine(secret=self.secret, streaming=0)
        for log in logs:
            for batch in pq.ParquetFile(log).iter_batches():
                engine.observe(batch)
        return population_of(engine.state)[0]
