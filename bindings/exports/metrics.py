"""A run as metrics of Prometheus, for the textfile collector of node_exporter. docs/guide/exports.md lists them.

Counts of a run stand beside one another as gauges: each run says them anew. No account and nothing that one wrote is in
them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from gauger.engine.common.errors import GaugerError
from gauger.engine.findings.verdicts import VERDICTS
from gauger.results.run import Run

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_REASONS_MOST = 20  # values of a label: reasons beyond the commonest are one
_COUNTS = (
    ("rows", "rows", "Rows of the log"),
    ("calls", "scored", "Calls that were scored"),
    ("accounts", "accounts", "Accounts that sent them"),
    ("flagged_accounts", "flagged_accounts", "Accounts below the alarm level"),
    ("families", "families", "Families of prompts"),
    ("quarantined_calls", "quarantined", "Calls that could not be scored"),
    ("alarm_level", "alarm_level", "Tail probability below which an account is flagged"),
)
_DRIFT = (
    ("new_accounts_ratio", "new_accounts", "Share of accounts that the reference does not know"),
    ("content_drift", "content", "Squared distance of what accounts say from the reference"),
)


def text(run: Run) -> bytes:
    """All metrics of a run in the text format. Raises GaugerError where prometheus_client is not installed."""
    try:
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.registry import Collector
    except ImportError:
        raise GaugerError("this format needs prometheus_client: pip install 'gauger[serve]'") from None

    class _Run(Collector):
        def collect(self) -> Iterator[Metric]:
            yield from _metrics(run)

    registry = CollectorRegistry()
    registry.register(_Run())
    return generate_latest(registry)


def _metrics(run: Run) -> Iterator[Metric]:
    manifest = run.manifest
    yield _gauge("info", "Always 1", ("version",), {(str(manifest.get("gauger", "")),): 1})
    for name, key, told in _COUNTS:
        yield _gauge(name, told, (), {(): manifest.get(key)})
    yield _gauge("quarantined_calls_by_reason", "Why calls could not be scored", ("reason",), _reasons(run))
    yield _gauge("duration_seconds", "How long a stage took", ("stage",), _labels(manifest.get("seconds")))
    window = _mapping(manifest.get("window"))
    for name in ("start", "end"):
        moment = _instant(window.get(name))
        yield _gauge(f"window_{name}_timestamp_seconds", f"{name.title()} of the log", (), {(): moment})
    yield from _findings(run)
    yield from _comparison(manifest)


def _findings(run: Run) -> Iterator[Metric]:
    """Of every assessment, also where there are none: a rule can only wait for what is there."""
    findings: Counter[str] = Counter(dict.fromkeys(VERDICTS, 0))
    accounts, calls = findings.copy(), findings.copy()
    for row in run.campaigns.select(["assessment", "accounts", "calls"]).to_pylist():
        findings[row["assessment"]] += 1
        accounts[row["assessment"]] += row["accounts"]
        calls[row["assessment"]] += row["calls"]
    for name, found, told in (
        ("findings", findings, "Findings"),
        ("finding_accounts", accounts, "Accounts in findings"),
        ("finding_calls", calls, "Calls of accounts in findings"),
    ):
        yield _gauge(name, f"{told}, by what they are assessed as", ("assessment",), _labels(found))


def _comparison(manifest: Mapping[str, Any]) -> Iterator[Metric]:
    """The reference, how the day drifted from it, and what was measured of false positives."""
    reference, drift = _mapping(manifest.get("reference")), _mapping(manifest.get("drift"))
    days = reference.get("days")
    yield _gauge("reference_accounts", "Older accounts it was held against", (), {(): reference.get("accounts")})
    yield _gauge("reference_days", "Days they come from", (), {(): len(days) if isinstance(days, list) else None})
    unlike = drift.get("unlike")
    told = "Ways in which the day is unlike its reference; beyond 0 the false-positive rate is not covered"
    yield _gauge("drift_warnings", told, (), {(): len(unlike) if isinstance(unlike, list) else None})
    for name, key, told in _DRIFT:
        yield _gauge(name, told, ("of",), _labels(drift.get(key)))
    statistics: dict[tuple[str, ...], Any] = {
        (name, of): value
        for name, pair in _mapping(drift.get("statistics")).items()
        for (of,), value in _labels(pair).items()
    }
    told = "Population stability index: of the day, and of days of the reference against one another"
    yield _gauge("statistic_drift", told, ("statistic", "of"), statistics)
    told = "Accounts that the reference knows"
    yield _gauge("returning_accounts", told, ("what",), _labels(drift.get("returning_accounts")))
    rate = _mapping(manifest.get("false_positive_rate"))
    told = "Share of honest accounts that is flagged: expected, measured on held-out days, and its interval of 95 %"
    kinds: dict[tuple[str, ...], Any] = {(kind,): rate.get(kind) for kind in ("expected", "measured", "low", "high")}
    yield _gauge("false_positive_ratio", told, ("kind",), kinds)


def _gauge(name: str, told: str, labels: tuple[str, ...], values: Mapping[tuple[str, ...], Any]) -> Metric:
    """A metric of those of the values that are numbers."""
    from prometheus_client.core import GaugeMetricFamily

    metric = GaugeMetricFamily(f"gauger_run_{name}", told, labels=labels)
    for key, value in values.items():
        if isinstance(value, int | float) and not math.isnan(value):
            metric.add_metric(key, value)
    return metric


def _reasons(run: Run) -> dict[tuple[str, ...], int]:
    counted = pc.value_counts(run.quarantine["reason"].combine_chunks()).to_pylist()
    common = Counter({str(one["values"]): one["counts"] for one in counted}).most_common()
    found: dict[tuple[str, ...], int] = {(reason,): number for reason, number in common[:_REASONS_MOST]}
    if rest := sum(number for _, number in common[_REASONS_MOST:]):
        found[("other",)] = rest
    return found


def _labels(values: Any) -> dict[tuple[str, ...], Any]:
    return {(str(key),): value for key, value in _mapping(values).items()}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _instant(value: Any) -> float | None:
    try:
        return datetime.fromisoformat(value).timestamp()
    except (TypeError, ValueError):
        return None
