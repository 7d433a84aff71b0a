"""The rungs of the detection bench."""

from __future__ import annotations

from bench.detection_rungs import ALL, ATTACKS, CALLS, PADDINGS, RUNGS, SIZES, TRACES, attack_of, rung
from bench.real_campaigns import LADDER, attack_calls


def test_every_name_says_what_is_planted() -> None:
    assert all(planted.name == name for rungs in RUNGS.values() for name, planted in rungs.items())
    for part, rungs in RUNGS.items():
        for name, planted in rungs.items():
            assert ALL[name] == planted, f"{name} of {part} means two things"


def test_recall_has_every_attack_at_every_padding_twice() -> None:
    assert len(RUNGS["recall"]) == 2 * len(ATTACKS) * len(PADDINGS) + 2
    assert attack_calls(RUNGS["recall"]["pads_only_disguised"]) == 0
    assert RUNGS["recall"]["t0_padded_90"].padding == 0.9
    hidden = RUNGS["recall"]["tasks_padded_80_disguised"]
    assert (hidden.pacing, hidden.addresses, hidden.volumes) == ("human", "static", "honest")


def test_sizes_calls_and_traces_change_one_thing() -> None:
    assert {RUNGS["size"][rung("alpaca", 80, accounts=accounts)].accounts for accounts in SIZES} == set(SIZES)
    assert {RUNGS["calls"][rung("t0", calls=calls)].calls for calls in CALLS} == set(CALLS)
    assert RUNGS["traces"]["alpaca_padded_90_machine"].pacing == "machine"
    assert RUNGS["traces"]["alpaca_padded_90_shared"].addresses == "shared"
    assert {"", "disguised", "machine", "shared"} == set(TRACES)


def test_rungs_of_the_ladder_are_those_of_the_day_builder() -> None:
    for name in ("alpaca", "alpaca_padded_50", "alpaca_padded_80", "t0", "t0_padded_50", "t0_padded_80", "tasks"):
        assert ALL[name] == LADDER[name]


def test_attacks_are_known_by_their_sets() -> None:
    assert {attack_of(name) for name in RUNGS["baselines"]} == set(ATTACKS)
    assert attack_of("rendered_padded_80_disguised") == "rendered"
