"""The formats by name: what is written for some findings, in records that can be sent alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from gauger.exports import elastic, ocsf, stix
from gauger.exports.findings import Exported

_INDEX = "gauger-findings"
# What spreadsheets take for a formula at the beginning of a cell, also in the wide letters of East Asia.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_COLUMNS = ("finding", "assessment", "probability", "account_id", "calls", "evidence", "started_at", "ended_at", "uid")


@dataclass(frozen=True)
class Record:
    """Some bytes that a receiver takes or refuses together."""

    uid: str  # of the finding, or of what is one document
    data: bytes


@dataclass(frozen=True)
class Format:
    """How findings are written."""

    records: Callable[[Sequence[Exported]], Iterator[Record]]
    content_type: str


def _line(value: dict[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)


def _ocsf(findings: Sequence[Exported]) -> Iterator[Record]:
    return (Record(one.uid, _line(ocsf.event(one))) for one in findings)


def _ecs(findings: Sequence[Exported]) -> Iterator[Record]:
    return (Record(one.uid, _line(elastic.document(one))) for one in findings)


def _stix(findings: Sequence[Exported]) -> Iterator[Record]:
    whole = stix.bundle(findings)
    yield Record(whole["id"], _line(whole))


def _hec(findings: Sequence[Exported]) -> Iterator[Record]:
    for one in findings:
        event = {"time": one.ended_at.timestamp(), "source": "gauger", "sourcetype": "gauger:finding"}
        yield Record(one.uid, _line({**event, "event": ocsf.event(one)}))


def _bulk(findings: Sequence[Exported]) -> Iterator[Record]:
    for one in findings:
        # The same finding is the same document: sent twice, or on a later day, it replaces itself; an older one sent
        # again does not replace a newer one.
        version = int(one.ended_at.timestamp() * 1000)
        action = {"_index": _INDEX, "_id": one.uid, "version": version, "version_type": "external_gte"}
        yield Record(one.uid, _line({"index": action}) + _line(elastic.document(one)))


def _table(findings: Sequence[Exported]) -> Iterator[Record]:
    with io.StringIO(newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for one in findings:
            moments = one.started_at.isoformat(), one.ended_at.isoformat()
            for member in one.members:
                row = one.number, one.assessment, one.probability, member.account_id, member.calls, member.evidence
                writer.writerow([_cell(value) for value in (*row, *moments, one.uid)])
        yield Record("table", file.getvalue().encode("utf-8", "backslashreplace"))


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


FORMATS = {
    "ocsf": Format(_ocsf, "application/x-ndjson"),
    "stix": Format(_stix, "application/stix+json;version=2.1"),
    "ecs": Format(_ecs, "application/x-ndjson"),
    "hec": Format(_hec, "application/json"),
    "elastic-bulk": Format(_bulk, "application/x-ndjson"),
    "csv": Format(_table, "text/csv; charset=utf-8"),
}
