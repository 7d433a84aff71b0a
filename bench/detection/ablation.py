"""Ablations: what trees, a propagation net and a sequence model add to the evidence, taught on other attacks.

Taught in one honest world on some attack sets, scored in another on others. Campaigns say nothing but what they ask:
static addresses, human pacing, honest settings. Thresholds are the scored day's own honest accounts', which no operator
knows; every method gets them alike.

Run as ``python -m bench.detection.ablation`` from the root of the repository.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bench.detection.baselines import AccountTable
from bench.detection.population import Seen, measured, reference_of
from bench.detection.world import World, homes
from bench.findings.kinds import EVEN, Kind
from bench.pages import history
from bench.pages.markdown import deliver, percent, table
from bench.world.corpora import ABSENT, corpora_directory
from bench.world.day import DAY
from gauger.engine.common.settings import Settings
from gauger.engine.common.vectors import unit
from gauger.engine.evidence.neighbours import Index, Whitener
from gauger.engine.intake.measuring import Measurer, WordSketch
from gauger.engine.reference.decontamination import gather_decontaminated
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.statistics.joining import concatenate
from gauger.engine.statistics.people import Whole
from gauger.engine.statistics.population import Population

FILE = history.RESULTS / "ablation.jsonl"
TAUGHT, ASKED = ("alpaca", "rendered", "camel", "tasks"), ("t0", "gpteacher", "react", "coding agents")
SEEDS = (71, 72)  # taught in the first, asked in the second
_NEIGHBOURS = 20
_CALLS = 48  # of a sequence
_PARTS = 8  # channels of what a call says
_KERNELS = 400
_RATES = (0.001, 0.01)


@dataclass(frozen=True)
class Rows:
    """What methods see of the accounts of a day."""

    campaign: np.ndarray  # bool[n]
    own: np.ndarray  # float64[n, statistics], scaled by the reference
    around: np.ndarray  # float64[n, ...], the same of its neighbours, once and twice, and how many are today's
    calls: np.ndarray  # float32[n, channels, _CALLS], ordered by time
    evidence: np.ndarray  # float64[n, parts + 1], -log10, the last of all together


class Ablated:
    """One world, as every method sees its days."""

    def __init__(self, world: World) -> None:
        self._world, self._state = world, world.state()
        self._secret = StateDirectory(self._state).secret
        self._reference = reference_of(self._state, DAY)
        self._table, self._whitener = AccountTable(self._reference), Whitener.fit(unit(self._reference.sums))
        sample = unit(self._reference.sample_features[self._reference.sample_row[:20_000]])
        self._centre = sample.mean(axis=0)
        self._directions = np.linalg.eigh(np.cov((sample - self._centre).T))[1][:, -_PARTS:]
        self._honest = measured(world.honest()[0], self._state)
        self._sequences = self._ordered(self._honest)

    def _ordered(self, seen: Seen) -> np.ndarray:
        """The last calls of each account: what they say, how long they are, how long after the last."""
        calls = seen.calls.sort_by([("account", "ascending"), ("start_time", "ascending")])
        batch = pa.record_batch({"prompt_text": calls["prompt_text"].cast(pa.string()).combine_chunks()})
        measurer, parts, words = Measurer(self._world_secret), [], []
        for start in range(0, batch.num_rows, 16_384):
            found = measurer.measure(batch.slice(start, 16_384), WordSketch())
            parts.append((unit(found.features) - self._centre) @ self._directions)
            words.append(np.log1p(found.words))
        owner = calls["account"].to_numpy()
        gap = np.diff(calls["start_time"].cast(pa.int64()).to_numpy(), prepend=0) / 1e6
        first = np.diff(owner, prepend=-1) != 0
        gap = np.log1p(np.where(first, 0.0, np.maximum(gap, 0.0)))
        channels = np.column_stack([np.concatenate(parts), np.concatenate(words), gap])
        result = np.zeros((len(seen), channels.shape[1], _CALLS), np.float32)
        ends = np.searchsorted(owner, np.arange(len(seen) + 1))
        for account in range(len(seen)):
            last = channels[ends[account] : ends[account + 1]][-_CALLS:]
            result[account, :, : len(last)] = last.T
        return result

    @property
    def _world_secret(self) -> Any:
        from gauger.engine.reference.directory import StateDirectory

        return StateDirectory(self._state).secret

    def rows(self, kind: Kind) -> Rows:
        """The day with a kind."""
        assert kind.campaign is not None
        planted = measured(self._world.added(kind.name, [kind.campaign])[0], self._state)
        today = concatenate([self._honest.population, planted.population])
        mine = np.isin(today.account_ids, planted.population.account_ids)
        order = np.argsort([*self._honest.population.account_ids, *planted.population.account_ids], kind="stable")
        calls = np.concatenate([self._sequences, self._ordered(planted)])[order]
        settings = Settings()
        people = Whole(today, self._world_secret.key, settings.calls_min)
        found = gather_decontaminated(people, self._reference, self._world_secret.key, settings).evidence
        parts = np.column_stack([*(found.parts[name] for name in sorted(found.parts)), found.probability])
        own, around = self._around(today)
        evidence = -np.log10(np.clip(np.nan_to_num(parts, nan=1.0), 1e-9, 1.0))
        return Rows(mine, own, around, calls, evidence)

    def _around(self, today: Population) -> tuple[np.ndarray, np.ndarray]:
        """Own statistics, and what a step and two of propagation make of them, among today's and the reference's."""
        both = [today, self._reference]
        vectors = np.concatenate([self._whitener.transform(unit(one.sums)) for one in both])
        own = np.concatenate([self._table.scaled_statistics(one) for one in both])
        _, near = Index(vectors).search_all(_NEIGHBOURS)
        is_today = (np.arange(len(own)) < len(today)).astype(np.float64)
        share = is_today[near].mean(axis=1)
        once = own[near].mean(axis=1)
        twice, spread = once[near].mean(axis=1), own[near].std(axis=1)
        around = np.column_stack([once, twice, spread, share, share[near].mean(axis=1)])
        return own[: len(today)], around[: len(today)]


class Convolutions:
    """Random convolutions of ordered calls: ROCKET (Dempster, Petitjean and Webb, 2020), share above zero and greatest.

    A linear model over them is as good as deep nets on the archive of time series, and needs no other library.
    """

    def __init__(self, channels: int, seed: int = 0) -> None:
        random = np.random.default_rng(seed)
        self._kernels = []
        for _ in range(_KERNELS):
            length = int(random.choice((5, 7, 9)))
            dilation = int(2 ** random.uniform(0, np.log2((_CALLS - 1) / (length - 1))))
            used = random.choice(channels, random.integers(1, 4), replace=False)
            weights = random.normal(size=(len(used), length))
            self._kernels.append((used, dilation, weights - weights.mean(), random.uniform(-1, 1)))

    def of(self, calls: np.ndarray) -> np.ndarray:
        """float32[n, 2 kernels] of float32[n, channels, length]."""
        features = np.empty((len(calls), 2 * _KERNELS), np.float32)
        for number, (used, dilation, weights, bias) in enumerate(self._kernels):
            reach = calls.shape[2] - (weights.shape[1] - 1) * dilation
            total = np.full((len(calls), reach), bias, np.float32)
            for tap in range(weights.shape[1]):
                start = tap * dilation
                total += np.einsum("nct,c->nt", calls[:, used, start : start + reach], weights[:, tap])
            features[:, 2 * number], features[:, 2 * number + 1] = (total > 0).mean(axis=1), total.max(axis=1)
        return features


def _trees() -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=200, learning_rate=0.05, max_leaf_nodes=15, max_features=0.5, class_weight="balanced", random_state=0
    )


def _net() -> Any:
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(
        StandardScaler(), MLPClassifier((64, 32), alpha=1e-2, early_stopping=True, max_iter=80, random_state=0)
    )


def _linear() -> Any:
    from sklearn.linear_model import RidgeClassifierCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), RidgeClassifierCV(np.logspace(-1, 4, 11), class_weight="balanced"))


Sees = Callable[[Rows, Convolutions], np.ndarray]
METHODS: Mapping[str, tuple[Callable[[], Any], Sees]] = {
    "trees, own statistics": (_trees, lambda rows, _: rows.own),
    "trees, neighbour-averaged": (_trees, lambda rows, _: np.hstack([rows.own, rows.around])),
    "propagation net (SGC)": (_net, lambda rows, _: np.hstack([rows.own, rows.around])),
    "sequence model (ROCKET)": (_linear, lambda rows, made: made.of(rows.calls)),
    "trees, neighbour-averaged + evidence": (_trees, lambda rows, _: np.hstack([rows.own, rows.around, rows.evidence])),
    "propagation net + evidence": (_net, lambda rows, _: np.hstack([rows.own, rows.around, rows.evidence])),
    "sequence model + evidence": (_linear, lambda rows, made: np.hstack([made.of(rows.calls), rows.evidence])),
    "trees, evidence parts alone": (_trees, lambda rows, _: rows.evidence),
}
EVIDENCE = "**evidence alone (gauger)**"


def kinds(sets: Sequence[str]) -> list[Kind]:
    """Campaigns of 250 accounts of some sets, pure and padded."""
    return [kind for kind in EVEN if kind.group in sets and " 250 " in kind.name]


def recalls(scores: np.ndarray, campaign: np.ndarray) -> dict[str, float]:
    """Share of the campaign above all but so many of the honest accounts, by rate."""
    honest = np.sort(scores[~campaign])[::-1]
    return {f"{rate:g}": float(np.mean(scores[campaign] > honest[int(rate * len(honest))])) for rate in _RATES}


def measure(taught: Sequence[Rows], asked: Mapping[str, Rows], tell: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    """A row for each method and campaign asked about."""
    made = Convolutions(taught[0].calls.shape[1])
    # Honest accounts of the first day and the campaigns of all.
    kept = [np.ones(len(rows.campaign), bool) if place == 0 else rows.campaign for place, rows in enumerate(taught)]
    truth = np.concatenate([rows.campaign[mask] for rows, mask in zip(taught, kept, strict=True)])
    for method, (make, sees) in METHODS.items():
        seen = np.concatenate([sees(rows, made)[mask] for rows, mask in zip(taught, kept, strict=True)])
        model = make().fit(seen, truth)
        for name, rows in asked.items():
            has_odds = hasattr(model, "decision_function")
            given = sees(rows, made)
            scores = model.decision_function(given) if has_odds else model.predict_proba(given)[:, 1]
            yield {"method": method, "campaign": name} | recalls(np.asarray(scores), rows.campaign)
        tell(method)
    for name, rows in asked.items():
        yield {"method": EVIDENCE, "campaign": name} | recalls(rows.evidence[:, -1], rows.campaign)


def figure(rows: Sequence[dict[str, Any]]) -> str:
    """Recall at 0.1 % / at 1 %, a line a method."""
    campaigns = list(dict.fromkeys(row["campaign"] for row in rows))
    found = {(row["method"], row["campaign"]): row for row in rows}
    lines = []
    for method in dict.fromkeys(row["method"] for row in rows):
        cells = [" / ".join(percent(found[method, name][f"{rate:g}"], 0) for rate in _RATES) for name in campaigns]
        lines.append([method, *cells])
    return table(["", *(name.removesuffix(" 250 accounts") for name in campaigns)], lines)


def figures(file: Path = FILE) -> dict[str, str]:
    """The newest ablation, and what it was measured on."""
    row = history.newest(file, ("ablation",))
    if "ablation" not in row:
        return {}
    return {"ablation": f"Measured at `{row['runs']['ablation']['commit']}`.\n\n{figure(row['ablation'])}"}


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.detection.ablation", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--calls", type=int, default=60_000, help="honest calls a day (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("build/detection"), help="what is built (%(default)s)")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="keep the row and fill this page")
    chosen, corpora = parser.parse_args(arguments), corpora_directory()
    if corpora is None:
        print(ABSENT)
        return
    days, runs = homes(chosen.out)
    row = history.begin("python -m bench.detection.ablation")
    worlds = [
        Ablated(World(seed, chosen.calls, corpora, days / f"ablation-{seed}", runs / f"ablation-{seed}"))
        for seed in SEEDS
    ]
    taught = [worlds[0].rows(kind) for kind in kinds(TAUGHT)]
    asked = {kind.name: worlds[1].rows(kind) for kind in kinds(ASKED)}
    row["ablation"] = list(measure(taught, asked, lambda text: print(text, flush=True)))
    if chosen.write is not None:
        history.append(row, FILE)
    deliver({"ablation": figure(row["ablation"])}, chosen.write)


if __name__ == "__main__":
    main()
