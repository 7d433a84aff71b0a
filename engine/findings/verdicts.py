"""Verdicts: is a finding a campaign, or a new population, an evaluation run, a shared tool?

Novelty is not attack. One function says the word, for a day's findings and for a week's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gauger.engine.families.families import TEMPLATE, Families
from gauger.engine.findings.finding import Finding, Sign
from gauger.engine.findings.signs import SHARED, Group, openness, shared_name, signs_of
from gauger.engine.state.links import CHANNELS

VERDICTS = ("campaign", "new population", "evaluation run", "shared tool")
SIGNS_MIN = 3
_EVALUATION_SIGNS_MAX = 4
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


def verdict_of(accounts: int, signs: Sequence[Sign], open_owner: bool, content: Content) -> str:
    """What a finding of so many accounts is.

    signs : those of coordination; open_owner : nearly all of its accounts show one owner
    """
    present = sum(sign.present is True for sign in signs)
    own_family = content.top_family_share >= _FAMILY_MIN
    few_signs = own_family and present <= _EVALUATION_SIGNS_MAX
    if accounts <= _EVALUATION_ACCOUNTS_MAX and content.templated and (open_owner or few_signs):
        return "evaluation run"
    if open_owner:
        return "shared tool"
    if present >= SIGNS_MIN:
        return "campaign"
    if own_family or content.repeated_share >= _FAMILY_MIN:
        return "shared tool"
    return "new population"


def assessed(finding: Finding, group: Group, content: Content | None = None) -> Finding:
    """The finding with its signs, links and verdict. ``content`` : of its calls; None where they are not known."""
    content = content or Content()
    signs, owner = signs_of(group), openness(group.today, group.members)
    channels = {shared_name(channel): CHANNELS[channel] for channel in SHARED}
    links = ["content", *(["template family"] if content.own_template else [])]
    links += [channels[sign.statistic] for sign in signs if sign.present and sign.statistic in channels]
    return replace(
        finding,
        verdict=verdict_of(len(finding.members), signs, owner is not None, content),
        signs=signs if owner is None else (*signs, owner),
        links=tuple(links),
    )
