"""Campaigns of agents among people and honest agents: what is found, by how much of a call the log holds."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.agents.transcripts import CAMPAIGNS, PEOPLE, VIEWS, chat_of, dealt, dressed, sessions, shares
from bench.world.campaigns import Planted, attack_calls, campaign_calls, campaign_habits
from bench.world.day import DAY, Log
from bench.world.days import Days
from bench.world.people import Habit, draw_habit, rate_scale
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.engine.engine import Engine
from gauger.engine.reference.decontamination import gather_decontaminated
from gauger.engine.statistics.folded import population_of
from gauger.engine.statistics.joining import concatenate
from gauger.engine.statistics.people import Whole
from gauger.engine.statistics.population import Population

AGES = (9, 8, 7)
_COLUMNS = ["start_time", "account_id", "client_address", "messages"]


@dataclass(frozen=True)
class Row:
    """One campaign in one view of the log."""

    seed: int
    view: str
    campaign: str  # "none" for the day as it is
    padding: float
    accounts: int  # of the campaign, weighed
    flagged: int
    agents: int  # honest accounts of agents and chats, weighed
    agents_flagged: int
    people: int
    people_flagged: int


class Agents:
    """One world: people's days, honest agents' days and campaigns, each measured once a view."""

    def __init__(self, days: Days, calls: int) -> None:
        self._days, self._calls, self.seed = days, calls, days.seed
        self.secret = Secret(hashlib.blake2b(f"agents/{days.seed}".encode(), digest_size=16).digest())
        self._dates = [*(DAY - timedelta(days=age) for age in AGES), DAY]
        self._honest = [self._honest_calls(number) for number in range(len(self._dates))]
        self.agents = {account for account, _, _ in self._honest[-1]}

    def _honest_calls(self, number: int) -> list[tuple[str, Habit, list[str]]]:
        """Accounts of honest agents on a day, and what each sends."""
        scale, found = rate_scale(self._days.timing.rates), []
        for corpus, accounts in PEOPLE.items():
            runs = sessions(self._days.corpora / "benign" / f"{corpus}.parquet")
            own = shares(runs, accounts, len(self._dates), Random(f"agents/{self._days.seed}/{corpus}"))[number]
            for place, calls in enumerate(own):
                label = f"agents/{corpus}/{place}"
                habit = draw_habit(self._days.seed, label, self._days.sources, self._days.timing, scale)
                found.append((habit.account_id, replace(habit, rate=float(len(calls))), calls))
        return found

    def _rows(self, when: date, habits: Iterable[tuple[str, Habit, list[str]]]) -> dict[str, list[object]]:
        log, planted = Log(self._days.seed, when), Planted("agents", (), pacing="human", addresses="static")
        for _, habit, texts in habits:
            log.add(habit, campaign_calls(self._days.seed, planted, habit, texts, self._days.sources, when))
        return log.columns

    def _population(self, logs: Iterable[dict[str, list[object]] | pa.Table], view: str) -> Population:
        engine = Engine(secret=self.secret, workers=2)
        for log in logs:
            table = log if isinstance(log, pa.Table) else pa.table(log)
            for batch in table.to_batches(max_chunksize=2_000):
                said = [chat_of(text, view) for text in batch.column("prompt_text").to_pylist()]
                columns = [batch.column(name) for name in _COLUMNS[:-1]]
                engine.observe(pa.record_batch([*columns, pa.array(said, pa.string())], names=_COLUMNS))
        return population_of(engine.state)[0]

    def day(self, number: int, view: str) -> Population:
        """Everybody honest of a day."""
        people = pq.read_table(self._days.honest(self._dates[number], self._calls)[0])
        return self._population([people, self._rows(self._dates[number], self._honest[number])], view)

    def campaign(self, corpus: str, padding: float, accounts: int, view: str, disguised: bool) -> Population:
        """A campaign's accounts; disguised: its calls have the system text and tools of the honest coding agents."""
        planted = Planted(
            f"{corpus}-{padding}", (corpus,), accounts, padding=padding, pacing="human", addresses="static",
            settings="honest",
        )  # fmt: skip
        random = Random(f"deal/{self._days.seed}/{corpus}/{padding}")
        runs = sessions(self._days.corpora / "attack" / f"{corpus}.parquet")
        own = dealt(runs, accounts, attack_calls(planted), random)
        if disguised:
            harness = self._honest[-1][0][2][0]
            own = [[dressed(text, harness) for text in texts] for texts in own]
        log = Log(self._days.seed, DAY)
        habits = campaign_habits(self._days.seed, planted, len(own), self._days.timing)
        for habit, texts in zip(habits, own, strict=True):
            log.add(habit, campaign_calls(self._days.seed, planted, habit, texts, self._days.sources, DAY))
        return self._population([log.columns], view)


def measure(days: Days, calls: int, accounts: int, views: Sequence[str] = tuple(VIEWS)) -> Iterator[Row]:
    """Every campaign in every view."""
    world = Agents(days, calls)
    for view in views:
        reference = concatenate([world.day(number, view) for number in range(len(AGES))])
        today = world.day(len(AGES), view)
        yield _row(world, view, ("none", 0.0), today, reference, set())
        for corpus in CAMPAIGNS:
            for padding, disguised in ((0.0, False), (0.8, False), (0.8, True)):
                planted = world.campaign(corpus, padding, accounts, view, disguised)
                ids, name = set(planted.account_ids), f"{corpus}, in the honest harness" if disguised else corpus
                yield _row(world, view, (name, padding), concatenate([today, planted]), reference, ids)


def _row(
    world: Agents, view: str, what: tuple[str, float], today: Population, reference: Population, planted: set[str]
) -> Row:
    settings = Settings()
    people = Whole(today, world.secret.key, settings.calls_min)
    found = gather_decontaminated(people, reference, world.secret.key, settings).evidence
    weighed, flagged = ~np.isnan(found.probability), found.probability < settings.alarm_level
    own, agents = (np.asarray([name in some for name in today.account_ids]) for some in (planted, world.agents))
    sides = (own, agents, ~own & ~agents)
    counts = [int(np.sum(mask & side)) for side in sides for mask in (weighed, flagged)]
    return Row(world.seed, view, *what, *counts)
