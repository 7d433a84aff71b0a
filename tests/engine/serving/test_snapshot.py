"""Look-ups after a finish: families by prompt and by frame, accounts, and verdicts in words."""

import math
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from gauger.engine.common.settings import Settings
from gauger.engine.families.families import Families, describe_groups, group_prompts
from gauger.engine.families.known import KnownFamilies
from gauger.engine.families.prompts import KeptPrompts
from gauger.engine.intake.admission import admit
from gauger.engine.intake.measuring import Measurer, Measures, WordSketch
from gauger.engine.plan.day import StateDay
from gauger.engine.plan.spread import Spread
from gauger.engine.serving.snapshot import Snapshot
from gauger.engine.state.state import State
from tests.engine import worlds

WORDS = worlds.Words(1)
FRAME = WORDS.some(30)
TEMPLATE = [" ".join([*FRAME, *WORDS.some(100)]) for _ in range(30)]
EXACT = WORDS.text(12)
SINGLE = WORDS.text(15)
FACTS = {"known": (3.5, 2, ["today_share_50", "gap_variation"]), "quiet": (0.2, None, [])}


def measured(prompts: list[str]) -> tuple[Measures, State]:
    """Measures of prompts, and a state that took them in."""
    calls = [worlds.call(f"account-{place % 9}", prompt, place) for place, prompt in enumerate(prompts)]
    admitted, state = admit(worlds.batch(calls)).calls, State(worlds.SECRET, Settings())
    measures = Measurer(worlds.SECRET).measure(admitted, WordSketch())
    state.update(admitted, measures)
    return measures, state


def families_of(state: State) -> Families:
    day = StateDay(state)
    groups = group_prompts(day.prompts, day.key, day.settings)
    members = Spread.over(day, groups).members
    return describe_groups(groups, members, day.prompts, KnownFamilies(), None, day.is_text)


def hashes_of(state: State) -> np.ndarray:
    return KeptPrompts(state.prompts).hashes


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    state = measured([*TEMPLATE, EXACT, EXACT, SINGLE])[1]
    families = families_of(state)
    strength = np.asarray([math.nan if kind else 7.5 for kind in families.kinds])
    return Snapshot(hashes_of(state), families, strength, FACTS)


def test_known_prompts_are_found_and_unknown_ones_by_their_frame(snapshot: Snapshot) -> None:
    fresh = " ".join([*FRAME, *WORDS.some(100)])
    measures, _ = measured([TEMPLATE[0], f"  {EXACT.upper()} ", SINGLE, fresh, WORDS.text(20)])
    rows = snapshot.families_of(measures)
    assert snapshot.ids(rows).tolist() == [1, -1, 0, 1, 0]
    assert rows[[2, 4]].tolist() == [-1, -1]
    nothing = admit(worlds.batch([worlds.call("a", "b", 0)])).calls.slice(0, 0)
    assert snapshot.families_of(Measurer(worlds.SECRET).measure(nothing, WordSketch())).tolist() == []


def test_a_run_without_families_knows_no_prompt() -> None:
    measures, state = measured([SINGLE])
    nothing = Snapshot(hashes_of(state), families_of(state), np.zeros(0), {})
    assert nothing.families_of(measures).tolist() == [-1]
    assert nothing.verdict("a", measures).family_kind == "single"


def test_evidence_on_accounts(snapshot: Snapshot) -> None:
    assert snapshot.account_evidence(["known", "stranger", "quiet"]) == pytest.approx([3.5, math.nan, 0.2], nan_ok=True)


def test_a_verdict_says_what_is_known_in_words(snapshot: Snapshot) -> None:
    measures, _ = measured([TEMPLATE[3]])
    verdict = snapshot.verdict("known", measures)
    assert (verdict.evidence, verdict.family_id, verdict.family_kind) == (7.5, 1, "template")
    assert (verdict.account_evidence, verdict.campaign_id) == (3.5, 2)
    assert verdict.reasons == [
        "in a template family of 30 calls from 9 accounts",
        "its account is in finding 2",
        "account: today_share_50",
        "account: gap_variation",
    ]


def test_what_is_not_known_is_none(snapshot: Snapshot) -> None:
    verdict = snapshot.verdict("quiet", measured([EXACT])[0])
    assert (verdict.evidence, verdict.family_id, verdict.family_kind) == (None, -1, "exact")
    assert (verdict.account_evidence, verdict.campaign_id) == (0.2, None)
    verdict = snapshot.verdict("stranger", measured([SINGLE])[0])
    assert (verdict.evidence, verdict.family_id, verdict.family_kind) == (None, None, "single")
    assert (verdict.account_evidence, verdict.campaign_id, verdict.reasons) == (None, None, [])
    with pytest.raises(FrozenInstanceError):
        verdict.evidence = 0.0
