"""Assessment: is a finding a campaign, or a new population, an evaluation run, a shared tool?

Novelty is not attack. What separates a campaign is coordination, and each sign of it is a true statement about the data
that a person can check in the tables: a number of the cluster beside the same number of the reference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gauger.engine.families.families import TEMPLATE, Families
from gauger.engine.state.links import ADDRESS, CHANNELS, HUB_ACCOUNTS, NETWORK_HOUR, ORGANISATION, PARAMETERS, PAYMENT
from gauger.engine.statistics.population import Population

SHARED = (ADDRESS, PAYMENT, NETWORK_HOUR)
_SHARING_MIN = 0.10  # share of a cluster's accounts that must share a value with another of it
_FAMILY_MIN = 0.5  # share of calls (or accounts) that makes one family the cluster's own
_EVALUATION_ACCOUNTS_MAX = 20
SIGNS_MIN = 3
_OPEN_SHARE = 0.8  # of a cluster's accounts that show one owner
_OPEN_ADDRESSES_MAX = 4  # in all, that a company or a school goes out by


@dataclass(frozen=True)
class Sign:
    """One sign of coordination: present, absent, or not available (None)."""

    statistic: str
    present: bool | None
    sentence: str  # what was found, or what is missing
    value: float = float("nan")
    tail_probability: float = float("nan")  # of the value among the reference's accounts


@dataclass(frozen=True)
class Assessment:
    """What a finding is, and why."""

    verdict: str
    signs: list[Sign]
    links: list[str]


def _median_sign(
    name: str, today: Population, others: Population, members: np.ndarray, *, high: bool, words: str, unit: str
) -> Sign:
    """Present when the cluster's median lies beyond the others' outer fifth."""
    if name not in today.statistics or name not in others.statistics:
        return Sign(name, None, f"{words}: not available")
    own = today.statistics[name][members]
    own, null = own[~np.isnan(own)], others.statistics[name]
    null = null[~np.isnan(null)]
    if len(own) < 3 or len(null) < 100:
        return Sign(name, None, f"{words}: not available")
    value = float(np.median(own))
    tail = float((1 + np.sum(null >= value if high else null <= value)) / (1 + len(null)))
    middle = float(np.median(null))
    sentence = f"{words}: median {value:.3g}{unit}, others {middle:.3g}{unit}"
    return Sign(name, tail < 0.2 and value != middle, sentence, value, tail)


def _even_volumes(today: Population, others: Population, members: np.ndarray) -> Sign:
    """Spread of log2 calls within the cluster against the others'."""
    words = "accounts send evenly much"
    if len(members) < 5 or len(others) < 100:
        return Sign("volume_spread", None, f"{words}: not available")
    own, null = (np.std(np.log2(np.maximum(1, calls))) for calls in (today.calls[members], others.calls))
    sentence = f"{words}: calls vary {2**own:.2f}-fold between its accounts, {2**null:.2f}-fold between others"
    return Sign("volume_spread", bool(own <= 0.6 * null), sentence, float(own))


def _distinct(ascending: np.ndarray) -> int:
    """How many different values."""
    return int(np.sum(ascending[1:] != ascending[:-1])) + (len(ascending) > 0)


def _sharing(today: Population, earlier: Population | None, members: np.ndarray, channel: int) -> Sign:
    """Share of the cluster's accounts that have a value in common with another of them, hubs and old values removed."""
    name = CHANNELS[channel]
    statistic = f"shared_{name.replace(' ', '_')}"
    if channel not in today.channels:
        return Sign(statistic, None, f"shared {name}: not available")
    links = today.channels[channel]
    usable = links.degree <= max(HUB_ACCOUNTS, len(members))
    if earlier is not None:
        known = earlier.link_value[earlier.link_channel == channel]
        usable &= ~np.isin(links.distinct, known)
    member = np.zeros(len(today), bool)
    member[members] = True
    inside = member[links.owner]
    within = np.bincount(links.code[inside], minlength=len(links.distinct))
    sharing = inside & usable[links.code] & (within[links.code] >= 2)
    share = _distinct(links.owner[sharing]) / len(members)
    # The same share among everybody else says how usual it is.
    outside = _distinct(links.owner[~inside])
    common = ~inside & usable[links.code] & ((links.degree - within)[links.code] >= 2)
    usual = _distinct(links.owner[common]) / max(1, outside)
    sentence = (
        f"shared {name}: {share:.0%} of its accounts share one with another of them; {usual:.0%} of other accounts do"
    )
    return Sign(statistic, bool(share >= _SHARING_MIN and share >= 3 * usual), sentence, share)


def _uniform_parameters(today: Population, members: np.ndarray) -> Sign:
    """Share of accounts that use the cluster's most common request parameters, against everybody's."""
    words = "uniform request parameters"
    if PARAMETERS not in today.channels:
        return Sign("uniform_parameters", None, f"{words}: not available")
    links = today.channels[PARAMETERS]
    inside = np.isin(links.owner, members)
    if not np.any(inside):
        return Sign("uniform_parameters", None, f"{words}: not available")
    number = np.bincount(links.code[inside], minlength=len(links.distinct))
    top = number.argmax()
    share = float(number[top]) / len(members)
    everybody = int(links.degree[top]) / max(1, _distinct(links.owner))
    sentence = f"{words}: {share:.0%} of its accounts use the same model and settings, which {everybody:.0%} of all use"
    return Sign("uniform_parameters", bool(share >= 0.5 and share >= 3 * everybody), sentence, share)


def _disjoint(repeats: np.ndarray) -> Sign:
    """Share of the cluster's calls whose prompt nobody sent twice."""
    words = "disjoint coverage"
    if len(repeats) < 100:
        return Sign("disjoint_coverage", None, f"{words}: too few calls to say")
    share = float(np.mean(repeats == 1))
    sentence = f"{words}: {share:.1%} of its {len(repeats):,} calls carry a prompt sent only once that day"
    return Sign("disjoint_coverage", share >= 0.97, sentence, share)


def _openness(today: Population, members: np.ndarray) -> Sign | None:
    """Whether nearly all accounts of the cluster show one owner: an organisation, a payment, or one way out.

    Who copies a model does not sign every account with one name; a company, a lab and a school do. Of addresses only a
    few in all count: rotating over many is no way out but a disguise.
    """
    for channel, values_max in ((ORGANISATION, 1 << 62), (PAYMENT, 1 << 62), (ADDRESS, _OPEN_ADDRESSES_MAX)):
        inside = (today.link_channel == channel) & np.isin(today.link_owner, members)
        value, number = np.unique(today.link_value[inside], return_counts=True)
        if len(value) and len(value) <= values_max and number.max() >= _OPEN_SHARE * len(members):
            share = float(number.max()) / len(members)
            sentence = f"nothing hidden: {share:.0%} of its accounts share one {CHANNELS[channel]}"
            return Sign("concealment", False, sentence, share)
    return None


def signs_of(
    today: Population, others: Population, members: np.ndarray, repeats: np.ndarray, *, earlier: bool
) -> list[Sign]:
    """All signs looked for. ``others`` are the accounts to compare with; ``earlier``: they are of earlier days."""
    old = others if earlier else None

    def median(name: str, words: str, unit: str = "", *, high: bool = True) -> Sign:
        return _median_sign(name, today, others, members, high=high, words=words, unit=unit)

    sharing = [_sharing(today, old, members, channel) for channel in SHARED]
    return [
        _even_volumes(today, others, members),
        median("gap_variation", "regular pace (variation of gaps)", high=False),
        median("hour_entropy", "active round the clock (hour entropy)"),
        median("addresses_per_call", "rotating addresses (per call)"),
        *sharing,
        median("account_age_days", "young accounts (age)", " days", high=False),
        median("conversations_per_call", "no conversation (conversations per call)"),
        _uniform_parameters(today, members),
        _disjoint(repeats),
        median("elicitation_share", "asks for reasoning, rubrics or data sets (share of calls)"),
    ]


def assess(
    today: Population,
    others: Population,
    members: np.ndarray,
    families: Families,
    family_of_calls: np.ndarray,
    repeats: np.ndarray,
    *,
    earlier: bool,
) -> Assessment:
    """Assess a cluster against other accounts (of earlier days, or of today).

    family_of_calls, repeats : of the cluster's calls, family row or -1 and number of calls with that prompt

    Allowed families are no link, and their calls do not count towards disjoint coverage. They do count where they speak
    for the cluster: as a shared tool's prompts, or an evaluation's.
    """
    vouched = np.append(families.allowed, False)[family_of_calls]
    signs = signs_of(today, others, members, repeats[~vouched], earlier=earlier)
    openness = _openness(today, members)
    signs += [] if openness is None else [openness]
    present = [sign for sign in signs if sign.present]
    in_family = family_of_calls[family_of_calls >= 0]
    top_share = np.bincount(in_family).max() / max(1, len(family_of_calls)) if len(in_family) else 0.0
    templated = bool(len(in_family)) and bool(np.any(families.kinds[np.unique(in_family)] == TEMPLATE))
    links = ["content"]
    own = np.bincount(family_of_calls[(family_of_calls >= 0) & ~vouched], minlength=len(families))
    if np.any(families.kinds[own > 0] == TEMPLATE) and own.max() >= _FAMILY_MIN * len(family_of_calls):
        links.append("template family")
    channels = {f"shared_{CHANNELS[channel].replace(' ', '_')}": CHANNELS[channel] for channel in SHARED}
    links += [channels[sign.statistic] for sign in present if sign.statistic in channels]
    shared_prompts = float(np.mean(repeats > 1)) if len(repeats) else 0.0
    is_open = openness is not None
    few = len(members) <= _EVALUATION_ACCOUNTS_MAX
    if few and templated and (is_open or (top_share >= _FAMILY_MIN and len(present) < 5)):
        verdict = "evaluation run"
    elif is_open:
        verdict = "shared tool"
    elif len(present) >= SIGNS_MIN:
        verdict = "campaign"
    elif top_share >= _FAMILY_MIN or shared_prompts >= _FAMILY_MIN:
        verdict = "shared tool"
    else:
        verdict = "new population"
    return Assessment(verdict, signs, links)
