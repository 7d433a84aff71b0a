"""The run as a whole: headline figures, what was compared with what, and what could not be seen."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from gauger.results.run import Run
from gauger.text import formats, words

_REASONS_SHOWN = 25
_HONEST = ("new population", "evaluation run", "shared tool")


@dataclass(frozen=True)
class Headline:
    """One figure at the top of the page: the number as text, what it counts, and a qualification."""

    figure: str
    label: str
    note: str


@dataclass(frozen=True)
class StatisticRow:
    """A statistic's medians among flagged and other accounts; None where it is not available."""

    words: str
    flagged: float | None
    others: float | None
    available: float


def headlines(run: Run) -> list[Headline]:
    """Return the headline figures: calls, accounts, flagged, findings, quarantined rows."""
    manifest = run.manifest
    accounts = run.accounts.num_rows
    flagged = flagged_accounts(run)
    campaigns = _campaigns(run)
    findings = run.campaigns.num_rows
    quarantined = whole(manifest.get("quarantined"), run.quarantine.num_rows)
    rows = whole(manifest.get("rows"), 0)
    scored = whole(manifest.get("scored"), max(0, rows - quarantined))
    return [
        Headline(formats.count(scored), "calls scored", f"of {formats.plural(rows, 'row')} read"),
        Headline(formats.count(accounts), "accounts", ""),
        Headline(formats.count(flagged), "accounts flagged", _share_note(flagged, accounts)),
        Headline(
            formats.count(campaigns),
            "campaign" if campaigns == 1 else "campaigns",
            f"of {formats.plural(findings, 'finding')}",
        ),
        Headline(
            formats.count(quarantined),
            "rows quarantined",
            _share_note(quarantined, rows) if quarantined else "every row could be scored" if rows else "",
        ),
    ]


def flagged_accounts(run: Run) -> int:
    """Return the number of flagged accounts."""
    return int(pc.sum(run.accounts["flagged"]).as_py() or 0)


def verdict(run: Run) -> str:
    """Return the run's result in one sentence."""
    accounts, campaigns, unclear = run.accounts.num_rows, _campaigns(run), _campaigns(run, "unclear")
    pools = _campaigns(run, "relay pool")
    others = run.campaigns.num_rows - campaigns - unclear - pools
    doubts = [f"{formats.plural(unclear, 'group')} {'are' if unclear > 1 else 'is'} unclear"] if unclear else []
    doubts += [formats.plural(pools, "relay pool")] if pools else []
    if not accounts:
        return "There was nothing to score: the inputs held no usable call."
    if campaigns:
        sentence = f"{formats.plural(campaigns, 'group')} of accounts {'act' if campaigns > 1 else 'acts'} as one"
        if others:
            look = "looks new without acting as one" if others == 1 else "look new without acting as one"
            sentence += f"; {formats.plural(others, 'further group')} {look}"
        return f"{'; '.join([sentence, *doubts])}."
    if others or doubts:
        groups = [f"{formats.plural(others, 'group')} of accounts stood out for other reasons"] if others else []
        return f"No campaign was found. {'; '.join([*groups, *doubts])}."
    return "No campaign was found. No group of accounts stood out from the rest."


def comparison(run: Run) -> str:
    """Return in a sentence or two what the accounts were compared with."""
    reference = run.manifest.get("reference")
    if not isinstance(reference, dict):
        return (
            "There was no reference of earlier days, so only evidence that needs none was used: fan-out, "
            "synchrony and shared infrastructure. Score some clean days first, with the same --state, to use "
            "the rest."
        )
    days = [str(day) for day in reference.get("days") or []]
    accounts = formats.plural(whole(reference.get("accounts"), 0), "account")
    if not days:
        return f"Compared with a reference of {accounts}."
    span = days[0] if len(days) == 1 else f"{min(days)} to {max(days)}"
    sentence = f"Compared with a reference of {accounts} from {formats.plural(len(days), 'earlier day')} ({span})."
    left_out = whole(reference.get("left_out"), 0)
    more = f" {formats.plural(left_out, 'account')} of those days belong to a group of today's and were left out."
    return sentence + (more if left_out else "")


def chance(run: Run) -> str:
    """Return in a sentence how many honest accounts the alarm level lets through by chance."""
    level, accounts = run.alarm_level, run.accounts.num_rows
    odds = formats.tail_odds(level)
    by_chance = round(level * accounts)
    number = f"about {formats.plural(by_chance, 'honest account')}" if by_chance else "fewer than one honest account"
    sentence = f"The alarm is set at {odds}: by chance alone {number} of {accounts:,} would be flagged."
    rate = run.manifest.get("false_positive_rate")
    return sentence + (f" Honest accounts: {words.false_positives(rate)}." if isinstance(rate, dict) else "")


def missing_evidence(run: Run) -> list[str]:
    """Return the manifest's sentences on evidence that this run could not use."""
    given = run.manifest.get("missing_evidence")
    return [str(sentence) for sentence in given] if isinstance(given, list) else []


def happened(run: Run) -> str:
    """Return how much of the run is flagged and in findings, in one sentence."""
    accounts, flagged, findings = run.accounts.num_rows, flagged_accounts(run), run.campaigns.num_rows
    if not accounts:
        return "No account was scored."
    said = f"{flagged:,} of {formats.plural(accounts, 'account')} {'is' if flagged == 1 else 'are'} flagged"
    if not findings:
        return f"{said}; none of them act together."
    calls, scored = int(pc.sum(run.campaigns["calls"]).as_py() or 0), whole(run.manifest.get("scored"), 0)
    share = f" of {scored:,} ({formats.percent(calls / scored)})" if scored else ""
    return f"{said}. {formats.plural(findings, 'finding')} hold {calls:,} calls{share}."


def certainty(run: Run, rows: list[dict[str, Any]]) -> str:
    """Return how sure the strongest finding is and how good the line is that accounts are flagged at."""
    known = [row for row in rows if row["probability"] is not None]
    if not run.accounts.num_rows:
        return "There is nothing to be sure of."
    said = []
    if known:
        first = known[0]
        said.append(f"Finding {first['campaign_id']} is one hidden actor with probability {first['probability']:.2f}.")
    return " ".join([*said, chance(run)])


def advice(run: Run, rows: list[dict[str, Any]], loose: int) -> list[str]:
    """Return what to do now, first things first."""
    said = []
    campaigns = [row for row in rows if row["assessment"] == "campaign"]
    unclear = [row for row in rows if row["assessment"] in ("unclear", "relay pool")]
    if campaigns:
        first = campaigns[0]
        also = f", then the other {formats.plural(len(campaigns) - 1, 'campaign')}" if len(campaigns) > 1 else ""
        accounts = formats.plural(first["accounts"] or 0, "account")
        said.append(f"Read finding {first['campaign_id']} first ({accounts}){also}. Confirm before acting on accounts.")
    if unclear:
        said.append(
            f"{formats.plural(len(unclear), 'finding')} {'needs' if len(unclear) == 1 else 'need'} a person to decide."
        )
    if any(row["assessment"] in _HONEST for row in rows):
        said.append("The findings that look honest need a note at most: do nothing to their accounts.")
    if loose:
        said.append(f"{formats.plural(loose, 'flagged account')} in no finding: {_beside_chance(run, loose)}.")
    said += words.not_raised(run.manifest.get("decisions"))
    return said or ["Nothing has to be done. An account without a flag is not thereby cleared."]


def warnings(run: Run) -> list[str]:
    """Return what a reader has to know before all else: unreadable files, then the manifest's warnings."""
    files = run.manifest.get("inputs") or []
    failed = sum(isinstance(row, dict) and bool(row.get("error")) for row in files)
    unread = f"{failed:,} of {formats.plural(len(files), 'input file')} could not be read to the end"
    given, raised = run.manifest.get("warnings"), run.manifest.get("alarm_level_raised")
    first = [*([unread] if failed else []), *([str(raised)] if raised else [])]
    return [*first, *map(str, given if isinstance(given, list) else [])]


def inputs(run: Run) -> list[dict[str, Any]]:
    """Return the manifest's inputs, each with exactly the keys the page shows; what it lacks is None."""
    texts, numbers = ("path", "sha256", "error"), ("bytes", "rows", "scored", "quarantined")
    return [
        {key: str(row[key]) if row.get(key) else None for key in texts}
        | {key: row[key] if isinstance(row.get(key), int | float) else None for key in numbers}
        for row in run.manifest.get("inputs") or []
        if isinstance(row, dict)
    ]


def footer(run: Run) -> list[str]:
    """Return what identifies the run: version, key id and speed, as far as the manifest has them."""
    manifest = run.manifest
    parts = [f"gauger {manifest.get('gauger') or 'of unknown version'}"]
    if manifest.get("key_id"):
        parts.append(f"key {manifest['key_id']}")
    if isinstance(manifest.get("calls_per_second"), int | float):
        parts.append(f"{formats.count(manifest['calls_per_second'])} calls a second")
    return parts


def window(run: Run) -> str:
    """Return the span of time the run covers, or an empty string if the manifest does not say."""
    span = run.manifest.get("window")
    if not isinstance(span, dict) or not span.get("start"):
        return ""
    return f"{formats.moment(str(span['start']))} to {formats.moment(str(span.get('end') or 'now'))} UTC"


def quarantine_reasons(run: Run) -> tuple[list[dict[str, Any]], int]:
    """Return ``reason``, ``rows`` and ``files`` of the commonest reasons, and how many more there are."""
    grouped = run.quarantine.group_by("reason").aggregate([("row", "count"), ("file", "count_distinct")])
    grouped = grouped.sort_by([("row_count", "descending"), ("reason", "ascending")])
    grouped = grouped.rename_columns({"row_count": "rows", "file_count_distinct": "files"})
    return grouped.slice(0, _REASONS_SHOWN).to_pylist(), max(0, grouped.num_rows - _REASONS_SHOWN)


def statistics(run: Run) -> list[StatisticRow]:
    """Return every statistic's median among flagged and among other accounts, in the order of the file."""
    flagged = pc.fill_null(run.accounts["flagged"], False)
    rows = []
    for name in run.statistics:
        column = run.accounts[name]
        available = (len(column) - column.null_count) / len(column) if len(column) else 0.0
        rows.append(
            StatisticRow(
                words=words.statistic(name),
                flagged=_median(column.filter(flagged)),
                others=_median(column.filter(pc.invert(flagged))),
                available=available,
            )
        )
    return rows


def _beside_chance(run: Run, loose: int) -> str:
    by_chance = run.alarm_level * run.accounts.num_rows
    if loose <= by_chance:
        return "no more than chance gives, so leave them"
    if loose <= by_chance + 3 * by_chance**0.5 + 3:  # three standard deviations of a count, and some for small ones
        return "about as many as chance gives, so leave them"
    return "more than chance gives, so look at the oddest"


def _median(column: pa.ChunkedArray) -> float | None:
    median: float | None = pc.quantile(column, q=0.5)[0].as_py()
    return median


def _campaigns(run: Run, word: str = "campaign") -> int:
    return int(pc.sum(pc.equal(run.campaigns["assessment"], word)).as_py() or 0)


def _share_note(part: int, whole: int) -> str:
    return f"{formats.percent(part / whole)} of all" if whole else ""


def whole(given: Any, otherwise: int) -> int:
    """Return a number of the manifest as a whole one, ``otherwise`` where it is no number."""
    return int(given) if isinstance(given, int | float) else otherwise
