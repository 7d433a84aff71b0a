"""What the page promises, and whether a run kept it. Everything is read from one row of the history."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.accuracy import distinct as accuracy_distinct
from bench.accuracy import minhash as accuracy_minhash
from bench.accuracy import run as accuracy
from bench.pages.history import Row
from bench.speed.stages import STAGES_TASK, THREADS_TASK
from bench.world.texts import REAL_LONG
from gauger.benchmark.rivals.contest import HASHES, TEXT, TOKENS
from gauger.benchmark.stages import PASS, threads_name

MET, AIM_MET, MISSED, UNKNOWN = "met", "met, aim too", "**missed**", "not measured"


@dataclass(frozen=True)
class Target:
    """A figure with the least that will do, and what we are after."""

    name: str
    value: Callable[[Row, str], float]  # of a row and a corpus; raises LookupError when it was not measured
    least: float
    aim: float | None = None
    is_cap: bool = False  # the value must not be larger, rather than not smaller
    unit: str = "x"
    is_speed: bool = False  # differs from corpus to corpus

    def verdict(self, value: float | None) -> str:
        """Whether a value will do."""
        if value is None:
            return UNKNOWN
        if not self._reaches(value, self.least):
            return MISSED
        return AIM_MET if self.aim is not None and self._reaches(value, self.aim) else MET

    def _reaches(self, value: float, wanted: float) -> bool:
        return value <= wanted if self.is_cap else value >= wanted

    def wanted(self, value: float | None) -> str:
        """A bound as the page shows it."""
        return "-" if value is None else f"{'<=' if self.is_cap else '>='} {value:g} {self.unit}".rstrip()

    def measured(self, row: Row, corpus: str = REAL_LONG) -> float | None:
        """The value in a row; None where the run did not measure it."""
        try:
            return self.value(row, corpus)
        except LookupError:
            return None


Value = Callable[[Row, str], float]


def _rival(task: str, rival: str, kind: str) -> Value:
    return lambda row, corpus: float(row["speed"][corpus][task]["rivals"][rival][kind]["ratio"])


def _inverse(value: Value) -> Value:
    return lambda row, corpus: 1 / value(row, corpus)


def _pass_floors(row: Row, corpus: str) -> float:
    stages = row["speed"][corpus][STAGES_TASK]["stages"]
    return float(next(stage["floors"] for stage in stages if stage["name"] == PASS))


def _two_threads(row: Row, corpus: str) -> float:
    return float(row["speed"][corpus][THREADS_TASK]["speedup"][threads_name(2)])


def _command(row: Row, corpus: str) -> float:
    return float(row["command_line"]["ratio"])


def _evidence_over_pass(row: Row, corpus: str) -> float:
    stages = row["command_line"]["stages"]
    return float((stages["evidence"] + stages["campaigns"]) / stages["ingest"])


def _worst(task: str, figure: str) -> Value:
    """The largest error of ours over its theory."""
    return lambda row, corpus: max(
        one[figure] / one["theory"] for one in row["accuracy"][task] if one["who"] == "gauger" and one["theory"]
    )


def _under_counts(row: Row, corpus: str) -> float:
    return float(sum(one["under"] for one in row["accuracy"][accuracy.COUNTS] if one["who"] == "gauger"))


def _over_counts(row: Row, corpus: str) -> float:
    return max(one["over"] / one["delta"] for one in row["accuracy"][accuracy.COUNTS] if one["who"] == "gauger")


TARGETS = (
    Target(
        "MinHash from text, faster than datasketch (sha1)",
        _rival("MinHash", "datasketch sha1", TEXT),
        100,
        150,
        is_speed=True,
    ),
    Target("... than datasketch (xxhash)", _rival("MinHash", "datasketch xxhash", TEXT), 60, 90, is_speed=True),
    Target("... than rensa R-MinHash", _rival("MinHash", "rensa R-MinHash", TEXT), 40, 50, is_speed=True),
    Target("... than gaoya", _rival("MinHash", "gaoya", TEXT), 20, 25, is_speed=True),
    Target(
        "MinHash kernel alone, than rensa R-MinHash",
        _rival("MinHash", "rensa R-MinHash", HASHES),
        1.5,
        2,
        is_speed=True,
    ),
    Target(
        "... its time over rensa Rho's, both using every shingle",
        _inverse(_rival("MinHash", "rensa Rho, all tokens", HASHES)),
        1.3,
        is_cap=True,
        is_speed=True,
    ),
    Target(
        "distinct words from text, than datasketches with tokens ready",
        _rival("distinct words", "datasketches", TOKENS),
        10,
        12,
        is_speed=True,
    ),
    Target("... than duckdb with tokens ready", _rival("distinct words", "duckdb", TOKENS), 2.5, 3, is_speed=True),
    Target("... than polars with tokens ready", _rival("distinct words", "polars", TOKENS), 1, 1.2, is_speed=True),
    Target(
        "word counts from text, than datasketches with tokens ready",
        _rival("word counts", "datasketches", TOKENS),
        12,
        15,
        is_speed=True,
    ),
    Target("the whole pass over the byte scan", _pass_floors, 120, 75, is_cap=True, is_speed=True),
    Target("`gauger score` over pyarrow reading the same columns", _command, 6, 3, is_cap=True),
    Target("evidence and campaigns of a large day over its pass", _evidence_over_pass, 1, is_cap=True),
    Target("the pass on two threads, faster than on one", _two_threads, 1.85, is_speed=True),
    Target(
        "MinHash: largest RMSE over theory",
        _worst(accuracy.MINHASH, "rmse"),
        accuracy_minhash.BOUND,
        is_cap=True,
    ),
    Target(
        "HyperLogLog: largest RMS error over theory",
        _worst(accuracy.DISTINCT, "rms"),
        accuracy_distinct.BOUND,
        is_cap=True,
    ),
    Target("count-min: queries under the true count", _under_counts, 0, is_cap=True, unit=""),
    Target("count-min: share of queries over eps N, of the delta allowed", _over_counts, 1, is_cap=True),
)
