"""What is exported of a run, and the names it has."""

from dataclasses import replace

import pytest

from gauger.engine.common.errors import InputError
from gauger.engine.findings.verdicts import VERDICTS
from gauger.exports.findings import ACCOUNTS_MOST, chosen, exported
from tests.bindings.exports.made_up import HOSTILE, made_up


def test_only_what_was_asked_for() -> None:
    run = made_up(("campaign", "unclear", "shared tool"))
    assert [one.assessment for one in exported(run, {"campaign"})] == ["campaign"]
    assert [one.number for one in exported(run, None)] == [1, 2, 3]
    assert list(exported(run, {"nothing"})) == []


def test_the_oddest_account_first_and_all_of_them() -> None:
    finding = next(exported(made_up(), None))
    assert {one.account_id for one in finding.members} == set(HOSTILE)
    assert [one.evidence for one in finding.members] == sorted(
        (float(n % 5) for n in range(len(HOSTILE))), reverse=True
    )


def test_an_event_names_so_many_and_counts_all() -> None:
    finding = next(exported(made_up(accounts=[f"a-{number}" for number in range(ACCOUNTS_MOST + 7)]), None))
    assert (len(finding.named), len(finding.members)) == (ACCOUNTS_MOST, ACCOUNTS_MOST + 7)
    assert "1,007 accounts" in finding.title


def test_names_stay_and_differ_between_findings_and_keys() -> None:
    run = made_up()
    names = [one.uid for one in exported(run, None)]
    assert names == [one.uid for one in exported(made_up(), None)]
    assert len(set(names)) == 2
    other = replace(run, manifest={**run.manifest, "key_id": "another"})
    assert not {one.uid for one in exported(other, None)} & set(names)


def test_a_title_holds_nothing_that_an_account_wrote() -> None:
    for finding in exported(made_up(), None):
        assert not any(name in finding.title for name in HOSTILE if len(name) > 2)


def test_assessments_by_name() -> None:
    assert chosen("all") == VERDICTS
    assert chosen(" campaign,, shared tool ") == ["campaign", "shared tool"]
    for mistyped in ("campain", "campaign,\x1b[31m", "", ",", "All"):
        with pytest.raises(InputError, match="there are campaign, unclear, new population, evaluation run") as caught:
            chosen(mistyped)
        assert "\x1b" not in str(caught.value)
