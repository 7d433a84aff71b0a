"""What is planted on the days that verdicts are measured on: campaigns and honest cohorts, and which learn what."""

from dataclasses import dataclass, replace

from bench.world.campaigns import Planted
from bench.world.cohorts import COHORTS
from bench.world.relays import POOLS

_CONTENT_ALONE = {"pacing": "human", "addresses": "static", "settings": "honest"}
# Attack set -> the corpora its prompts are of.
SETS: dict[str, tuple[str, ...]] = {
    "alpaca": ("alpaca_52k",),
    "t0": ("t0_templates_50k",),
    "tasks": (
        "gorilla_apibench",
        "codealpaca_subset",
        "instruction_induction_prompts",
        "chatdoctor_genmed5k",
    ),
    "rendered": ("evol_instruct_rendered", "alpaca_metaprompt_rendered"),
    "gpteacher": ("gpteacher",),
    "camel": ("camel_ai_society_rendered",),
    "react": ("agentic_fireact_gpt4",),
    "coding agents": ("agentic_sweagent_runs",),
    "chinese": ("harness_cmmlu_lmeval",),
    "tool requests": ("agentic_toolbench_queries_rendered", "agentic_toolalpaca_eval"),
}
PADDINGS = (0, 50, 80)  # percent
SIZES = (100, 250, 500)  # accounts


@dataclass(frozen=True)
class Kind:
    """Something planted."""

    name: str
    group: str  # what is left out of learning together: an attack set or a cohort
    campaign: Planted | None = None  # None: a cohort of this name
    beside: str | None = None  # an honest cohort that is there with a campaign


def _campaign(attack: str, padding: int, accounts: int, **changes: object) -> Kind:
    name = " ".join([attack, f"{padding} %", f"{accounts} accounts", *map(str, changes)])
    planted = Planted(name.replace(" ", "_"), SETS[attack], accounts, padding=padding / 100, **_CONTENT_ALONE)
    return Kind(name, attack, replace(planted, **changes))


EVEN = [_campaign(attack, padding, accounts) for attack in SETS for padding in PADDINGS for accounts in SIZES]
UNEVEN = [_campaign(attack, padding, 300, volumes="honest") for attack in SETS for padding in PADDINGS]
DRAWN = [
    _campaign(attack, padding, 300, volumes="honest", drawn=True)
    for attack in ("alpaca", "t0", "tasks", "gpteacher")
    for padding in PADDINGS[1:]
]
THIN = [
    _campaign(attack, padding, accounts)
    for attack in ("alpaca", "chinese", "tool requests")
    for padding, accounts in ((80, 400), (90, 400), (80, 50))
]
# What campaigns of 2026 did: changed to a new model, came by programmes, renamed their clients.
MOVED = [
    _campaign(attack, 80, 250, **{change: True})
    for attack in ("alpaca", "t0")
    for change in ("moves", "programmes", "renamed")
]
SMALL = [_campaign(attack, padding, 30) for attack in SETS for padding in PADDINGS[:2]]
# One operator's settings, hours, addresses: what a campaign shows that takes no pains.
TRACED = [
    _campaign(attack, padding, 150, settings="operator", pacing="poisson", addresses="residential")
    for attack in SETS
    for padding in PADDINGS
]
SORTED = [
    _campaign(attack, padding, 200, deal="sorted", **traces)
    for attack in SETS
    for padding in (0, 50)
    for traces in ({}, {"settings": "operator", "pacing": "poisson", "addresses": "residential"})
]
COPIED = [_campaign(attack, padding, 250, copies=3) for attack in ("alpaca", "tasks") for padding in PADDINGS]
# Forty who send a new vendor's prompts under payments of their own, beside its customers.
BESIDE = [
    replace(_campaign(attack, 0, 40, frame="new vendor"), beside="new vendor app") for attack in ("alpaca", "gpteacher")
]
NOTHING = Kind("clean day", "clean day")
HONEST = [Kind(name, name) for name in COHORTS]
POOLED = [Kind(name, name) for name in POOLS]
_EVERY = (*EVEN, *UNEVEN, *DRAWN, *THIN, *MOVED, *SMALL, *TRACED, *SORTED, *COPIED, *BESIDE, *HONEST, *POOLED, NOTHING)
KINDS = {kind.name: kind for kind in _EVERY}
