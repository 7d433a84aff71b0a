"""Allow-lists: which families an id or an example names, and what being allowed changes and does not."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gauger.engine.common.errors import AllowListError
from gauger.engine.engine import Engine
from gauger.engine.evidence.evidence import no_evidence
from gauger.engine.families.allow_list import AllowList
from gauger.engine.families.families import EXACT, TEMPLATE
from gauger.engine.findings.findings import find_findings
from gauger.engine.results.result import Result
from tests.engine import worlds
from tests.engine.findings.test_findings import CAMPAIGN, clustered_evidence, coordinated_day, family_strength, people
from tests.engine.findings.test_findings import SETTINGS as FINDING_SETTINGS

WORDS = worlds.Words(21)
FRAME = WORDS.some(30)
TEMPLATES = [" ".join([*FRAME, *WORDS.some(80)]) for _ in range(30)]
BASE = WORDS.text(60)
NEAR = [WORDS.edited(BASE, 1) for _ in range(8)]
SHORT, REPEATED, ALONE = "and again please", WORDS.text(14), WORDS.text(33)
PROMPTS = [*TEMPLATES, *NEAR, *[SHORT] * 6, *[REPEATED] * 7, ALONE]


def engine() -> Engine:
    calls = [worlds.call(f"a{place % 9}", prompt, place) for place, prompt in enumerate(PROMPTS)]
    return worlds.observing(calls, Engine(secret=worlds.SECRET))


@pytest.fixture(scope="module")
def observed() -> Engine:
    return engine()


@pytest.fixture(scope="module")
def ids(observed: Engine) -> dict[str, int]:
    """Family of each prompt."""
    observed.allow = None
    found = observed.finish().calls.column("family_id").to_pylist()
    return dict(zip(PROMPTS, found, strict=True))


def finished(observed: Engine, **allow: Any) -> Result:
    observed.allow = AllowList(**allow)
    return observed.finish()


def allowed(result: Result) -> set[int]:
    return {row["family_id"] for row in result.families.to_pylist() if row["allowed"]}


def test_without_an_allow_list_nothing_is_allowed(observed: Engine, ids: dict[str, int]) -> None:
    observed.allow = None
    result = observed.finish()
    assert result.families.column("allowed").to_pylist() == [False] * len(set(ids.values()) - {None})
    assert result.allowed is None


def test_ids_name_families(observed: Engine, ids: dict[str, int]) -> None:
    result = finished(observed, ids=[ids[NEAR[0]], ids[SHORT]])
    assert allowed(result) == {ids[NEAR[0]], ids[SHORT]}
    assert result.allowed.warnings() == []
    assert result.families.num_rows == len(set(ids.values()) - {None})


@pytest.mark.parametrize(
    ("example", "member"),
    [
        (TEMPLATES[3], TEMPLATES[0]),
        (" ".join([*FRAME, *worlds.Words(5).some(90)]), TEMPLATES[0]),  # never sent, but of the same frame
        (NEAR[2], NEAR[0]),
        (worlds.Words(6).edited(BASE, 2), NEAR[0]),  # never sent, but nearly the same
        (f"  {REPEATED.upper()}\n", REPEATED),
        (f"{REPEATED} {REPEATED} {BASE}"[:300], None),
        (SHORT, SHORT),
        (SHORT + " you", None),
        (ALONE, None),
    ],
)  # fmt: skip
def test_an_example_names_the_families_it_would_be_in(
    example: str, member: str | None, observed: Engine, ids: dict[str, int]
) -> None:
    result = finished(observed, examples=[example])
    assert allowed(result) == (set() if member is None else {ids[member]})
    assert result.allowed.unmatched_examples == ([1] if member is None else [])
    assert len(result.allowed.warnings()) == (member is None)


def test_what_is_unknown_is_said_and_named_without_its_text(observed: Engine, ids: dict[str, int]) -> None:
    result = finished(observed, ids=[77, ids[SHORT], 66], examples=[TEMPLATES[0], "xyzzy is not here at all"])
    unknown, other, example = result.allowed.warnings()
    assert "no family 66" in unknown
    assert "no family 77" in other
    assert "example 2 is in no family" in example
    record = result.allowed.record()
    assert record["unknown_ids"] == [66, 77]
    assert record["families"] == sorted({ids[SHORT], ids[TEMPLATES[0]]})
    assert all(len(str(one)) == 32 for one in record["examples"])
    assert "xyzzy" not in repr((result.allowed, record, observed.allow))


def test_a_family_of_an_earlier_day_is_not_unknown(tmp_path: Path) -> None:
    early, late = ([worlds.call("a", text, second) for second in range(6)] for text in (SHORT, REPEATED))
    first = worlds.observing(early, Engine(tmp_path / "state"))
    (number,) = first.finish().families.column("family_id").to_pylist()
    first.commit()
    result = worlds.finished(late, Engine(tmp_path / "state", allow=AllowList([number])))
    assert (result.allowed.warnings(), allowed(result)) == ([], set())


def test_examples_say_nothing_of_token_ids() -> None:
    made = Engine(secret=worlds.SECRET, allow=AllowList(examples=["some words that are a prompt"]))
    calls = [{"start_time": worlds.DAY, "account_id": "a", "prompt_token_ids": [1, 2, 3]}] * 6
    result = worlds.finished(calls, made)
    assert ["token ids" in sentence for sentence in result.allowed.warnings()] == [True]
    assert allowed(result) == set()
    for name in ("elicitation_share", "reasoning_share", "rubric_share", "data_set_share"):
        assert result.families.column(name).to_pylist() == [None]


def test_the_text_of_examples_is_not_in_the_state(tmp_path: Path) -> None:
    made = engine()
    made.allow = AllowList(examples=[f"xyzzy {' '.join(FRAME)} xyzzy"])
    made.finish()
    made.save(tmp_path / "saved")
    assert all(b"xyzzy" not in path.read_bytes() for path in (tmp_path / "saved").rglob("*") if path.is_file())


def test_the_verdict_on_a_call_of_an_allowed_family(observed: Engine, ids: dict[str, int]) -> None:
    finished(observed, ids=[ids[SHORT]])
    said, other = (
        observed.check({"start_time": worlds.DAY, "account_id": "z", "prompt_text": text}) for text in (SHORT, REPEATED)
    )
    assert said.evidence is None
    assert said.reasons[0].startswith("in an allowed exact family of 6 calls")
    assert other.reasons[0].startswith("in an exact family of 7 calls")


@pytest.mark.parametrize(
    ("allow", "problem"),
    [
        ({"ids": [0]}, "ids must be positive"),
        ({"ids": [-4]}, "allow it by an example"),
        ({"ids": [True]}, "ids must be positive"),
        ({"ids": ["7"]}, "ids must be positive"),
        ({"ids": 7}, "ids must be a list"),
        ({"examples": "secret words"}, "examples must be a list"),
        ({"examples": ["fine", " \n"]}, "example 2 is empty"),
        ({"examples": [b"secret"]}, "example 1 is empty or no text"),
        ({"examples": ["secret \ud800"]}, "example 1 is not valid Unicode"),
    ],
)
def test_what_cannot_be_allowed_is_refused(allow: dict[str, Any], problem: str) -> None:
    with pytest.raises(AllowListError, match=problem) as caught:
        AllowList(**allow)
    assert "secret" not in str(caught.value)


# What being allowed changes


def test_an_allowed_family_has_no_evidence() -> None:
    calls = [0, 1, 2, 3], [0, 0, 1, 1]
    evidence = worlds.evidence([1e-4, 1e-4, 1e-4, *[0.5] * 4_000], np.zeros((4_003, 2)), np.zeros((2, 2)))
    plain = family_strength(worlds.families([TEMPLATE, EXACT]), *calls, evidence)
    marked = family_strength(worlds.families([TEMPLATE, EXACT], allowed=[True, False]), *calls, evidence)
    assert plain[0] > 5
    assert math.isnan(marked[0])
    assert marked[1] == plain[1]


@pytest.mark.parametrize("mark", [[False, False], [True, False], [False, True]])
def test_an_allowed_family_is_no_link_and_no_family_of_a_finding(mark: list[bool]) -> None:
    """Four fifths of the finding's calls are of the template, one fifth of the exact family."""
    today, calls = coordinated_day(3)
    evidence, _ = clustered_evidence(4)
    families = worlds.families([TEMPLATE, EXACT], allowed=mark)
    (finding,) = find_findings(today, coordinated_day(5)[0], evidence, families, calls, people(today), FINDING_SETTINGS)
    assert finding.families == tuple(one for one, vouched in zip([10, 11], mark, strict=True) if not vouched)
    assert ("template family" in finding.links) == (not mark[0])
    share = sum(portion for portion, vouched in zip([0.8, 0.2], mark, strict=True) if vouched)
    assert finding.allowed_share == pytest.approx(share if any(mark) else math.nan, nan_ok=True)
    assert finding.verdict == "campaign"  # what its accounts do is weighed as before
    assert finding.members.tolist() == list(range(CAMPAIGN))


def test_without_a_reference_an_allowed_template_is_no_candidate() -> None:
    today, calls = coordinated_day(6)
    families = worlds.families([TEMPLATE, EXACT], accounts=[CAMPAIGN, CAMPAIGN], allowed=[True, False])
    assert (
        find_findings(today, None, no_evidence(today, "none"), families, calls, people(today), FINDING_SETTINGS) == []
    )


@pytest.mark.parametrize(("vouched", "present"), [(False, True), (True, None)])
def test_calls_of_allowed_families_do_not_count_towards_disjoint_coverage(vouched: bool, present: bool | None) -> None:
    today, calls = coordinated_day(3)
    evidence, _ = clustered_evidence(4)
    families = worlds.families([TEMPLATE, EXACT], allowed=[vouched, False])
    (finding,) = find_findings(today, coordinated_day(5)[0], evidence, families, calls, people(today), FINDING_SETTINGS)
    (sign,) = (sign for sign in finding.signs if sign.statistic == "disjoint_coverage")
    assert sign.present is present
