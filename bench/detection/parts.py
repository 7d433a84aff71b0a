"""The parts of the detection bench: each measures some days of one world and yields a row of figures a day."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from threadpoolctl import threadpool_limits

from bench.detection import baselines as detection_baselines
from bench.detection import rivals as detection_rivals
from bench.detection.log import packed
from bench.detection.metrics import RATES, recall_with_interval
from bench.detection.population import Seen, measured, reference_of
from bench.detection.rungs import ATTACKS, CLEAN, MANY, MANY_CAMPAIGNS, RUNGS, TOGETHER, attack_of
from bench.detection.world import World, cut
from bench.world import day as real_day
from bench.world.campaigns import DEFAULT, Planted
from bench.world.cohorts import COHORTS
from gauger.engine.statistics.joining import concatenate
from gauger.engine.statistics.population import Population

HOURS = (3, 6, 9, 12, 18, 24)  # of the day, at which a stream is scored
TRAINING_SEED = 1_000  # added to the seed: the campaigns that trees are taught on are not those of the day
_TRAINING_ACCOUNTS = 200
Figures = dict[str, Any]
Chosen = Callable[[str], bool]


def _recall(world: World, rungs: Mapping[str, Planted], chosen: Chosen) -> Iterator[tuple[str, Figures]]:
    for name, planted in rungs.items():
        if chosen(name):
            yield name, packed(world.outcome(name, (planted,)))


def _benign(world: World, _: Mapping[str, Planted], chosen: Chosen) -> Iterator[tuple[str, Figures]]:
    """The clean day, the day with all default campaigns, and each honest cohort that is new on the day."""
    if chosen(CLEAN):
        yield CLEAN, packed(world.outcome(CLEAN))
    if chosen(TOGETHER):
        yield TOGETHER, packed(world.outcome(TOGETHER, DEFAULT))
    for name in filter(chosen, COHORTS):
        outcome = world.outcome(name, cohorts=(name,))
        yield name, packed(outcome) | {"cohort": world.cohort(name, name)}


def _findings(world: World, _: Mapping[str, Planted], chosen: Chosen) -> Iterator[tuple[str, Figures]]:
    """A day of many campaigns, held against what became findings."""
    if chosen(MANY):
        yield MANY, packed(world.outcome(MANY, MANY_CAMPAIGNS))


def _stream(world: World, rungs: Mapping[str, Planted], chosen: Chosen) -> Iterator[tuple[str, Figures]]:
    for name, planted in rungs.items():
        if chosen(name):
            yield name, {"stream": streamed(world, name, planted)}


def streamed(world: World, name: str, planted: Planted) -> list[Figures]:
    """The day cut at one hour after the other, until half of the campaign's accounts are flagged.

    One entry an hour: share of all the campaign's accounts flagged, its calls so far, honest accounts flagged.
    """
    (honest, _), (log, _) = world.honest(), world.added(name, (planted,))
    accounts = world.outcome(name, (planted,)).everyone.campaigns[0].accounts
    found: list[Figures] = []
    with tempfile.TemporaryDirectory(prefix=".cut-", dir=world.runs) as scratch:
        paths = [Path(scratch) / "honest.parquet", Path(scratch) / "campaign.parquet"]
        for hours in HOURS:
            _, calls = [cut(source, hours, path) for source, path in zip((honest, log), paths, strict=True)]
            world.score(paths, Path(scratch) / "out")
            flagged, wrong = _flagged(Path(scratch) / "out", log)
            found.append({"hour": hours, "flagged": flagged / accounts, "calls": calls, "honest_flagged": wrong})
            if flagged >= 0.5 * accounts:
                break
    return found


def _flagged(out: Path, log: Path) -> tuple[int, int]:
    """Flagged accounts of a campaign's log, and others."""
    scored = pq.read_table(out / "accounts.parquet", columns=["account_id", "flagged"])
    flagged = set(scored.filter(pc.fill_null(scored["flagged"], False))["account_id"].to_pylist())
    own = set(pq.read_table(log, columns=["account_id"])["account_id"].to_pylist())
    return len(flagged & own), len(flagged - own)


class Contest:
    """All baselines on one world: what is the same for every campaign is computed once."""

    def __init__(self, world: World) -> None:
        self._world = world

    @cached_property
    def honest(self) -> Seen:
        """The honest day's accounts."""
        return measured(self._world.honest()[0], self._world.state())

    @cached_property
    def reference(self) -> Population:
        """The accounts gauger compares the day with."""
        return reference_of(self._world.state(), real_day.DAY)

    @cached_property
    def _alone(self) -> dict[str, np.ndarray]:
        return self._each(self.honest)

    def _each(self, seen: Seen) -> dict[str, np.ndarray]:
        """Scores that depend on an account's own calls."""
        return {
            "calls per account": detection_baselines.calls_per_account(seen),
            "tokens in an hour": detection_baselines.hourly_tokens(seen),
            "PRADA": detection_baselines.prada(seen),
            "two-sample test (MMD)": detection_baselines.mean_discrepancy(seen, self.reference),
            "isolation forest": self._forest.scores(seen),
        }

    @cached_property
    def _forest(self) -> detection_baselines.Isolation:
        return detection_baselines.Isolation(self.reference)

    @cached_property
    def _fan_out(self) -> detection_rivals.FanOut:
        return detection_rivals.FanOut(self.honest)

    @cached_property
    def _trees(self) -> detection_rivals.BoostedTrees:
        world, training = self._world, {}
        for attack, planted in ATTACKS.items():
            parts = []
            for padding in (0.0, 0.5, 0.8):
                name = f"training_{attack}_{round(100 * padding)}"
                taught = replace(planted, name=name, padding=padding, accounts=_TRAINING_ACCOUNTS)
                log, _ = world.built(name, 0, 0, (taught,), seed=world.seed + TRAINING_SEED)
                parts.append(measured(log, world.state()).population)
            training[attack] = concatenate(parts)
        honest = measured(world.newest_reference(), world.state()).population
        return detection_rivals.BoostedTrees(self.reference, honest, training)

    def scores(self, name: str, planted: Planted) -> tuple[int, dict[str, np.ndarray]]:
        """Number of honest accounts, and every contestant's scores of them, the campaign's following."""
        world = self._world
        world.outcome(name, (planted,))
        seen = measured(world.added(name, (planted,))[0], world.state())
        own = self._each(seen)
        scores = {label: np.concatenate([self._alone[label], values]) for label, values in own.items()}
        scores["near-duplicate fan-out"] = self._fan_out.scores(seen)
        honest, campaign = self.honest.population, seen.population
        scores |= self._trees.scores(honest, campaign, attack_of(name))
        scores["gauger"] = world.evidence(name, [*honest.account_ids, *campaign.account_ids])
        return len(honest), scores


def _baselines(world: World, rungs: Mapping[str, Planted], chosen: Chosen) -> Iterator[tuple[str, Figures]]:
    contest = Contest(world)
    for name, planted in filter(lambda item: chosen(item[0]), rungs.items()):
        # One thread, as the product has it: on a busy machine more of them wait for each other.
        with threadpool_limits(1):
            honest, scores = contest.scores(name, planted)
        yield name, {"baselines": compared(honest, scores)}


def compared(honest: int, scores: Mapping[str, np.ndarray]) -> dict[str, dict[str, Figures]]:
    """Contestant -> rate of false positives -> recall with its interval; the first ``honest`` accounts are honest."""
    return {
        label: {str(rate): asdict(recall_with_interval(values[:honest], values[honest:], rate)) for rate in RATES}
        for label, values in scores.items()
    }


_MEASURES = {"benign": _benign, "findings": _findings, "stream": _stream, "baselines": _baselines}
PARTS: Sequence[str] = (*(part for part in RUNGS if part not in _MEASURES), *_MEASURES)


def measure(world: World, part: str, chosen: Chosen = lambda name: True) -> Iterator[tuple[str, Figures]]:
    """Name and figures of each chosen day of a part."""
    return _MEASURES.get(part, _recall)(world, RUNGS.get(part, {}), chosen)
