"""Why an account, a campaign or a family stands out: plain text for a terminal."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from gauger.engine.common.errors import GaugerError
from gauger.report import findings
from gauger.results.run import Run, read_run
from gauger.text import families, formats, nearest, words

_SHOWN = 8  # rows of any list: what is said fits a screen
_TEMPLATE_LONGEST = 200


def explain(out: Path, *, account: str | None = None, campaign: int | None = None, family: int | None = None) -> str:
    """Return in plain text what ``score`` found about one account, campaign or family of ``out``.

    Exactly one of ``account``, ``campaign`` and ``family`` is given. Control characters are written out, so
    that the text is safe on a terminal.

    Raises:
        GaugerError: not exactly one is given, ``out`` holds no finished run, or the id is unknown; the
            message then names the nearest ones.
    """
    if sum(given is not None for given in (account, campaign, family)) != 1:
        raise GaugerError("explain one thing at a time: give an account, a campaign or a family")
    run = read_run(Path(out))
    if account is not None:
        lines = _account(run, account)
    elif campaign is not None:
        lines = _campaign(run, campaign)
    else:
        assert family is not None
        lines = _family(run, family)
    return "\n".join(lines) + "\n"


def _account(run: Run, account_id: str) -> list[str]:
    found = run.accounts.filter(pc.field("account_id") == account_id)
    if not found.num_rows:
        raise GaugerError(nearest.unknown_account(run.accounts["account_id"], account_id))
    row = found.slice(0, 1).to_pylist()[0]
    lines = [f"Account {formats.shorten(account_id)}", *_score(run, row)]
    if row["evidence"] is not None and row["flagged"] is not None:
        line = formats.evidence(-float(np.log10(run.alarm_level)))
        lines.append(f"  {'above' if row['flagged'] else 'below'} the alarm line of {line}")
    lines += _section("Why it stands out", _reasons(run, row["reasons"]))
    lines += _section("What links it", _membership(run, row["campaign_id"]))
    lines += _section("Nearest accounts of the same campaign", _neighbours(run, row))
    lines += _section("Families of its calls", _families_of(run, account_id))
    lacking = [f"not available: {words.statistic(name)}" for name in run.statistics if row[name] is None]
    return lines + _section("What is lacking", lacking + _no_reference(run))


def _campaign(run: Run, campaign_id: int) -> list[str]:
    found = run.campaigns.filter(pc.field("campaign_id") == campaign_id).to_pylist()
    if not found:
        raise GaugerError(nearest.unknown_number(run.campaigns["campaign_id"], campaign_id, "campaign"))
    finding = findings.detail(run, found)[0]
    row = finding["row"]
    lines = [f"Finding {campaign_id}: {row['assessment'] or 'not assessed'}"]
    if sentence := words.assessment(row["assessment"]):
        lines.append(f"  {sentence}")
    if sentence := words.probability(row):
        lines.append(f"  {sentence}")
    lines += [f"  {formats.plural(row['accounts'], 'account')}", *_score(run, row)]
    lines += [f"  {told}"] if (told := words.decision(row)) else []
    lines.append(f"  from {formats.when(row['started_at'])} to {formats.when(row['ended_at'])} UTC")
    if known := words.history(row):
        lines.append(f"  {known}")
    lines += _section("What links its accounts", row["links"] or [])
    lines += _section("Why it stands out", _reasons(run, row["reasons"]))
    lines += _section("For and against one actor", [words.fact(fact) for fact in row["facts"] or []])
    lines += _section("Signs of coordination", row["present"] or [])
    lines += _section("What is lacking", [*(row["lacking"] or []), *_no_reference(run)])
    used = [_family_line(family) for family in finding["families"]]
    if row["allowed_share"]:
        used.append(f"{formats.percent(row['allowed_share'])} of its calls are in allowed families")
    lines += _section("Families", used, finding["more_families"])
    members = [
        f"{formats.shorten(member['account_id'])}: evidence {formats.evidence(member['evidence'])}, "
        f"{formats.plural(member['calls'], 'call')}"
        for member in finding["accounts"][:_SHOWN]
    ]
    return lines + _section("Accounts, oddest first", members, row["accounts"] - len(members))


def _variants(run: Run, row: dict[str, Any]) -> list[str]:
    """A sentence on the other variants of a family's frame, if there are any."""
    if row["frame_group"] is None:
        return []
    group = run.families.filter(pc.field("frame_group") == row["frame_group"])
    others = [str(number) for number in group["family_id"].to_pylist() if number != row["family_id"]]
    shown = ", ".join(others[:_SHOWN]) + (" ..." if len(others) > _SHOWN else "")
    return [f"a variant of the frame of {'family' if len(others) == 1 else 'families'} {shown}"]


def _family(run: Run, family_id: int) -> list[str]:
    found = run.families.filter(pc.field("family_id") == family_id).to_pylist()
    if not found:
        raise GaugerError(nearest.unknown_number(run.families["family_id"], family_id, "family"))
    row = found[0]
    prompts = formats.plural(row["distinct_prompts"], "different prompt")
    spread = f"{formats.plural(row['accounts'], 'account')}, {prompts}"
    if row["client_addresses"] is not None:
        spread += f", {formats.plural(row['client_addresses'], 'client address')}"
    lines = [f"Family {family_id}: {words.family_kind(row['kind'])}", f"  {spread}", *_score(run, row)]
    lines.append(f"  from {formats.when(row['first_seen'])} to {formats.when(row['last_seen'])} UTC")
    lines += _section("What it says", [*families.sentences(row), *_variants(run, row)])
    template = [formats.shorten(row["template"], 4 * _TEMPLATE_LONGEST)] if row["template"] else []
    lines += _section("Template", template, nothing="masked: fewer than 20 owners share its words")
    users = [
        f"{_finding_name(found)}, {formats.plural(found['accounts'], 'account')}"
        for found in findings.ranked(run)
        if family_id in (found["families"] or [])
    ]
    lines += _section("Findings that use it", users[:_SHOWN], len(users) - _SHOWN)
    callers = _counted(run, "account_id", pc.field("family_id") == family_id)
    shown = [f"{formats.shorten(caller)}: {formats.plural(calls, 'call')}" for caller, calls in callers[:_SHOWN]]
    lines += _section("Accounts that use it most", shown, len(callers) - _SHOWN)
    note = "A family is no accusation: popular tools, vendors' applications and benchmarks are families too."
    return [*lines, "", note]


def _score(run: Run, row: dict[str, Any]) -> list[str]:
    """The calls and the evidence of an account, a campaign or a family."""
    calls = f"  {formats.plural(row['calls'], 'call')}"
    if row["evidence"] is None:
        return [calls, f"  evidence {'not counted' if row.get('allowed') else 'not available'}"]
    odds = _odds(run, formats.evidence_odds(row["evidence"]))
    return [calls, f"  evidence {formats.evidence(row['evidence'])}: {odds}"]


def _odds(run: Run, odds: str) -> str:
    """Odds with whom they are about, where they are odds and there is somebody."""
    return f"{odds} reference accounts" if run.has_reference and odds.startswith("1 in") else odds


def _reasons(run: Run, reasons: list[dict[str, Any]] | None) -> list[str]:
    return [
        f"{words.statistic(reason['statistic'])}: {formats.value(reason['value'])} "
        f"({_odds(run, formats.tail_odds(reason['tail_probability']))})"
        for reason in reasons or []
    ]


def _membership(run: Run, campaign_id: int | None) -> list[str]:
    if campaign_id is None:
        return ["nothing: it belongs to no finding"]
    rows = run.campaigns.filter(pc.field("campaign_id") == campaign_id).to_pylist()
    lines = []
    for row in rows:
        lines.append(
            f"{_finding_name(row)}: {formats.plural(row['accounts'], 'account')}, "
            f"evidence {formats.evidence(row['evidence'])}"
        )
        if row["links"]:
            lines.append(f"joined by {', '.join(row['links'])}")
        lines += row["present"] or []
    return lines


def _finding_name(row: dict[str, Any]) -> str:
    return f"finding {row['campaign_id']} ({row['assessment'] or 'not assessed'})"


def _neighbours(run: Run, row: dict[str, Any]) -> list[str]:
    """Accounts of the same campaign, nearest on the neighbourhood map first."""
    if row["campaign_id"] is None or row["map_x"] is None or row["map_y"] is None:
        return []
    columns = ["account_id", "evidence", "map_x", "map_y"]
    peers = run.accounts.filter(
        (pc.field("campaign_id") == row["campaign_id"]) & (pc.field("account_id") != row["account_id"])
    ).select(columns)
    x, y = (np.asarray(pc.fill_null(peers[axis], np.inf), np.float64) for axis in ("map_x", "map_y"))
    order = np.argsort(np.hypot(x - row["map_x"], y - row["map_y"]), kind="stable")[:_SHOWN]
    return [
        f"{formats.shorten(peer['account_id'])}: evidence {formats.evidence(peer['evidence'])}"
        for peer in peers.take(pa.array(order)).to_pylist()
    ]


def _families_of(run: Run, account_id: str) -> list[str]:
    counts = _counted(run, "family_id", (pc.field("account_id") == account_id) & pc.field("family_id").is_valid())
    ids = pa.array([family_id for family_id, _ in counts[:_SHOWN]], pa.int64())
    rows = run.families.filter(pc.is_in(run.families["family_id"], ids)).to_pylist()
    known = {row["family_id"]: row for row in rows}
    lines = [
        f"{formats.plural(calls, 'call')} in {_family_line(known[family_id])}"
        for family_id, calls in counts[:_SHOWN]
        if family_id in known
    ]
    return lines + _rest(len(counts) - _SHOWN)


def _family_line(family: dict[str, Any]) -> str:
    allowed = "allowed " if family["allowed"] else ""
    line = (
        f"family {family['family_id']} ({allowed}{words.family_kind(family['kind'])}; "
        f"{formats.plural(family['accounts'], 'account')}, {formats.plural(family['calls'], 'call')})"
    )
    return f"{line}: {formats.shorten(family['template'], _TEMPLATE_LONGEST)}" if family["template"] else line


def _counted(run: Run, column: str, where: pc.Expression) -> list[tuple[Any, int]]:
    """Values of a column of the per-call tables with their numbers of calls, commonest first."""
    if not run.call_files:
        return []
    try:
        table = ds.dataset(run.call_files, format="parquet").to_table(columns=[column], filter=where)
    except (OSError, pa.ArrowException) as error:
        raise GaugerError(f"{run.folder / 'calls'} cannot be read ({type(error).__name__}): score again") from None
    counted = table.group_by(column).aggregate([(column, "count")])
    counted = counted.sort_by([(f"{column}_count", "descending"), (column, "ascending")])
    return list(zip(counted[column].to_pylist(), counted[f"{column}_count"].to_pylist(), strict=True))


def _no_reference(run: Run) -> list[str]:
    sentences = [str(sentence) for sentence in run.manifest.get("missing_evidence") or []]
    if not run.has_reference:
        sentences.append("There was no reference of earlier days to compare with.")
    return sentences


def _section(heading: str, items: Iterable[str], more: int = 0, nothing: str = "") -> list[str]:
    listed = [f"  - {formats.visible(item)}" for item in [*items, *_rest(more)]]
    if not listed and not nothing:
        return []
    return ["", heading, *(listed or [f"  - {nothing}"])]


def _rest(more: int) -> list[str]:
    return [f"and {more:,} more"] if more > 0 else []
