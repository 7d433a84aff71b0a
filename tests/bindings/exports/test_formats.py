"""Each format against the schema its own people publish (``schemas``), with names that mean no good."""

import csv
import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from stix2validator import ValidationOptions, validate_string

from gauger.engine.findings.verdicts import VERDICTS
from gauger.exports.findings import ACCOUNTS_MOST, NAMES_BYTES_MOST, TECHNIQUES, exported
from gauger.exports.formats import FORMATS
from gauger.results.run import Run
from tests.bindings.exports.made_up import HOSTILE, made_up

SCHEMAS = Path(__file__).parent / "schemas"
OCSF = Draft7Validator(json.loads((SCHEMAS / "ocsf-1.9.0-detection_finding.json").read_bytes()))
ECS = json.loads((SCHEMAS / "ecs-9.4.0.json").read_bytes())
TYPES = {"keyword": str, "match_only_text": str, "date": str, "float": (int, float), "long": int}
NUMBER = len("AML.T0024")  # of a technique of ATLAS without its part


def written(name: str, run: Run | None = None) -> list[bytes]:
    run = made_up(("campaign", "unclear", "shared tool")) if run is None else run
    return [record.data for record in FORMATS[name].records(list(exported(run, None)))]


def documents(name: str, run: Run | None = None) -> list[dict[str, Any]]:
    return [json.loads(line) for data in written(name, run) for line in data.decode().split("\n")[:-1]]


def flat(value: dict[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, inner in value.items():
        found |= flat(inner, f"{before}{key}.") if isinstance(inner, dict) else {f"{before}{key}": inner}
    return found


def check_ocsf(event: dict[str, Any]) -> None:
    assert [(list(one.path), one.message) for one in OCSF.iter_errors(event)] == []
    assert event["metadata"]["version"] == "1.9.0"
    assert event["type_uid"] == 100 * event["class_uid"] + event["activity_id"]


def check_ecs(document: dict[str, Any]) -> None:
    """Fields that the schema has, with its types and values; others stand under ``gauger``."""
    fields = {name: value for name, value in flat(document).items() if not name.startswith("gauger.")}
    assert {name for name, field in ECS.items() if field.get("required")} <= fields.keys()
    for name, value in fields.items():
        field = ECS[name]
        assert isinstance(value, list) == ("array" in field.get("normalize", [])), name
        for one in value if isinstance(value, list) else [value]:
            assert isinstance(one, TYPES[field["type"]]), name
            assert len(str(one)) <= field.get("ignore_above", len(str(one))), name
            assert one in [allowed["name"] for allowed in field.get("allowed_values", [{"name": one}])], name
            if field["type"] == "date":
                assert datetime.fromisoformat(one).tzinfo is not None
    kinds = {one["name"]: one["expected_event_types"] for one in ECS["event.category"]["allowed_values"]}
    assert all(kind in kinds[category] for category in fields["event.category"] for kind in fields["event.type"])
    assert fields["ecs.version"] == "9.4.0"


def check_stix(data: bytes) -> dict[str, Any]:
    result = validate_string(data.decode(), ValidationOptions(version="2.1", disabled=["uuid-check"]))
    assert result.is_valid, [str(error) for one in result.object_results for error in one.errors]
    bundle: dict[str, Any] = json.loads(data)
    ids = [one["id"] for one in bundle["objects"]]
    assert len(ids) == len(set(ids))
    refs = {ref for one in bundle["objects"] for key, ref in one.items() if key.endswith("_ref")}
    refs |= {ref for one in bundle["objects"] for key, found in one.items() if key.endswith("_refs") for ref in found}
    assert refs <= set(ids), "what is referred to is in the bundle"
    return bundle


def check_all(run: Run) -> None:
    for event in documents("ocsf", run):
        check_ocsf(event)
    for document in documents("ecs", run):
        check_ecs(document)
    check_stix(written("stix", run)[0])


@pytest.mark.parametrize("years_ago", [0, 3])
def test_all_assessments_and_hostile_names_by_their_schemas(years_ago: int) -> None:
    check_all(made_up(VERDICTS, years_ago=years_ago))


@settings(max_examples=10, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=4, unique=True))
def test_any_names_by_their_schemas(names: list[str]) -> None:
    run = made_up(accounts=names)
    check_all(run)
    assert {one["value"] for one in documents("ocsf", run)[0]["observables"]} == set(names)
    rows = list(csv.DictReader(io.StringIO(written("csv", run)[0].decode(), newline="")))
    assert {row["account_id"] for row in rows if row["finding"] == "1"} <= {*names, *(f"'{name}" for name in names)}


def test_the_schemas_can_say_no() -> None:
    event, document = documents("ocsf")[0], documents("ecs")[0]
    assert list(OCSF.iter_errors(event | {"severity_id": 9}))
    assert list(OCSF.iter_errors(event | {"unknown": 1}))
    for wrong in (
        {"tags": "x"},
        {"event": {**document["event"], "kind": "x"}},
        {"rule": {"nome": "x"}},
        {"message": 7},
    ):
        with pytest.raises((AssertionError, KeyError)):
            check_ecs(document | wrong)


def test_names_of_a_megabyte_are_cut_and_stay_apart() -> None:
    names = ["é" * 1_000_000, "é" * 1_000_000 + "x", "z" * 1_024, "z" * 1_025]
    run = made_up(("campaign",), accounts=names)
    check_all(run)
    (event,) = documents("ocsf", run)
    values = {one["value"] for one in event["observables"]}
    assert len(values) == 4
    assert {len(one) for one in values} == {1_024}
    assert "z" * 1_024 in values
    assert len(json.dumps(event)) < 20_000
    table = written("csv", run)[0].decode()
    assert all(name in table for name in names), "the table names all in full"


def test_an_event_stays_below_what_hosted_receivers_take() -> None:
    run = made_up(("campaign",), accounts=[f"{number:04}{'é' * 996}" for number in range(ACCOUNTS_MOST)])
    check_all(run)
    (data,) = written("hec", run)
    event = json.loads(data)["event"]
    assert (
        NAMES_BYTES_MOST - 2_000 < sum(len(one["value"].encode()) for one in event["observables"]) <= NAMES_BYTES_MOST
    )
    assert len(data) < 1_000_000
    assert event["unmapped"]["accounts_named"] == len(event["observables"]) < event["unmapped"]["accounts"]


def test_events_of_ocsf() -> None:
    events = documents("ocsf")
    assert [event["severity_id"] for event in events] == [4, 3, 1]
    assert [event["is_alert"] for event in events] == [True, False, False]
    assert [event["activity_id"] for event in events] == [1, 2, 2], "a finding of an earlier day is an update"
    attacks = events[0]["finding_info"]["attacks"]
    assert [(one.get("sub_technique") or one["technique"])["uid"] for one in attacks] == [one.uid for one in TECHNIQUES]
    assert [one["technique"]["uid"] for one in attacks] == [one.uid[:NUMBER] for one in TECHNIQUES]
    assert "attacks" not in events[1]["finding_info"]


def test_a_bundle_of_stix() -> None:
    (data,) = written("stix")
    bundle = check_stix(data)
    references = [one["external_references"][0] for one in bundle["objects"] if one["type"] == "attack-pattern"]
    assert [one["external_id"] for one in references] == ["AML.T0024.002", "AML.T0008.005", "AML.T0040"]
    assert written("stix") == [data]


def test_a_later_version_of_a_finding_was_made_when_the_first_was() -> None:
    for one in check_stix(written("stix", made_up(years_ago=3))[0])["objects"]:
        assert one.get("created", "") <= one.get("modified", "")


def test_documents_of_ecs() -> None:
    campaign, *others = documents("ecs")
    technique = campaign["threat"]["technique"]
    assert technique["id"] == ["AML.T0024", "AML.T0008", "AML.T0040"]
    assert technique["subtechnique"]["id"] == ["AML.T0024.002", "AML.T0008.005"]
    assert not any("threat" in one for one in others)


@pytest.mark.parametrize(("name", "number"), [("ocsf", 0), ("ecs", 0), ("hec", 0), ("elastic-bulk", 0), ("csv", 1)])
def test_no_findings(name: str, number: int) -> None:
    assert len(written(name, made_up(()))) == number
    check_stix(written("stix", made_up(()))[0])


def test_bulk_is_pairs_of_lines_with_stable_names() -> None:
    lines = b"".join(written("elastic-bulk")).split(b"\n")[:-1]
    findings = list(exported(made_up(("campaign", "unclear", "shared tool")), None))
    assert [json.loads(line)["index"]["_id"] for line in lines[::2]] == [one.uid for one in findings]
    assert [json.loads(line)["gauger"]["finding"] for line in lines[1::2]] == [1, 2, 3]
    action = json.loads(lines[0])["index"]
    assert (action["version"], action["version_type"]) == (1773705599123, "external_gte"), "the last call, in ms"


def test_events_of_splunk() -> None:
    for data in written("hec"):
        event = json.loads(data)
        assert event.keys() == {"time", "source", "sourcetype", "event"}
        assert event["event"]["class_uid"] == 2004


def test_a_table_that_no_spreadsheet_computes() -> None:
    (data,) = written("csv", made_up(("campaign",)))
    rows = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    assert len(rows) == len(HOSTILE)
    for row in rows:
        assert not row["account_id"].startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))
    assert {row["account_id"].removeprefix("'") for row in rows} == set(HOSTILE)


@pytest.mark.parametrize("name", FORMATS)
def test_hostile_names_come_back_as_they_were(name: str) -> None:
    data = b"".join(written(name)).decode()
    if name != "csv":
        values = json.dumps([json.loads(line) for line in data.split("\n")[:-1]])
        assert all(json.dumps(one)[1:-1] in values for one in HOSTILE)
