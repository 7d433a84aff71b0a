"""What the terms and statistics of a run mean, in plain words: one home for the report and ``explain``."""

from collections.abc import Mapping
from typing import Any

from gauger.engine.findings.signs import SIGNS
from gauger.engine.statistics import registry as statistics_registry
from gauger.text.formats import plural, visible

TERMS = {
    "call": "One request to the model and its response.",
    "account": "Who sent the call; accounts are what is scored.",
    "family": "Calls with the same prompt, nearly the same prompt, or prompts filled into the same template.",
    "campaign": "Accounts that act as one, found by joining evidence that is too weak in each account alone.",
    "finding": "Accounts worth a person's time together: a campaign, or something that merely resembles one.",
    "evidence": (
        "How odd something looks, as −log10 of a calibrated tail probability. Evidence 3 means that one "
        "honest account in a thousand looks this odd; each further point makes it ten times rarer."
    ),
    "reference": "Older accounts, believed clean, with which this run's accounts are compared.",
}

_HISTORY_SHOWN = 7  # days

STATISTICS = {
    "conformity": "it moves like those its oddest calls resemble: volume, timing, addresses, settings (evidence)",
    "known_elsewhere": "known from another provider: its oddest calls are like a finding handed over (evidence)",
    "union_similarity": "mean likeness of any two of its accounts in content",
    "dealt_in_turn": "how far what its accounts ask is apart, of what sets two accounts apart",
    # Of a finding's accounts together.
    "concealment": "share of its accounts that openly show one owner",
    **{kind.statistic: kind.title for kind in SIGNS if kind.title},
    # Of one account: every column of accounts.parquet.
    **{name: statistic.title for name, statistic in statistics_registry.STATISTICS.items()},
}

ASSESSMENTS = {
    "campaign": "Accounts that act as one: their content is new, and the facts speak for one hidden actor.",
    "unclear": "Its facts fit one hidden actor and an honest crowd: somebody has to look.",
    "new population": "Content is new, but its accounts ask as different people do: more likely a new group of users.",
    "evaluation run": "The pattern of a benchmark or test harness rather than of a harvest.",
    "shared tool": "One tool's prompts in unrelated hands rather than one actor.",
    "relay pool": "Few accounts that carry the calls of many people in turn: shared or resold, whatever is asked.",
}

_FOR, _AGAINST = 2 / 3, 1 / 3  # of a fact's length, from which it is said to speak for a side

FAMILY_KINDS = {
    "template": "template",
    "near_duplicate": "near-duplicate prompts",
    "exact": "exact repeats",
    "single": "single prompt",
}


def statistic(name: str) -> str:
    """Return a statistic in plain words; one without a sentence here is shown by its name, spaced."""
    return STATISTICS.get(name) or visible(name.replace("_", " ").strip())


def assessment(name: str | None) -> str:
    """Return the sentence behind an assessment, or an empty string for an unknown one."""
    return ASSESSMENTS.get(name or "", "")


def decision(row: Mapping[str, Any]) -> str:
    """What a person decided of a finding, in a sentence; empty where nobody did."""
    decided = row.get("decision")
    meanings = {"campaign": "it is a campaign", "honest": "it is honest", "unsure": "it is not clear what it is"}
    if decided not in meanings:
        return ""
    more = " Most of its accounts have joined since, so it is raised again." if decided == "honest" else ""
    return f"A person decided on {row['decided_on']} that {meanings[decided]}.{more}"


def not_raised(decisions: Mapping[str, Any] | None) -> list[str]:
    """What came of decisions in a run, in sentences; none where nobody decided anything that counts today."""
    if decisions is None:
        return []
    said = []
    if honest := decisions["not_raised"]:
        told = ", ".join(f"{one['campaign_id']} ({plural(one['accounts'], 'account')})" for one in honest)
        said.append(f"Not raised, as somebody decided that it is honest: finding {told}.")
    if confirmed := decisions["confirmed_accounts"]:
        is_of = "is of a campaign" if confirmed == 1 else "are of campaigns"
        said.append(f"{plural(confirmed, 'account')} {is_of} that somebody confirmed.")
    return said


def sure(probability: float | None) -> str:
    """The probability of one hidden actor in two digits, for a table."""
    return "n/a" if probability is None else f"{probability:.2f}"


def probability(row: Mapping[str, Any]) -> str:
    """How sure a finding is, and what it would be if it were honest; empty where nothing is known of it."""
    if not isinstance(known := row.get("probability"), float) or known != known:
        return ""
    sentence = f"probability {known:.2f} that one hidden actor is behind it"
    if (honest := row.get("explanation")) and honest != row.get("assessment"):
        sentence += f"; if honest, most like: {visible(honest)}"
    return sentence


def fact(row: Mapping[str, Any]) -> str:
    """A fact of a finding, with which way it speaks."""
    value = row.get("value")
    if value is None:
        side = "not known"
    else:
        side = "for one actor" if value >= _FOR else "for a crowd" if value <= _AGAINST else "for neither"
    return f"{visible(row.get('sentence') or '')}: {side}"


def family_kind(name: str | None) -> str:
    """Return a family kind in plain words."""
    return FAMILY_KINDS.get(name or "") or visible((name or "unknown kind").replace("_", " "))


def false_positives(rate: Mapping[str, Any]) -> str:
    """The manifest's measured false-positive rate in words; what a damaged manifest lacks is left out."""
    accounts, flagged, days = rate.get("accounts"), rate.get("flagged"), rate.get("held_out")
    shares = [rate.get(name) for name in ("measured", "low", "high")]
    if isinstance(accounts, int) and isinstance(flagged, int) and all(isinstance(share, float) for share in shares):
        measured, low, high = (f"{100 * float(share or 0.0):.2f}" for share in shares)
        number = len(days) if isinstance(days, list) else 0
        return (
            f"{measured} % flagged ({low} to {high} % with 95 % confidence): {flagged:,} of {accounts:,} accounts of "
            f"{plural(number, 'clean day')} held out"
        )
    return f"share flagged not measured: {rate.get('reason') or 'not said why'}"


def history(row: Mapping[str, Any]) -> str:
    """How long a finding has been known and how it grew; an empty string for one of its first day."""
    entries = row.get("history") or []
    if len(entries) < 2:
        return ""
    shown = entries[-_HISTORY_SHOWN:]
    days = "; ".join(
        f"{one['day']}: {plural(one['accounts'], 'account')}, {plural(one['calls'], 'call')}" for one in shown
    )
    earlier = "... " if len(entries) > len(shown) else ""
    returning = plural(row.get("returning_accounts") or 0, "account")
    first = f"first seen on {row.get('first_seen_on')}, found on {plural(len(entries), 'day')}"
    return f"{first}, {returning} of an earlier day among today's. {earlier}{days}"
