"""The rungs of the detection bench: which campaigns are planted, by the part of the bench that plants them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from bench.world.campaigns import DEFAULT, LADDER, Planted
from gauger.batch.evaluate import Evaluation

CLEAN, TOGETHER, MANY = "clean day", "all default campaigns", "eight campaigns"
PADDINGS = (0, 50, 80, 90)  # percent of calls
SIZES = (500, 200, 100, 50, 20, 10, 5)  # accounts; the first is everybody's
CALLS = (26, 10, 5)  # of an account; the first is everybody's
_RENDERED = ("evol_instruct_rendered", "alpaca_metaprompt_rendered")

ATTACKS: dict[str, Planted] = {
    "alpaca": LADDER["alpaca"],
    "t0": LADDER["t0"],
    "tasks": LADDER["tasks"],
    "rendered": Planted("rendered", _RENDERED),
}
# What is left to see of a campaign, apart from what it asks: suffix of its rungs -> how it hides.
_HIDDEN = {"pacing": "human", "addresses": "static", "settings": "honest"}
TRACES: dict[str, dict[str, Any]] = {
    "": {},
    "content": _HIDDEN,
    "disguised": _HIDDEN | {"volumes": "honest"},
    "machine": _HIDDEN | {"pacing": "machine"},
    "shared": _HIDDEN | {"addresses": "shared"},
    "settings": _HIDDEN | {"settings": "operator"},
}


@dataclass(frozen=True)
class Outcome:
    """One scored day, held against its truth."""

    seed: int
    campaign: str  # a rung, a cohort, CLEAN or TOGETHER
    everyone: Evaluation  # all honest accounts of the day
    busy: Evaluation  # only honest accounts with enough calls to be weighed
    ceiling: int  # honest accounts with the greatest evidence of the run
    speed: dict[str, float]  # calls_per_second, and seconds by stage


def rung(
    attack: str, padding: int = 0, traces: str = "", *, accounts: int = SIZES[0], calls: int = CALLS[0], way: str = ""
) -> str:
    """The name of a rung: what differs from 500 accounts of 26 pure calls, in a fixed order."""
    parts = [
        attack,
        way,
        f"padded_{padding}" if padding else "",
        traces,
        f"{accounts}_accounts" if accounts != SIZES[0] else "",
        f"{calls}_calls" if calls != CALLS[0] else "",
    ]
    return "_".join(part for part in parts if part)


def _planted(
    attack: str, padding: int = 0, traces: str = "", *, accounts: int = SIZES[0], calls: int = CALLS[0]
) -> Planted:
    name = rung(attack, padding, traces, accounts=accounts, calls=calls)
    changes = {"padding": padding / 100, "accounts": accounts, "calls": calls} | TRACES[traces]
    return replace(ATTACKS[attack], name=name, **changes)


# Ways to evade, each on one attack: name of the way -> (attack, what is changed).
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "paraphrased": ("alpaca", {"frame": "paraphrased"}),
    "camouflaged": ("alpaca", {"frame": "vendor"}),
    "burnt": ("alpaca", {"lifetime_hours": 2.0, "pacing": "human", "addresses": "static"}),
}
# Sets no setting of the detector was ever chosen on.
UNSEEN = {
    "gpteacher": Planted("gpteacher", ("gpteacher",)),
    "camel": Planted("camel", ("camel_ai_society_rendered",)),
}


# No campaign at all: accounts of a campaign's making that send nothing but padding. What of them is flagged is the
# padder's doing, not the attack's.
CONTROLS = {
    traces: replace(LADDER["alpaca"], name=rung("pads_only", 0, traces), padding=1.0, **TRACES[traces])
    for traces in ("", "content", "disguised")
}


def _ways() -> Iterable[Planted]:
    for way, (attack, changes) in WAYS.items():
        for padding in (0, 80):
            name = rung(attack, padding, way=way)
            yield replace(ATTACKS[attack], name=name, padding=padding / 100, **changes)
    for name, planted in UNSEEN.items():
        for padding in (0, 80):
            yield replace(planted, name=rung(name, padding), padding=padding / 100)


def _named(planted: Iterable[Planted]) -> dict[str, Planted]:
    return {one.name: one for one in planted}


RUNGS: dict[str, dict[str, Planted]] = {
    "recall": _named(_planted(attack, padding, "content") for attack in ATTACKS for padding in PADDINGS)
    | _named([CONTROLS["content"]]),
    "traces": _named(
        _planted(attack, padding, traces)
        for traces in TRACES
        for attack in ATTACKS
        for padding in (PADDINGS if not traces else PADDINGS[:-1])
        if traces != "content"
    )
    | _named(CONTROLS[traces] for traces in ("", "disguised")),
    "size": _named(
        _planted(attack, padding, accounts=accounts)
        for attack in ("alpaca", "tasks")
        for padding in (0, 80)
        for accounts in SIZES
    ),
    "calls": _named(
        _planted(attack, padding, calls=calls) for attack in ("alpaca", "t0") for padding in (0, 80) for calls in CALLS
    ),
    "evasion": _named(_ways()),
    "baselines": _named(
        _planted(attack, padding, traces)
        for attack in ATTACKS
        for padding, traces in ((0, ""), (80, ""), (80, "disguised"))
    ),
    "stream": _named(_planted(attack, padding) for attack in ATTACKS for padding in (0, 80)),
}
# A day of findings: eight campaigns at once, of 100 accounts and more.
MANY_CAMPAIGNS = (
    *DEFAULT,
    Planted("gpteacher_200", ("gpteacher",), accounts=200),
    Planted("gorilla_100", ("gorilla_apibench",), accounts=100),
    Planted("camel_150", ("camel_ai_society_rendered",), accounts=150, padding=0.5),
)
ALL = {name: planted for rungs in RUNGS.values() for name, planted in rungs.items()}


def attack_of(name: str) -> str:
    """The attack of ``ATTACKS`` that a rung plants."""
    return next(attack for attack, planted in ATTACKS.items() if planted.corpora == ALL[name].corpora)
