"""Kinds: every name once, every cohort is there, and campaigns of a way differ from others in that alone."""

from dataclasses import replace

from bench.findings.kinds import EVEN, HONEST, KINDS, POOLED, SORTED, TRACED, UNEVEN
from bench.findings.show import padding_of, way_of
from bench.world.cohorts import COHORTS


def test_cohorts_and_campaigns() -> None:
    assert [kind.name for kind in HONEST] == list(COHORTS)
    assert all(kind.campaign is None for kind in HONEST)
    campaigns = {kind.campaign.name for kind in KINDS.values() if kind.campaign}
    assert len(campaigns) == len(KINDS) - len(HONEST) - len(POOLED) - 1


def test_a_way_is_told_from_a_name() -> None:
    ways = {"even": EVEN, "uneven": UNEVEN, "with traces": TRACED, "sorted": SORTED}
    for way, kinds in ways.items():
        assert {way_of({"kind": kind.name}) for kind in kinds} == {way}
    assert {padding_of({"kind": kind.name}) for kind in EVEN} == {"0", "50", "80"}


def test_uneven_campaigns_are_even_ones_with_other_volumes() -> None:
    even, uneven = EVEN[0].campaign, UNEVEN[0].campaign
    assert even is not None
    assert uneven is not None
    assert replace(uneven, name=even.name, volumes="equal", accounts=even.accounts) == even
