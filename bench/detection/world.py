"""One honest world of the detection bench: its days on disk, the state made of its reference, and days scored with it.

What is built is kept and named by the code that built it, and a scored day by the code that scored it, so edited code
never finds what older code left behind. Of a scored day only what the bench reads is kept.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.detection.log import packed, unpacked
from bench.detection.rungs import Outcome
from bench.world import day as real_day
from bench.world.campaigns import Planted
from gauger.batch import outputs
from gauger.batch.evaluate import Evaluation, evaluate
from gauger.batch.score import score
from gauger.engine.common import threads
from gauger.engine.common.settings import Settings
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.reference.held_out import false_positives

_KEPT = ("account_id", "calls", "evidence", "flagged", "campaign_id")
_OUTCOME, _ACCOUNTS, _FINDINGS = "outcome.json", "accounts.parquet", "campaigns.parquet"


@dataclass(frozen=True)
class World:
    """One honest world."""

    seed: int
    calls: int
    corpora: Path
    days: Path  # built logs
    runs: Path  # what the present code made of them
    disjoint_text: bool = False  # the day and its reference have no prompt in common
    languages: bool = False  # people of several languages are among the honest

    def built(
        self,
        name: str,
        calls: int,
        reference_days: int,
        campaigns: Sequence[Planted] = (),
        cohorts: Sequence[str] = (),
        seed: int | None = None,
    ) -> tuple[Path, Path]:
        """The log and truth of a day, built unless they are there."""
        folder = self.days / name
        if not folder.exists():
            unfinished = folder.with_name(f".{name}.unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            self.days.mkdir(parents=True, exist_ok=True)
            real_day.build(
                unfinished,
                calls=calls,
                reference_days=reference_days,
                campaigns=campaigns,
                cohorts=cohorts,
                seed=self.seed if seed is None else seed,
                corpora=self.corpora,
                text=real_day.HonestText(self.disjoint_text, self.languages),
            )
            unfinished.rename(folder)
        return folder / "day", folder / "truth.parquet"

    def honest(self) -> tuple[Path, Path]:
        """The honest day and its truth; the reference days lie beside it."""
        return self.built("honest", self.calls, 3)

    def added(self, name: str, campaigns: Sequence[Planted] = (), cohorts: Sequence[str] = ()) -> tuple[Path, Path]:
        """The log and truth of what is added to the honest day under this name."""
        return self.built(_folder(name), 0, 0, campaigns, cohorts)

    def newest_reference(self) -> Path:
        """The log of the newest reference day."""
        self.honest()
        return max((self.days / "honest" / "reference").iterdir())

    def state(self) -> Path:
        """The state after the reference days, made unless it is there.

        Its key follows from the seed: what is drawn by keyed hash is drawn alike in every run, so a rerun gives
        the same figures.
        """
        state, out = self.runs / "state", self.runs / "reference"
        if not (out / outputs.MANIFEST).exists():
            shutil.rmtree(state, ignore_errors=True)
            state.mkdir(parents=True)
            secret = hashlib.blake2b(f"detection/{self.seed}".encode(), digest_size=16).hexdigest()
            with open(os.open(state / "key", os.O_WRONLY | os.O_CREAT, 0o600), "w") as key:
                key.write(secret + "\n")
            self.honest()
            for log in sorted((self.days / "honest" / "reference").iterdir()):  # one day a run, as days are scored
                shutil.rmtree(out, ignore_errors=True)
                score([log], out, state=state)
            shutil.rmtree(out / outputs.CALLS)
            # Once for all runs of copies, each of which would measure it again.
            with threads.use(os.cpu_count() or 1):
                false_positives(StateDirectory(state), real_day.DAY, Settings())
        return state

    def score(self, logs: Sequence[Path], out: Path) -> None:
        """Score logs with a copy of the state: a run commits its day, and the next one must not find it there."""
        state = self.state()
        with tempfile.TemporaryDirectory(prefix=".state-", dir=self.runs) as scratch:
            score(logs, out, state=Path(shutil.copytree(state, Path(scratch) / "state")))

    def outcome(self, name: str, campaigns: Sequence[Planted] = (), cohorts: Sequence[str] = ()) -> Outcome:
        """Score the honest day with these campaigns and cohorts, unless that was done; hold it against its truth."""
        out = self.runs / _folder(name)
        if not (out / _OUTCOME).exists():
            parts = [self.honest()]
            if campaigns or cohorts:
                parts.append(self.added(name, campaigns, cohorts))
            shutil.rmtree(out, ignore_errors=True)
            self.score([log for log, _ in parts], out)
            truth = pa.concat_tables([pq.read_table(path) for _, path in parts])
            everyone, busy = _evaluate(out, truth)
            manifest = outputs.read_manifest(out)
            speed = {"calls_per_second": manifest["calls_per_second"], **manifest["seconds"]}
            found = Outcome(self.seed, name, everyone, busy, ceiling(out, truth), speed)
            _reduce(out)
            (out / _OUTCOME).write_text(json.dumps(packed(found)))
        return unpacked(json.loads((out / _OUTCOME).read_text()))

    def evidence(self, name: str, account_ids: Sequence[str]) -> np.ndarray:
        """gauger's evidence on accounts of a scored day, NaN where there is none."""
        scored = pq.read_table(self.runs / _folder(name) / _ACCOUNTS, columns=["account_id", "evidence"])
        rows = pc.index_in(pa.array(account_ids, pa.string()), value_set=scored["account_id"].cast(pa.string()))
        return scored["evidence"].cast(pa.float64()).take(rows).to_numpy().astype(np.float64)

    def cohort(self, name: str, cohort: str) -> dict[str, object]:
        """What became of a cohort on a scored day: accounts that were weighed, flagged, and by assessment."""
        out = self.runs / _folder(name)
        scored, findings = pq.read_table(out / _ACCOUNTS), pq.read_table(out / _FINDINGS)
        truth = pq.read_table(self.days / _folder(name) / "truth.parquet")
        ids = truth.filter(pc.equal(truth["kind"], cohort))["account_id"]
        own = scored.filter(pc.is_in(scored["account_id"].cast(pa.string()), value_set=ids.combine_chunks()))
        own = own.filter(pc.greater_equal(own["calls"], Settings().calls_min))
        verdicts = dict(zip(findings["campaign_id"].to_pylist(), findings["assessment"].to_pylist(), strict=True))
        assessed = Counter(verdicts.get(finding, "no finding") for finding in own["campaign_id"].to_pylist())
        flagged = int(pc.sum(own["flagged"]).as_py() or 0)
        return {"all": len(ids), "accounts": own.num_rows, "flagged": flagged, "assessed": dict(assessed)}


def _folder(name: str) -> str:
    return name.replace(" ", "_")


def _evaluate(out: Path, truth: pa.Table) -> tuple[Evaluation, Evaluation]:
    """The run against the truth: with all honest accounts, and with those that have enough calls to be weighed."""
    accounts = pq.read_table(out / _ACCOUNTS, columns=["account_id", "calls"])
    weighed = accounts.filter(pc.greater_equal(accounts["calls"], Settings().calls_min))["account_id"]
    is_busy = pc.or_(pc.is_valid(truth["campaign"]), pc.is_in(truth["account_id"], value_set=weighed))
    evaluations = []
    for name, table in (("truth", truth), ("truth_busy", truth.filter(is_busy))):
        pq.write_table(table, out / f"{name}.parquet")
        evaluations.append(evaluate(out, out / f"{name}.parquet"))
    return evaluations[0], evaluations[1]


def ceiling(out: Path, truth: pa.Table) -> int:
    """Honest accounts with the greatest evidence of the run: where they are many, no threshold can tell them apart."""
    accounts = pq.read_table(out / _ACCOUNTS, columns=["account_id", "evidence"])
    honest = truth.filter(pc.is_null(truth["campaign"]))["account_id"]
    evidence = accounts.filter(pc.is_in(accounts["account_id"], value_set=honest))["evidence"]
    return int(pc.sum(pc.equal(evidence, pc.max(accounts["evidence"]))).as_py() or 0)


def _reduce(out: Path) -> None:
    """Keep of a scored day what the bench reads: a few columns of accounts and findings."""
    accounts = pq.read_table(out / _ACCOUNTS, columns=list(_KEPT))
    findings = pq.read_table(out / _FINDINGS, columns=["campaign_id", "assessment", "accounts", "present"])
    shutil.rmtree(out)
    out.mkdir()
    pq.write_table(accounts, out / _ACCOUNTS)
    pq.write_table(findings, out / _FINDINGS)


def cut(log: Path, hours: int, target: Path) -> int:
    """Write the calls of the day's first hours to a file; returns how many there are."""
    table = pa.concat_tables([pq.read_table(path) for path in sorted(log.glob("*.parquet"))])
    end = datetime.combine(real_day.DAY, time(), UTC) + timedelta(hours=hours)
    early = table.filter(pc.less(table["start_time"], pa.scalar(end, table["start_time"].type)))
    target.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(early, target)
    return early.num_rows


def _fingerprint(paths: Sequence[Path]) -> str:
    digest = hashlib.blake2b(digest_size=4)
    for path in sorted(paths):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def homes(out: Path) -> tuple[Path, Path]:
    """Where days live that the present code built, and runs that it scored."""
    root = Path(__file__).resolve().parents[2]
    builders = _fingerprint([*(root / "bench" / "world").glob("*.py"), root / "bench" / "detection" / "rungs.py"])
    scorers = _fingerprint(
        [path for layer in ("bindings", "engine", "kernels") for path in (root / layer).rglob("*.py")]
    )
    return out / f"days-{builders}", out / f"runs-{builders}-{scorers}"
