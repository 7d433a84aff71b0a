"""Verdicts: one hidden actor, a new crowd, one open owner, or a run of a known kind?

Novelty is not attack, and no single fact is proof. ``weights`` joins the facts of a finding into the probability that
one hidden actor is behind it; the word follows from that. One function says it, for a day's findings and a week's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gauger.engine.families.families import TEMPLATE, Families
from gauger.engine.findings.facts import Evidenced, facts_of
from gauger.engine.findings.finding import Fact, Finding
from gauger.engine.findings.said import Alike, Said
from gauger.engine.findings.signs import SHARED, Group, openness, shared_name, signs_of
from gauger.engine.findings.weights import INTERCEPT, WEIGHTS
from gauger.engine.state.links import CHANNELS

CAMPAIGN, UNCLEAR, RELAY = "campaign", "unclear", "relay pool"
HONEST = ("new population", "evaluation run", "shared tool")
VERDICTS = (CAMPAIGN, UNCLEAR, *HONEST, RELAY)
CAMPAIGN_FROM, UNCLEAR_FROM = 0.5, 0.2
_EVALUATION_ACCOUNTS_MAX = 20
_FAMILY_MIN = 0.5  # share of calls that makes one family the finding's own


@dataclass(frozen=True)
class Content:
    """What a finding's calls have in common. Kept days do not say: then nothing is known of it."""

    templated: bool = False  # some of its calls are in a template family
    own_template: bool = False  # one family that is not allowed holds half of its calls, and there is a template
    top_family_share: float = 0.0  # of its calls, those in the family that holds most
    repeated_share: float = 0.0  # of its calls, those whose prompt was sent more than once


def content_of(families: Families, family_of_calls: np.ndarray, repeats: np.ndarray) -> Content:
    """What calls have in common.

    family_of_calls, repeats : int64, of each call the row of its family (-1 = none) and the calls with its prompt

    Allowed families do not join accounts. They do count where they speak for them: as a shared tool's prompts.
    """
    inside = family_of_calls[family_of_calls >= 0]
    own = np.bincount(inside[~families.allowed[inside]], minlength=len(families))
    return Content(
        templated=bool(np.any(families.kinds[np.unique(inside)] == TEMPLATE)),
        own_template=bool(np.any(families.kinds[own > 0] == TEMPLATE) and own.max() >= _FAMILY_MIN * len(repeats)),
        top_family_share=float(np.bincount(inside).max()) / max(1, len(repeats)) if len(inside) else 0.0,
        repeated_share=float(np.mean(repeats > 1)) if len(repeats) else 0.0,
    )


def weighed(facts: Sequence[Fact]) -> tuple[float, tuple[Fact, ...]]:
    """Probability of one hidden actor, logistic in the facts; and the facts with what each adds to its log-odds."""
    told = []
    for fact in facts:
        weight, unknown = WEIGHTS[fact.name]
        told.append(replace(fact, weight=weight * (unknown if np.isnan(fact.value) else fact.value)))
    odds = INTERCEPT + sum(fact.weight for fact in told)
    return float(1.0 / (1.0 + np.exp(-odds))), tuple(told)


def honest_word(accounts: int, open_owner: bool, content: Content) -> str:
    """What a finding of so many accounts would be if it were honest."""
    own_family = content.top_family_share >= _FAMILY_MIN
    if accounts <= _EVALUATION_ACCOUNTS_MAX and content.templated and (open_owner or own_family):
        return "evaluation run"
    if open_owner or own_family or content.repeated_share >= _FAMILY_MIN:
        return "shared tool"
    return "new population"


def word_of(probability: float, open_owner: bool, honest: str, *, is_relay: bool = False) -> str:
    """The verdict. Who copies a model does not sign with one name that the provider knows.

    A relay pool was joined by what is dealt to it in turn, odd or not; a known owner's keys are his tool all the same.
    """
    if open_owner:
        return honest
    if is_relay:
        return RELAY
    if probability < UNCLEAR_FROM:
        return honest
    return CAMPAIGN if probability >= CAMPAIGN_FROM else UNCLEAR


def assessed(finding: Finding, group: Group, said: Said, usual: Alike, content: Content | None = None) -> Finding:
    """The finding with its signs, links, facts and verdict.

    said, usual : what its accounts said, and how alike calls of one account are among others
    content : of its calls; None where they are not known
    """
    content = content or Content()
    signs, owner = signs_of(group), openness(group.today, group.members)
    channels = {shared_name(channel): CHANNELS[channel] for channel in SHARED}
    links = ["dealt in turn" if finding.is_relay else "content", *(["template family"] if content.own_template else [])]
    links += [channels[sign.statistic] for sign in signs if sign.present and sign.statistic in channels]
    probability, facts = weighed(facts_of(Evidenced(said, usual, finding.parts, len(finding.members), signs, owner)))
    honest = honest_word(len(finding.members), owner is not None, content)
    return replace(
        finding,
        verdict=word_of(probability, owner is not None, honest, is_relay=finding.is_relay),
        probability=probability,
        explanation=honest,
        facts=facts,
        signs=(*finding.signs, *signs, *(() if owner is None else (owner,))),
        links=tuple(links),
    )


def speaks_for_one(finding: Finding) -> bool:
    """Whether all but its owner speaks for one actor: then it is a finding, whoever stands behind it."""
    hidden = WEIGHTS["hidden"][0]
    odds = INTERCEPT + hidden + sum(fact.weight for fact in finding.facts if fact.name != "hidden")
    return odds >= 0.0


def ranked(findings: Sequence[Finding]) -> list[Finding]:
    """Findings by probability times size, strongest first."""
    return sorted(findings, key=lambda one: (-one.probability * len(one.members), -len(one.members), one.members[0]))
