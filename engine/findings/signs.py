"""Signs of coordination: what separates a campaign from other accounts that are new.

Each sign is a true statement about the data that a person can check in the tables: a number of the finding's accounts
beside the same number of others. A sign is a function of a ``Group`` and a line in ``SIGNS``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gauger.engine.findings.finding import Sign
from gauger.engine.state.links import ADDRESS, CHANNELS, HUB_ACCOUNTS, NETWORK_HOUR, ORGANISATION, PARAMETERS, PAYMENT
from gauger.engine.statistics.population import Population

SHARED = (ADDRESS, PAYMENT, NETWORK_HOUR)
_SHARING_MIN = 0.10  # share of a finding's accounts that must share a value with another of it
_OPEN_SHARE = 0.8  # of a finding's accounts that show one owner
_OPEN_ADDRESSES_MAX = 4  # in all, that a company or a school goes out by


@dataclass(frozen=True)
class Group:
    """Accounts that may act as one, and whom they are held against."""

    today: Population
    others: Population
    members: np.ndarray  # int64, rows of today's population
    repeats: np.ndarray  # int64, calls with the same prompt, of each of the group's calls; empty where not known
    earlier: bool  # the others are of earlier days


@dataclass(frozen=True)
class Kind:
    """A sign that is looked for."""

    statistic: str
    title: str  # of the statistic, in the words of the report; empty where ``statistics.registry`` has it
    look: Callable[[Group], Sign]


def _digits(number: float) -> str:
    """Three significant digits, written out: no exponents, and no sign of zero."""
    return np.format_float_positional(number + 0.0, precision=3, fractional=False, trim="-")


def _median(name: str, words: str, unit: str = "", *, high: bool = True) -> Kind:
    """Present when the group's median lies beyond the others' outer fifth."""

    def look(group: Group) -> Sign:
        today, others = group.today.statistics, group.others.statistics
        if name not in today or name not in others:
            return Sign(name, None, f"{words}: not available")
        own = today[name][group.members]
        own, null = own[~np.isnan(own)], others[name]
        null = null[~np.isnan(null)]
        if len(own) < 3 or len(null) < 100:
            return Sign(name, None, f"{words}: not available")
        value = float(np.median(own))
        tail = float((1 + np.sum(null >= value if high else null <= value)) / (1 + len(null)))
        middle = float(np.median(null))
        sentence = f"{words}: median {_digits(value)}{unit}, others {_digits(middle)}{unit}"
        return Sign(name, tail < 0.2 and value != middle, sentence, value, tail)

    return Kind(name, "", look)


def _even_volumes(group: Group) -> Sign:
    """Spread of log2 calls within the group against the others'."""
    words = "accounts send evenly much"
    if len(group.members) < 5 or len(group.others) < 100:
        return Sign("volume_spread", None, f"{words}: not available")
    sides = (group.today.calls[group.members], group.others.calls)
    own, null = (np.std(np.log2(np.maximum(1, calls))) for calls in sides)
    sentence = f"{words}: calls vary {2**own:.2f}-fold between its accounts, {2**null:.2f}-fold between others"
    return Sign("volume_spread", bool(own <= 0.6 * null), sentence, float(own))


def _distinct(ascending: np.ndarray) -> int:
    """How many different values."""
    return int(np.sum(ascending[1:] != ascending[:-1])) + (len(ascending) > 0)


def shared_name(channel: int) -> str:
    """The statistic of sharing a value of a channel."""
    return f"shared_{CHANNELS[channel].replace(' ', '_')}"


def _sharing(channel: int, title: str) -> Kind:
    """Share of the group's accounts that have a value in common with another of it, hubs and old values removed."""
    name = CHANNELS[channel]
    statistic = shared_name(channel)

    def look(group: Group) -> Sign:
        today, members = group.today, group.members
        if channel not in today.channels:
            return Sign(statistic, None, f"shared {name}: not available")
        links = today.channels[channel]
        usable = links.degree <= max(HUB_ACCOUNTS, len(members))
        if group.earlier:
            known = group.others.link_value[group.others.link_channel == channel]
            usable &= ~np.isin(links.distinct, known)
        member = np.zeros(len(today), bool)
        member[members] = True
        inside = member[links.owner]
        within = np.bincount(links.code[inside], minlength=len(links.distinct))
        sharing = inside & usable[links.code] & (within[links.code] >= 2)
        share = _distinct(links.owner[sharing]) / len(members)
        # The same share among everybody else says how usual it is.
        outside = int((links.present & ~member).sum())
        common = ~inside & usable[links.code] & ((links.degree - within)[links.code] >= 2)
        usual = _distinct(links.owner[common]) / max(1, outside)
        sentence = f"shared {name}: {share:.0%} of its accounts share one with another of them; "
        sentence += f"{usual:.0%} of other accounts do"
        return Sign(statistic, bool(share >= _SHARING_MIN and share >= 3 * usual), sentence, share)

    return Kind(statistic, title, look)


def _uniform_parameters(group: Group) -> Sign:
    """Share of accounts that use the group's most common request parameters, against everybody's."""
    words = "uniform request parameters"
    links = group.today.channels.get(PARAMETERS)
    if links is None or not np.any(links.present[group.members]):
        return Sign("uniform_parameters", None, f"{words}: not available")
    number = np.bincount(links.code[np.isin(links.owner, group.members)], minlength=len(links.distinct))
    top = int(number.argmax()) if np.any(number) else -1
    # Settings that nobody else has are one account's.
    share = (int(number[top]) if top >= 0 else 1) / len(group.members)
    everybody = (int(links.degree[top]) if top >= 0 else 1) / int(links.present.sum())
    sentence = f"{words}: {share:.0%} of its accounts use the same model and settings, which {everybody:.0%} of all use"
    return Sign("uniform_parameters", bool(share >= 0.5 and share >= 3 * everybody), sentence, share)


def _disjoint(group: Group) -> Sign:
    """Share of the group's calls whose prompt nobody sent twice."""
    words, repeats = "disjoint coverage", group.repeats
    if len(repeats) < 100:
        return Sign("disjoint_coverage", None, f"{words}: too few calls to say")
    share = float(np.mean(repeats == 1))
    sentence = f"{words}: {share:.1%} of its {len(repeats):,} calls carry a prompt sent only once that day"
    return Sign("disjoint_coverage", share >= 0.97, sentence, share)


SIGNS = (
    Kind("volume_spread", "spread of the number of calls between its accounts (log2)", _even_volumes),
    _median("gap_variation", "regular pace (variation of gaps)", high=False),
    _median("hour_entropy", "active round the clock (hour entropy)"),
    _median("addresses_per_call", "rotating addresses (per call)"),
    _sharing(ADDRESS, "share of its accounts that share an address with another of them"),
    _sharing(PAYMENT, "share of its accounts that share a payment fingerprint with another of them"),
    _sharing(NETWORK_HOUR, "share of its accounts seen on one network in the same hour as another of them"),
    _median("account_age_days", "young accounts (age)", " days", high=False),
    _median("conversations_per_call", "no conversation (conversations per call)"),
    Kind("uniform_parameters", "share of its accounts with the same model and settings", _uniform_parameters),
    Kind("disjoint_coverage", "share of its calls whose prompt was sent only once that day", _disjoint),
    _median("elicitation_share", "asks for reasoning, rubrics or data sets (share of calls)"),
)


# Signs of one operator's hand; the others are facts of what its accounts ask (``facts``).
TRACES = frozenset(kind.statistic for kind in SIGNS) - {"volume_spread", "disjoint_coverage"}


def signs_of(group: Group) -> tuple[Sign, ...]:
    """Every sign that is looked for, found or not."""
    return tuple(kind.look(group) for kind in SIGNS)


def openness(today: Population, members: np.ndarray) -> Sign | None:
    """Whether nearly all accounts of the group show one owner: an organisation, a payment, or one way out.

    Who copies a model does not sign every account with one name; a company, a lab and a school do. Of addresses only a
    few in all count: rotating over many is no way out but a disguise.
    """
    own = today.links_of(members)
    channels, values = today.link_channel[own], today.link_value[own]
    for channel, values_max in ((ORGANISATION, 1 << 62), (PAYMENT, 1 << 62), (ADDRESS, _OPEN_ADDRESSES_MAX)):
        value, number = np.unique(values[channels == channel], return_counts=True)
        if len(value) and len(value) <= values_max and number.max() >= _OPEN_SHARE * len(members):
            share = float(number.max()) / len(members)
            sentence = f"nothing hidden: {share:.0%} of its accounts share one {CHANNELS[channel]}"
            return Sign("concealment", False, sentence, share)
    return None
