"""Policy: the first rule that fits, nothing in shadow mode or beyond the breaker, and files that change meanwhile."""

from pathlib import Path

import pytest

from gauger.engine.common.errors import InputError
from gauger.engine.serving.published import Finding
from gauger.host.policy import ALLOW, ALLOWED, BLOCK, VERIFY, WATCH, Decision, Policy, Rule, Rules, read_rules
from gauger.host.verdicts import FLAGGED, KNOWN, LINK, MEMBER, NEW, NOTHING, STALE, Verdict, Verdicts
from tests.bindings.host.recording import SECRET, until
from tests.bindings.host.test_verdicts import put

CAMPAIGN = Finding(7, "campaign", 0.9, 300.0, 2, 50, "new population")
UNCLEAR = Finding(8, "unclear", 0.3, 40.0, 9, 500, "new population")
ACT = """
mode = "act"
breaker_share = 1.0
[[rules]]
name = "campaigns"
action = "block"
assessments = ["campaign"]
probability_min = 0.8
[[rules]]
action = "verify"
tiers = ["member", "link"]
budget_calls = 100
[[rules]]
action = "watch"
tiers = ["flagged"]
evidence_min = 4
"""


def verdict(tier: str, finding: Finding | None = None, evidence: float | None = None, state: str = KNOWN) -> Verdict:
    return Verdict(state, tier, finding, evidence, 0.0)


def policy(tmp_path: Path, content: str) -> Policy:
    put(tmp_path / "v")
    (tmp_path / "policy.toml").write_text(content)
    return Policy.open(tmp_path / "policy.toml", Verdicts.open(tmp_path / "v", key=SECRET))


def test_the_first_rule_that_fits(tmp_path: Path) -> None:
    found = policy(tmp_path, ACT)
    assert found.decide(verdict(MEMBER, CAMPAIGN)) == Decision(BLOCK, BLOCK, "campaigns")
    assert found.decide(verdict(MEMBER, UNCLEAR)) == Decision(VERIFY, VERIFY, "rule 2")
    assert found.decide(verdict(MEMBER, UNCLEAR._replace(calls=99))) == ALLOWED
    assert found.decide(verdict(LINK, CAMPAIGN, state=NEW)) == ALLOWED  # 50 calls
    assert found.decide(verdict(FLAGGED, None, 4.5)) == Decision(WATCH, WATCH, "rule 3")
    assert found.decide(verdict(FLAGGED, None, 3.5)) == ALLOWED
    assert found.decide(verdict(NOTHING)) == ALLOWED
    assert found.decide(verdict(MEMBER, CAMPAIGN, state=STALE)) == ALLOWED
    assert (found.tally.done[BLOCK], found.tally.would[VERIFY], found.tally.stale) == (1, 1, 1)


def test_in_shadow_nothing_is_done_and_all_of_it_counted(tmp_path: Path) -> None:
    found = policy(tmp_path, ACT.replace('mode = "act"', ""))
    assert found.decide(verdict(MEMBER, CAMPAIGN)) == Decision(WATCH, BLOCK, "campaigns")
    assert (found.tally.done[BLOCK], found.tally.done[WATCH], found.tally.would[BLOCK]) == (0, 1, 1)
    off = policy(tmp_path, "off = true\n" + ACT)
    assert off.decide(verdict(MEMBER, CAMPAIGN)) == ALLOWED
    assert not off.tally.would


def test_the_breaker_keeps_it_from_acting_on_many(tmp_path: Path) -> None:
    """One of three accounts published is a campaign's, one is flagged alone."""
    found = policy(tmp_path, ACT.replace("breaker_share = 1.0", "breaker_share = 0.3"))
    assert found.share() == pytest.approx(1 / 3)
    assert found.decide(verdict(MEMBER, CAMPAIGN)).action == WATCH
    put(tmp_path / "v", {"member": (0, 5.0, True), **{f"a-{place}": (-1, 0.1, False) for place in range(9)}})
    assert until(lambda: found._verdicts.of("x") is not None and found.share() < 0.3, 10)
    assert found.decide(verdict(MEMBER, CAMPAIGN)).action == BLOCK


def test_a_file_that_changes_is_read_and_one_that_is_wrong_is_not(tmp_path: Path) -> None:
    found = policy(tmp_path, ACT)
    (tmp_path / "policy.toml").write_text("mode = 'sometimes'")
    assert until(lambda: found.decide(verdict(MEMBER, CAMPAIGN)) is not None and found.problem is not None, 10)
    assert found.decide(verdict(MEMBER, CAMPAIGN)).action == BLOCK
    (tmp_path / "policy.toml").write_text("[[rules]]\naction = 'allow'")
    assert until(lambda: found.decide(verdict(MEMBER, CAMPAIGN)).action == ALLOW, 10)
    assert found.problem is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[[rules]]\naction = 'ban'", "action is one of"),
        ("[[rules]]\ntiers = ['member']", "action is one of"),
        ("[[rules]]\naction = 'block'\ntiers = ['friend']", "no tier 'friend'"),
        ("[[rules]]\naction = 'block'\nevidence = 3", "'evidence' means nothing"),
        ("[[rules]]\naction = 'block'\nevidence_min = '3'", "another type"),
        ("[[rules]]\naction = 'block'\nassessments = 'campaign'", "another type"),
        ("mode = 1", "another type"),
        ("off = 1", "another type"),
        ("breaker_share = 2", "between 0 and 1"),
        ("rules = 3", "are at most"),
        ("[[rules]", "no TOML"),
        ("mode = 'dry'", "shadow or act"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "policy.toml").write_text(content)
    with pytest.raises(InputError, match=said):
        read_rules(tmp_path / "policy.toml")
    with pytest.raises(InputError, match="cannot be read"):
        read_rules(tmp_path / "none.toml")


def test_conditions_that_are_left_out_hold_for_everybody() -> None:
    rules = Rules(rules=(Rule("watch"),))
    assert rules.action(MEMBER, UNCLEAR._replace(probability=None, evidence=None), None) == (WATCH, "rule 1")
    assert rules.action(FLAGGED, None, None) == (ALLOW, "")
