"""Words: everything the engine measures has a sentence."""

import re

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
