"""The rungs of the detection bench, and what scoring one yields."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from bench.real_campaigns import LADDER, Planted
from gauger.evaluate import Evaluation

CLEAN, TOGETHER = "clean day", "all default campaigns"
ATTACKS = ("alpaca", "t0", "tasks", "evol", "metaprompt")
PADDINGS = (0, 50, 80)  # percent of calls


@dataclass(frozen=True)
class Outcome:
    """One scored day, held against its truth."""

    seed: int
    campaign: str  # a rung, CLEAN or TOGETHER
    everyone: Evaluation  # all honest accounts of the day
    busy: Evaluation  # only honest accounts with enough calls to be weighed
    ceiling: int  # honest accounts with the greatest evidence of the run
    manifest: dict[str, Any]  # of the run


def rung(attack: str, padding: int, *, disguised: bool = False) -> str:
    """The name of an attack at a padding in percent, as in the ladder."""
    return "_".join([attack, *([f"padded_{padding}"] if padding else []), *(["disguised"] if disguised else [])])


def _rungs() -> dict[str, Planted]:
    """The ladder, completed: every attack at every padding, and disguised."""
    grid = {
        rung(attack, padding): replace(LADDER[attack], name=rung(attack, padding), padding=padding / 100)
        for attack in ATTACKS
        for padding in PADDINGS
    }
    # With the pace of people and one address an account, no trace but the content is left.
    disguised = {
        name: replace(grid[rung(attack, 80)], name=name, pacing="human", addresses="static")
        for attack in ATTACKS
        for name in [rung(attack, 80, disguised=True)]
    }
    return grid | disguised | LADDER


RUNGS = _rungs()
