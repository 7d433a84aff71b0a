"""Each format against what its own people publish: models of OCSF, schemas of STIX, fields of ECS."""

import csv
import io
import json
from typing import Any

import pytest
from py_ocsf_models.events.findings.detection_finding import DetectionFinding
from stix2validator import ValidationOptions, validate_string

from gauger.exports.findings import TECHNIQUES, exported
from gauger.exports.formats import FORMATS
from tests.bindings.exports.made_up import HOSTILE, made_up

# Of the Elastic Common Schema 8.17, those that are used, with their types; it lets others stand beside them.
ECS = {
    "@timestamp": str, "ecs.version": str, "event.kind": str, "event.category": list, "event.type": list,
    "event.id": str,
    "event.provider": str, "event.module": str, "event.dataset": str, "event.start": str, "event.end": str,
    "event.risk_score": int, "event.reason": str, "message": str, "observer.product": str, "observer.vendor": str,
    "observer.type": str, "observer.version": str, "rule.name": str, "rule.category": str, "rule.uuid": str,
    "related.user": list, "threat.framework": str, "threat.technique.id": list, "threat.technique.name": list,
}  # fmt: skip


def written(name: str, assessments: tuple[str, ...] = ("campaign", "unclear", "shared tool")) -> list[bytes]:
    findings = list(exported(made_up(assessments), None))
    return [record.data for record in FORMATS[name].records(findings)]


def flat(value: dict[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, inner in value.items():
        found |= flat(inner, f"{before}{key}.") if isinstance(inner, dict) else {f"{before}{key}": inner}
    return found


def test_events_of_ocsf() -> None:
    events = [json.loads(line) for line in written("ocsf")]
    for event in events:
        model = DetectionFinding.model_validate(event, strict=False)
        assert event["type_uid"] == 100 * event["class_uid"] + event["activity_id"] == model.type_uid
        assert [one["value"].rstrip("23") for one in event["observables"]]
    assert [event["severity_id"] for event in events] == [4, 3, 1]
    assert [event["activity_id"] for event in events] == [1, 2, 2], "a finding of an earlier day is an update"
    techniques = [one["technique"]["uid"] for one in events[0]["finding_info"]["attacks"]]
    assert techniques == list(TECHNIQUES)
    assert "attacks" not in events[1]["finding_info"]


def test_a_bundle_of_stix() -> None:
    (data,) = written("stix")
    result = validate_string(data.decode(), ValidationOptions(version="2.1", disabled=["uuid-check"]))
    assert result.is_valid, [str(error) for one in result.object_results for error in one.errors]
    bundle = json.loads(data)
    ids = [one["id"] for one in bundle["objects"]]
    assert len(ids) == len(set(ids))
    named = json.dumps(bundle["objects"])
    assert all(uid in named for uid in TECHNIQUES)
    refs = {ref for one in bundle["objects"] for key, ref in one.items() if key.endswith("_ref")}
    refs |= {ref for one in bundle["objects"] for key, found in one.items() if key.endswith("_refs") for ref in found}
    assert refs <= set(ids), "what is referred to is in the bundle"
    assert written("stix") == [data]


def test_no_finding_is_a_bundle_too() -> None:
    (data,) = written("stix", ())
    assert validate_string(data.decode(), ValidationOptions(version="2.1", disabled=["uuid-check"])).is_valid


def test_documents_of_ecs() -> None:
    for line in written("ecs"):
        document = flat(json.loads(line))
        for name, value in document.items():
            assert name.startswith("gauger.") or isinstance(value, ECS[name]), name


def test_bulk_is_pairs_of_lines_with_stable_names() -> None:
    lines = b"".join(written("elastic-bulk")).splitlines()
    findings = list(exported(made_up(("campaign", "unclear", "shared tool")), None))
    assert [json.loads(line)["index"]["_id"] for line in lines[::2]] == [one.uid for one in findings]
    assert [json.loads(line)["gauger"]["finding"] for line in lines[1::2]] == [1, 2, 3]


def test_events_of_splunk() -> None:
    for data in written("hec"):
        event = json.loads(data)
        assert event.keys() == {"time", "source", "sourcetype", "event"}
        assert event["event"]["class_uid"] == 2004


def test_a_table_that_no_spreadsheet_computes() -> None:
    (data,) = written("csv", ("campaign",))
    rows = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    assert len(rows) == len(HOSTILE)
    for row in rows:
        assert not row["account_id"].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert {row["account_id"].removeprefix("'") for row in rows} == set(HOSTILE)


@pytest.mark.parametrize("name", FORMATS)
def test_hostile_names_come_back_as_they_were(name: str) -> None:
    data = b"".join(written(name)).decode()
    if name != "csv":
        values = [json.loads(line) for line in data.splitlines()]
        assert all(json.dumps(one)[1:-1] in json.dumps(values) for one in HOSTILE)
