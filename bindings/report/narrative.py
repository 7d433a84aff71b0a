"""A finding told to a person: what happened, how sure, what would be honest, what to do next."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gauger.report.packing import Floats
from gauger.report.parts import Part
from gauger.text import formats, words

_LINKS = {
    "content": "what they ask",
    "dealt in turn": "prompts dealt to them in turn",
    "template family": "templates that are theirs",
    "client address": "client addresses that they share",
    "payment": "means of payment that they share",
    "network and hour": "the same networks in the same hours",
    "network": "networks that they share",
    "client fingerprint": "client fingerprints that they share",
    "organisation": "an organisation that they share",
    "request parameters": "the same request parameters",
}
_HONEST = {
    "new population": (
        "A new group of real users: a class, the roll-out at a customer, users of a new product. Its accounts would "
        "ask as different people do. Some would repeat what others ask, some would send much and most little, and they "
        "would rest at night. Somebody would openly stand behind them."
    ),
    "evaluation run": (
        "A benchmark or a test of an application, run by one team on few keys. The prompts would come from a public "
        "set, the volume would end with the run, and the team could name it when asked."
    ),
    "shared tool": (
        "One tool or application in many unrelated hands. All would send its template, but each with own matter, own "
        "payment and own hours, and the template could be found with its maker."
    ),
    "relay pool": (
        "A shared or resold access: many people behind few accounts. What is asked would be as mixed as in any "
        "crowd, and only how calls are dealt to accounts would be regular."
    ),
}
_CHECKS = {
    "payment": "Ask who pays: one payer behind shared means of payment settles more than any statistic.",
    "client address": (
        "Look up the shared addresses. The gateway of a company, a VPN and a rented range mean different things."
    ),
    "network and hour": "Look up the networks that are busy in the same hours, and whose they are.",
    "template family": (
        "Search its templates among public benchmarks, tools and your partners' applications. If one is found, put "
        "it on the allow-list."
    ),
    "organisation": "Ask the organisation that its accounts share.",
    "dealt in turn": "Look whether the accounts are resold: shared log-ins, many countries, one sign-up.",
}
_FOR, _AGAINST = 2 / 3, 1 / 3
_ORDINALS = ("one", "two", "three", "four", "five", "six")


def joined(parts: Sequence[str]) -> str:
    """Return ``a, b and c``."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def story(row: dict[str, Any], calls: Floats, parts: Sequence[Part], calls_of_all: int) -> list[str]:
    """Return the finding in a few sentences.

    Args:
        row: its row of ``campaigns.parquet``.
        calls: calls of each of its accounts.
        parts: its parts, if it has several.
        calls_of_all: calls of the run.
    """
    share = f", {formats.percent((row['calls'] or 0) / calls_of_all)} of the run's" if calls_of_all else ""
    said = [
        f"{formats.plural(row['accounts'] or 0, 'account')} sent {formats.plural(row['calls'] or 0, 'call')}{share}, "
        f"from {formats.when(row['started_at'])} to {formats.when(row['ended_at'])} UTC."
    ]
    if len(calls):
        low, middle, high = np.quantile(calls, (0.25, 0.5, 0.75))
        said.append(f"Half of the accounts sent between {low:,.0f} and {high:,.0f} calls; the median is {middle:,.0f}.")
    if links := row["links"]:
        said.append(f"They are linked by {joined([_LINKS.get(link, f'the same {link}') for link in links])}.")
    said += _pace(row["hourly_calls"] or [])
    said += parted(parts)
    if known := words.history(row):
        said.append(f"{known[0].upper()}{known[1:]}.")
    return said


def _pace(hourly: Sequence[int]) -> list[str]:
    if len(hourly) < 2:
        return []
    active, peak = sum(count > 0 for count in hourly), max(hourly)
    return [
        f"It was active in {active:,} of {formats.plural(len(hourly), 'hour')}, with at most "
        f"{formats.plural(peak, 'call')} in one."
    ]


def parted(parts: Sequence[Part]) -> list[str]:
    """Return what parts a finding has; nothing where it is of one piece."""
    if len(parts) < 2:
        return []
    told = "; ".join(f"part {named(part, number)}" for number, part in enumerate(parts))
    return [f"It has {_ORDINALS[len(parts) - 1]} parts: {told}."]


def named(part: Part, number: int) -> str:
    """Return a part of a finding in words, with the letter it has on the map."""
    letter, accounts = chr(ord("A") + number), formats.plural(part.accounts, "account")
    if part.by_map:
        return f"{letter}, {accounts} that lie apart on the map"
    if part.family is None:
        return f"{letter}, {accounts} without a main family in common"
    return f"{letter}, {accounts} with most calls in family {part.family}"


def sure(row: dict[str, Any]) -> list[str]:
    """Return how sure the finding is and which facts decide it."""
    said = [words.decision(row), words.assessment(row["assessment"])]
    if probability := words.probability(row):
        said.append(f"{probability[0].upper()}{probability[1:]}.")
    facts = row["facts"] or []
    for side, wanted in (("What speaks most for one actor", _FOR), ("What speaks for a crowd", _AGAINST)):
        crowd = wanted == _AGAINST
        known = [one for one in facts if one["value"] is not None]
        those = [one for one in known if (one["value"] <= wanted if crowd else one["value"] >= wanted)]
        if those:
            first = those[0] if crowd else max(those, key=lambda one: one["log_odds"] or 0.0)
            said.append(f"{side}: “{first['sentence']}”.")
    unknown = sum(one["value"] is None for one in facts)
    if unknown:
        counts = "counts" if unknown == 1 else "count"
        said.append(
            f"{unknown} of {formats.plural(len(facts), 'fact')} could not be measured and {counts} at an average."
        )
    return [sentence for sentence in said if sentence]


def honest(row: dict[str, Any]) -> str:
    """Return what an honest explanation would look like; empty where none is known."""
    return _HONEST.get(row["explanation"] or "", "")


def checks(row: dict[str, Any], parts: Sequence[Part]) -> list[str]:
    """Return what to look at next, most telling first."""
    said = [_CHECKS[link] for link in row["links"] or [] if link in _CHECKS]
    if len(parts) > 1:
        said.append("Judge its parts one by one: they may have different owners.")
    if row["assessment"] == "unclear":
        said.append("Score another day before acting: with more calls, facts that are not known today may be.")
    said.append(
        "Open some accounts: the oddest, the least odd, and the busiest. Is there ordinary use among their calls that "
        "an action would hit?"
    )
    if row["assessment"] == "campaign":
        said.append("Before acting, let a second person confirm it, and keep this file with the decision.")
    said.append("Then say what it is, with gauger decide: campaign, honest or unsure. The runs that follow go by it.")
    return said
