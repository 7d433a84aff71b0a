"""Open owners: a customer's seats in a finding are judged apart from whoever else is in it.

Who copies a vendor's prompts must not have its seats accused with him, nor be taken for one of them. So the accounts
that show one owner become a finding of their own, and the others another one. An attacker who pays for groups of
accounts is no owner of that kind: his groups stand beside one another.
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
_NEXT_MAX = 0.25  # of his accounts, those of the next largest owner: groups of like size are one attacker's


def parted(finding: Finding, today: Population, reference: Population | None, settings: Settings) -> list[Finding]:
    """The finding in parts: one for each open owner in it, one for everybody else; too small ones are left out."""
    parts, rest = [], finding.members
    for channel in (ORGANISATION, PAYMENT):
        value = _owner(rest, channel, today, reference, settings)
        if value is not None:
            parts.append(_showing(rest, channel, value, today))
            rest = np.setdiff1d(rest, parts[-1])
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


def _owner(
    accounts: np.ndarray, channel: int, today: Population, reference: Population | None, settings: Settings
) -> np.uint64 | None:
    """The value of a channel that shows an open owner among some accounts, int64, ascending; None where none does."""
    own = today.links_of(accounts)
    values, number = np.unique(today.link_value[own[today.link_channel[own] == channel]], return_counts=True)
    if not len(values):
        return None
    order = np.lexsort((values, -number))
    value, most = values[order[0]], int(number[order[0]])
    following = int(number[order[1]]) if len(order) > 1 else 0
    if most < settings.campaign_accounts_min or following > _NEXT_MAX * most:
        return None
    if most >= _SHARE_MIN * len(accounts):
        return value
    before = 0 if reference is None else int(np.sum(reference.link_value[reference.link_channel == channel] == value))
    return value if before >= _KNOWN_ACCOUNTS_MIN else None
