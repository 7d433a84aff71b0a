"""Open owners: a customer's seats in a finding are judged apart from whoever else is in it.

Who copies a vendor's prompts must not have its seats accused with him, nor be taken for one of them. So the accounts
that show one owner become a finding of their own, and the others another one. An attacker who pays for groups of
accounts is no owner of that kind: his groups stand beside one another and nobody knew them on an earlier day.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gauger.engine.common.settings import Settings
from gauger.engine.findings.finding import Finding
from gauger.engine.state.links import ORGANISATION, PAYMENT
from gauger.engine.statistics.population import Population

_KNOWN_ACCOUNTS_MIN = 3  # of the reference that show the owner: he was a customer before
_SHARE_MIN = 1 / 3  # of the finding's accounts, of an owner nobody knew
_NEXT_MAX = 0.25  # of his accounts, those of the next largest owner


def parted(finding: Finding, today: Population, reference: Population | None, settings: Settings) -> list[Finding]:
    """The finding in parts: one for each open owner in it, one for everybody else; too small ones are left out."""
    parts, rest = [], finding.members
    for channel in (ORGANISATION, PAYMENT):
        for value in _owners(rest, channel, today, reference, settings):
            own = _showing(rest, channel, value, today)
            if len(own) >= settings.campaign_accounts_min:
                parts.append(own)
                rest = np.setdiff1d(rest, own)
    if not parts:
        return [finding]
    if len(rest) >= settings.campaign_accounts_min:
        parts.append(rest)
    return [replace(finding, members=part) for part in parts]


def _showing(accounts: np.ndarray, channel: int, value: np.uint64, today: Population) -> np.ndarray:
    """Those of some accounts, int64, ascending, that were seen with a value."""
    own = today.links_of(accounts)
    rows = own[(today.link_channel[own] == channel) & (today.link_value[own] == value)]
    return np.unique(today.link_owner[rows])


def _owners(
    accounts: np.ndarray, channel: int, today: Population, reference: Population | None, settings: Settings
) -> list[np.uint64]:
    """Values of a channel that show an open owner among some accounts, int64, ascending; most accounts first."""
    own = today.links_of(accounts)
    values, number = np.unique(today.link_value[own[today.link_channel[own] == channel]], return_counts=True)
    order = np.lexsort((values, -number))
    values, number = values[order], number[order]
    known = np.zeros(len(values), bool)
    if reference is not None:
        rows = reference.link_channel == channel
        before, accounts_before = np.unique(reference.link_value[rows], return_counts=True)
        known = np.isin(values, before[accounts_before >= _KNOWN_ACCOUNTS_MIN])
    found = []
    for place in np.flatnonzero(number >= settings.campaign_accounts_min).tolist():
        following = int(number[place + 1]) if place + 1 < len(number) else 0
        alone = place == 0 and number[0] >= _SHARE_MIN * len(accounts) and following <= _NEXT_MAX * number[0]
        if known[place] or alone:
            found.append(values[place])
    return found
