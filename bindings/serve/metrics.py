"""Metrics of the service, for Prometheus. docs/guide/serving.md says what each means."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from gauger.serve.service import Service

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_LABELS_MAX = 50  # values of a label: reasons beyond the commonest are one


class _Collector:
    """Reads the service when it is asked."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        """All metrics."""
        yield from self._calls()
        yield from self._spool()
        yield from self._weighing()

    def _calls(self) -> Iterator[Metric]:
        hosts = list(self._service.spool.taken.hosts.values())
        for name, help_text in (("offered", "that hosts were offered"), ("recorded", "that hosts recorded")):
            yield CounterMetricFamily(
                f"gauger_calls_{name}", f"Calls {help_text}", value=sum(one.get(name, 0) for one in hosts)
            )
        for name, label, help_text in (
            ("refused", "reason", "Calls that cannot be scored"),
            ("dropped", "reason", "Calls that hosts did not record"),
            ("coerced", "field", "Values of calls that became null or were mended"),
        ):
            total: Counter[str] = Counter()
            for one in hosts:
                total.update(one.get(name, {}))
            yield _labelled(f"gauger_calls_{name}", help_text, label, total)

    def _spool(self) -> Iterator[Metric]:
        spool = self._service.spool
        yield CounterMetricFamily("gauger_spool_files", "Files taken in", value=spool.taken.files)
        yield CounterMetricFamily("gauger_spool_bytes", "Bytes taken in", value=spool.taken.bytes)
        yield _labelled("gauger_spool_aside", "Files set aside", "reason", spool.taken.aside)
        yield GaugeMetricFamily("gauger_spool_held_bytes", "Bytes of days that are not closed", value=spool.nbytes())
        yield GaugeMetricFamily("gauger_days_open", "Days that are not closed", value=len(spool.days()))

    def _weighing(self) -> Iterator[Metric]:
        status = self._service.status
        yield _labelled("gauger_weighings", "Weighings, by how they ended", "result", status.ended)
        yield CounterMetricFamily("gauger_days_closed", "Days scored for good", value=status.closed)
        if status.weighed is None:
            return
        manifest = status.weighed.manifest
        yield GaugeMetricFamily("gauger_weighing_seconds", "Of the last weighing", value=status.weighed.seconds)
        yield GaugeMetricFamily(
            "gauger_verdicts_age_seconds", "Since verdicts were published", value=time.time() - status.weighed_at
        )
        for name, key in (("calls", "scored"), ("accounts", "accounts"), ("flagged_accounts", "flagged_accounts")):
            yield GaugeMetricFamily(f"gauger_day_{name}", f"{name} of the day weighed last", value=manifest[key])
        yield GaugeMetricFamily("gauger_day_findings", "findings of the day weighed last", value=manifest["findings"])


def _labelled(name: str, help_text: str, label: str, values: Counter[str]) -> Metric:
    found = CounterMetricFamily(name, help_text, labels=[label])
    common = Counter(values).most_common()
    for value, number in common[:_LABELS_MAX]:
        found.add_metric([value], number)
    if rest := sum(number for _, number in common[_LABELS_MAX:]):
        found.add_metric(["other"], rest)
    return found


class Metrics:
    """What ``/metrics`` says."""

    def __init__(self, service: Service) -> None:
        self._registry: Any = CollectorRegistry()
        self._registry.register(_Collector(service))

    def text(self) -> bytes:
        """All metrics in the text format of Prometheus."""
        return generate_latest(self._registry)
