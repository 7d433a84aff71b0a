"""Words: everything the engine measures has a sentence."""

import re
from datetime import date

from gauger.engine.common.settings import Settings
from gauger.engine.findings.signs import SIGNS
from gauger.engine.findings.verdicts import VERDICTS
from gauger.engine.results import tables
from gauger.engine.statistics.registry import STATISTICS
from gauger.text import words


def test_every_statistic_of_the_engine_has_words() -> None:
    known = set(words.STATISTICS)
    assert {*STATISTICS, *(kind.statistic for kind in SIGNS), "concealment"} <= known
    assert {f"today_share_{k}" for k in Settings().neighbours} | {"union_similarity", "conformity"} <= known
    assert all(re.match("[a-z]", words.statistic(name)) for name in known)


def test_every_verdict_and_kind_of_family_has_words() -> None:
    assert set(words.ASSESSMENTS) == set(VERDICTS)
    assert set(words.FAMILY_KINDS) == set(tables.FAMILY_KINDS)


def test_a_persons_decision_is_a_sentence_with_its_day() -> None:
    assert words.decision({"decision": None}) == words.decision({}) == ""
    row = {"decision": "campaign", "decided_on": date(2026, 12, 1)}
    assert words.decision(row) == "A person decided on 2026-12-01 that it is a campaign."
    assert words.decision(row | {"decision": "honest"}).endswith("so it is raised again.")


def test_what_was_decided_honest_is_told_once_and_nothing_where_nobody_decided() -> None:
    assert words.not_raised(None) == words.not_raised({"not_raised": [], "confirmed_accounts": 0}) == []
    found = words.not_raised({"not_raised": [{"campaign_id": 4, "accounts": 12}], "confirmed_accounts": 1})
    assert found == [
        "Not raised, as somebody decided that it is honest: finding 4 (12 accounts).",
        "1 account is of a campaign that somebody confirmed.",
    ]
