"""The rungs of the detection bench."""

from dataclasses import replace

from bench.detection.rungs import ALL, ATTACKS, MANY_CAMPAIGNS, PADDINGS, RUNGS, TRACES, rung
from bench.world.campaigns import attack_calls


def test_every_name_says_what_is_planted() -> None:
    assert all(planted.name == name for rungs in RUNGS.values() for name, planted in rungs.items())
    for part, rungs in RUNGS.items():
        for name, planted in rungs.items():
            assert ALL[name] == planted, f"{name} of {part} means two things"


def test_recall_has_every_attack_at_every_padding_by_content_alone() -> None:
    assert len(RUNGS["recall"]) == len(ATTACKS) * len(PADDINGS) + 1
    assert attack_calls(RUNGS["recall"]["pads_only_content"]) == 0
    for planted in RUNGS["recall"].values():
        seen = (planted.pacing, planted.addresses, planted.settings, planted.volumes)
        assert seen == ("human", "static", "honest", "equal")
    assert RUNGS["recall"]["t0_padded_90_content"].padding == 0.9


def test_every_trace_is_one_thing_more_than_content() -> None:
    content = ALL["t0_padded_80_content"]
    for trace, changed in (
        ("disguised", {"volumes": "honest"}),
        ("machine", {"pacing": "machine"}),
        ("shared", {"addresses": "shared"}),
        ("settings", {"settings": "operator"}),
    ):
        name = rung("t0", 80, trace)
        assert RUNGS["traces"][name] == replace(content, name=name, **changed)
    assert set(TRACES) == {"", "content", "disguised", "machine", "shared", "settings"}


def test_a_day_of_many_campaigns_has_none_of_less_than_a_hundred_accounts() -> None:
    assert len({planted.name for planted in MANY_CAMPAIGNS}) == len(MANY_CAMPAIGNS) == 8
    assert min(planted.accounts for planted in MANY_CAMPAIGNS) == 100
