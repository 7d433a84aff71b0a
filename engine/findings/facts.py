"""Facts: what the data say for one actor behind a finding, each with what honest accounts show beside it.

Each is a number from 0, what honest crowds show, to 1, what one actor shows, or not known. No single one carries a
word: most can be changed by who writes the calls, at a price. ``weights`` joins them into a probability.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gauger.engine.findings.finding import Fact, Sign
from gauger.engine.findings.said import Alike, Said, alikeness
from gauger.engine.findings.signs import TRACES

_NAN = float("nan")
# Odd calls below which nothing is said of them: that nobody sends a dozen again, and that they are spread evenly, is
# chance. Ten honest agents with twelve of them were a campaign at 0.75.
_CALLS_MIN = 40
_ERRORS = 1.64  # standard errors: "could have been dealt" must hold for the upper end of 95 %
_PEOPLES = 0.5  # of what calls of one account usually have in common: as much is people's, within one crowd too
_REPEATED_SCALE = 0.1  # share of repeated calls at which a third of the fact is left
_SHARE_SPREAD = 0.1  # overdispersion of shares from which on they are people's
_TRACES_MAX = 4  # of the traces that may be there
_ACCOUNTS_DOUBLED = 6  # times over the least finding: 5 accounts to 320


@dataclass(frozen=True)
class Evidenced:
    """What facts are taken from."""

    said: Said  # by the finding's accounts
    usual: Alike  # how alike calls of one account are among others
    parts: Sequence[np.ndarray]  # of the finding, int64
    accounts: int  # of the finding
    signs: Sequence[Sign]
    owner: Sign | None  # who openly is behind them, if anybody


def _dealt(case: Evidenced) -> Fact:
    """Two odd calls of one account are no more alike than two of different accounts: they were dealt from one deck."""
    name = "dealt"
    odd = case.said.where(case.said.odd)
    found = _within(odd, case.parts) if len(odd.owner) >= _CALLS_MIN else Alike(_NAN, _NAN)
    if np.isnan(found.share) or not case.usual.share > 0:
        return Fact(name, _NAN, "what its accounts ask each: too little to say")
    bound = (found.share + _ERRORS * found.error) / (_PEOPLES * case.usual.share)
    sentence = (
        f"what its accounts ask: calls of one account have {max(0.0, found.share):.1%} of what sets calls apart in "
        f"common, those of other accounts {case.usual.share:.1%}"
    )
    return Fact(name, 1.0 - float(np.clip(bound, 0.0, 1.0)), sentence, found.share)


def _within(odd: Said, parts: Sequence[np.ndarray]) -> Alike:
    """How alike calls of one account are; where a finding has parts, within those: each may have a deck of its own."""
    own = [odd.of(part) for part in parts]
    found = [(len(said.owner), alikeness(said)) for said in own if len(said.owner) >= _CALLS_MIN]
    known = [(calls, alike) for calls, alike in found if not np.isnan(alike.share)]
    if not known:
        return alikeness(odd)
    total = sum(calls for calls, _ in known)
    share = sum(calls * alike.share for calls, alike in known) / total
    return Alike(share, float(np.sqrt(sum((calls * alike.error) ** 2 for calls, alike in known))) / total)


def _unrepeated(case: Evidenced) -> Fact:
    """Nobody else sends what is odd about it."""
    name, said = "unrepeated", case.said
    asked = said.odd
    if asked.sum() < _CALLS_MIN or not np.any(said.senders):
        return Fact(name, _NAN, "whether others send the same: not available")
    share = float(np.mean(np.abs(said.senders[asked]) >= 2))
    sentence = f"of its odd calls {share:.1%} carry a text that another account sent that day"
    return Fact(name, float(np.exp(-share / _REPEATED_SCALE)), sentence, share)


def _counts(said: Said) -> tuple[np.ndarray, np.ndarray]:
    """Odd calls and sampled calls of each account, float64."""
    accounts = len(said.accounts)
    odd = np.bincount(said.owner[said.odd], minlength=accounts).astype(np.float64)
    return odd, np.bincount(said.owner, minlength=accounts).astype(np.float64)


def _even(case: Evidenced) -> Fact:
    """Odd calls are spread over its accounts as by a dealer: variance beyond chance, (v - m) / m^2."""
    name = "even"
    odd, _ = _counts(case.said)
    if len(odd) < 5 or odd.sum() < _CALLS_MIN:
        return Fact(name, _NAN, "how evenly odd calls are spread: too few to say")
    beyond = float((odd.var() - odd.mean()) / odd.mean() ** 2)
    sentence = f"odd calls an account: {odd.mean():.1f}, with a variance of {odd.var() / odd.mean():.2f} times the mean"
    return Fact(name, 1.0 - float(np.clip(beyond, 0.0, 1.0)), sentence, beyond)


def _constant_share(case: Evidenced) -> Fact:
    """The same share of every account's calls is odd: overdispersion of a binomial share, by moments.

    rho = sum((k - n p)^2 - n p (1 - p)) / sum(n (n - 1) p (1 - p)), Williams, Applied Statistics 1982.
    """
    name = "constant_share"
    odd, calls = _counts(case.said)
    share = odd.sum() / max(1.0, calls.sum())
    varied = share * (1.0 - share)
    if odd.sum() < _CALLS_MIN:
        return Fact(name, _NAN, "shares of odd calls: too few to say")
    if len(odd) < 5 or not 0.02 < share < 0.95 or (calls * (calls - 1)).sum() == 0:
        return Fact(name, _NAN, "shares of odd calls: nearly all or none are")
    spread = float(np.sum((odd - calls * share) ** 2 - calls * varied) / (np.sum(calls * (calls - 1)) * varied))
    sentence = f"{share:.0%} of its accounts' calls are odd, and shares differ by {max(0.0, spread):.2f} beyond chance"
    return Fact(name, 1.0 - float(np.clip(spread / _SHARE_SPREAD, 0.0, 1.0)), sentence, spread)


def _traces(case: Evidenced) -> Fact:
    """Signs of one operator's hand in times, addresses, payments, settings; an open owner's software has them, too."""
    known = [sign for sign in case.signs if sign.statistic in TRACES and sign.present is not None]
    if case.owner is not None:
        return Fact("traces", _NAN, "traces of one operator: its owner's")
    if not known:
        return Fact("traces", _NAN, "traces of one operator: no column shows any")
    found = sum(bool(sign.present) for sign in known)
    return Fact("traces", min(found / _TRACES_MAX, 1.0), f"{found} of {len(known)} traces of one operator", found)


def _many(case: Evidenced) -> Fact:
    """How many accounts: a handful may be alike by chance."""
    value = np.log2(max(1.0, case.accounts / 5.0)) / _ACCOUNTS_DOUBLED
    return Fact("many", float(np.clip(value, 0.0, 1.0)), f"{case.accounts:,} accounts", case.accounts)


def _hidden(case: Evidenced) -> Fact:
    """Nobody openly stands behind its accounts."""
    if case.owner is None:
        return Fact("hidden", 1.0, "no owner that the provider knows stands behind its accounts")
    return Fact("hidden", 0.0, case.owner.sentence, case.owner.value)


FACTS: tuple[Callable[[Evidenced], Fact], ...] = (
    _dealt,
    _unrepeated,
    _even,
    _constant_share,
    _traces,
    _many,
    _hidden,
)


def facts_of(case: Evidenced) -> tuple[Fact, ...]:
    """Every fact, known or not."""
    return tuple(look(case) for look in FACTS)
