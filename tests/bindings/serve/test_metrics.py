"""Metrics: all that the guide names are there, the dashboard asks for no other, and labels are bounded."""

import json
import re
from collections import Counter
from pathlib import Path

from gauger.engine.reference.directory import StateDirectory
from gauger.host.policy import read_rules
from gauger.serve import metrics
from gauger.serve.metrics import Metrics
from gauger.serve.service import Plan, Service
from gauger.serve.weighing import Weighed
from tests.bindings.serve.spools import SECRET, today

GUIDE = Path(__file__).parents[3] / "docs" / "guide"


def service(tmp_path: Path) -> Service:
    StateDirectory(tmp_path / "state", SECRET)
    found = Service(Plan(tmp_path / "spool", tmp_path / "state", tmp_path / "out", tmp_path / "out" / "verdicts"))
    manifest = {"scored": 9, "accounts": 3, "flagged_accounts": 1, "findings": 2}
    found.status.weighed = Weighed(today(), 4.0, None, manifest)
    found.spool.taken.hosts["a"] = {"offered": 5, "recorded": 4, "dropped": {"queue full": 1}, "coerced": {"x": 1}}
    found.spool.taken.hosts["b"] = {"offered": 2, "recorded": 1, "refused": {"prompt is empty": 1}}
    found.spool.taken.aside["late"] = 1
    found.status.ended["done"] = 1
    return found


def names_in(text: str) -> set[str]:
    return set(re.findall(r"\bgauger_[a-z_]+\b", text))


def test_the_guide_and_the_dashboard_name_what_there_is(tmp_path: Path) -> None:
    text = Metrics(service(tmp_path)).text().decode()
    there = {line.split(" ")[2] for line in text.splitlines() if line.startswith("# TYPE")}
    guide = (GUIDE / "serving.md").read_text()
    for short in ("_accounts", "_flagged_accounts", "_findings"):
        guide = guide.replace(f"`{short}`", f"`gauger_day{short}`")
    assert names_in(guide) - {"gauger_"} == there
    dashboard = json.loads((GUIDE / "grafana.json").read_text())
    asked = names_in(" ".join(one["expr"] for panel in dashboard["panels"] for one in panel["targets"]))
    assert asked <= there


def test_calls_of_all_hosts_are_added_up(tmp_path: Path) -> None:
    text = Metrics(service(tmp_path)).text().decode()
    for line in (
        "gauger_calls_offered_total 7.0",
        "gauger_calls_recorded_total 5.0",
        'gauger_calls_refused_total{reason="prompt is empty"} 1.0',
        'gauger_calls_dropped_total{reason="queue full"} 1.0',
        'gauger_calls_coerced_total{field="x"} 1.0',
        'gauger_spool_aside_total{reason="late"} 1.0',
        "gauger_day_flagged_accounts 1.0",
    ):
        assert line in text.splitlines()


def test_reasons_beyond_the_commonest_are_one(tmp_path: Path) -> None:
    found = service(tmp_path)
    found.spool.taken.aside = Counter({f"reason {number}": 100 - number for number in range(90)})
    lines = [
        line for line in Metrics(found).text().decode().splitlines() if line.startswith("gauger_spool_aside_total")
    ]
    assert len(lines) == metrics._LABELS_MAX + 1
    assert f'gauger_spool_aside_total{{reason="other"}} {float(sum(range(11, 51)))}' in lines


def test_the_guides_policy_is_one(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", (GUIDE / "serving.md").read_text(), re.DOTALL)
    (tmp_path / "policy.toml").write_text(block)
    rules = read_rules(tmp_path / "policy.toml")
    assert [rule.action for rule in rules.rules] == ["block", "verify"]
