"""A finding in words: what is not known is left out, and no word is an accusation that the numbers do not make."""

from typing import Any

import numpy as np
import pytest

from gauger.engine.results import tables
from gauger.engine.state.links import CHANNELS
from gauger.report import narrative, summary
from gauger.report.parts import Part
from gauger.results.run import Run

NOTHING: dict[str, Any] = dict.fromkeys(tables.CAMPAIGNS.names)


def test_a_finding_of_nulls_is_told_without_them() -> None:
    said = narrative.story(NOTHING, np.empty(0), [], 100)
    assert said == ["0 accounts sent 0 calls, 0 % of the run's, from – to – UTC."]
    assert narrative.sure(NOTHING) == []
    assert narrative.honest(NOTHING) == ""
    assert [one.split()[0] for one in narrative.checks(NOTHING, [])] == ["Open", "Then"]


@pytest.mark.parametrize("link", ["content", "dealt in turn", "template family", *CHANNELS])
def test_every_kind_of_link_has_words(link: str) -> None:
    (said,) = [one for one in narrative.story(NOTHING | {"links": [link]}, np.empty(0), [], 0) if "linked" in one]
    assert f"the same {link}." not in said or link == "request parameters"


def test_facts_that_decide_are_quoted_and_those_not_known_are_counted() -> None:
    facts = [
        {"fact": "dealt", "value": 0.9, "log_odds": 4.0, "sentence": "asks as one"},
        {"fact": "many", "value": 0.8, "log_odds": 1.0, "sentence": "40 accounts"},
        {"fact": "traces", "value": 0.0, "log_odds": 0.0, "sentence": "no traces"},
        {"fact": "even", "value": None, "log_odds": 2.0, "sentence": "too few to say"},
    ]
    said = narrative.sure(NOTHING | {"facts": facts})
    assert "What speaks most for one actor: “asks as one”." in said
    assert "What speaks for a crowd: “no traces”." in said
    assert "1 of 4 facts could not be measured and counts at an average." in said


def test_checks_follow_from_links_and_parts() -> None:
    parts = [Part(6, 3, False), Part(5, None, False)]
    said = " ".join(narrative.checks(NOTHING | {"links": ["payment"], "assessment": "campaign"}, parts))
    assert "Ask who pays" in said
    assert "Judge its parts one by one" in said
    assert "a second person" in said
    assert "Look up the shared addresses" not in said


def test_advice_calls_honest_only_what_was_assessed_so(tmp_path: Any) -> None:
    accounts = tables.ACCOUNTS_HEAD.empty_table()
    run = Run(tmp_path, {}, *[accounts] * 5)
    assert "honest" not in " ".join(summary.advice(run, [NOTHING], 0))
    assert "look honest" in " ".join(summary.advice(run, [NOTHING | {"assessment": "shared tool"}], 0))
    assert "more than chance gives, so look" in " ".join(summary.advice(run, [], 4))
