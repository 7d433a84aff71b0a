"""What a person reads first: a run in ten seconds."""

from typing import Any

from gauger.batch.score import Run
from gauger.text.formats import plural, value, visible
from gauger.text.words import false_positives, not_raised, sure

_FINDINGS_SHOWN = 10


def _findings(run: Run) -> list[str]:
    rows = run.result.campaigns.to_pylist()
    if not rows:
        return ["No findings."]
    lines = [
        "Findings",
        f"  {'#':>3}  {'assessed as':<15} {'sure':>5} {'accounts':>8} {'calls':>9} {'evidence':>8}  two best reasons",
    ]
    for row in rows[:_FINDINGS_SHOWN]:
        evidence = "n/a" if row["evidence"] is None else f"{row['evidence']:.0f}"
        lines.append(
            f"  {row['campaign_id']:>3}  {row['assessment']:<15} {sure(row['probability']):>5} {row['accounts']:>8,} "
            f"{row['calls']:>9,} {evidence:>8}  {'; '.join(_reasons(row))}"
        )
    if len(rows) > _FINDINGS_SHOWN:
        lines.append(f"       and {len(rows) - _FINDINGS_SHOWN} more in campaigns.parquet")
    return lines


def _reasons(row: dict[str, Any]) -> list[str]:
    """The template where there is one, then the signs of coordination, in short."""
    alike = "alike in content" if row["evidence"] is None else "alike in content, unlike the reference"
    words = [row["links"][1] if len(row["links"]) > 1 else alike]
    words += [sentence.split(":")[0].split(" (")[0] for sentence in row["present"]]
    return words[:2]


def _reference(manifest: dict[str, Any]) -> str:
    reference = manifest["reference"]
    if reference is None:
        return "Reference  none"
    left_out = reference.get("left_out", 0)
    trimmed = f"; {left_out:,} more left out, which belong to a group of today's" if left_out else ""
    return f"Reference  {reference['accounts']:,} accounts of {', '.join(reference['days'])}{trimmed}"


def summary(run: Run) -> str:
    """The run in words, for a terminal."""
    manifest = run.manifest
    seconds = manifest["seconds"]["total"]
    left_out = sum(manifest.get("left_out", {}).values())
    besides = f" + {left_out:,} left out" if left_out else ""
    lines = [
        f"Calls      {manifest['rows']:,} in = {manifest['scored']:,} scored{besides} + "
        f"{manifest['quarantined']:,} quarantined "
        f"({seconds:.1f} s, {manifest['calls_per_second']:,.0f} calls/s)",
        f"Accounts   {manifest['accounts']:,}, {manifest['flagged_accounts']:,} flagged at "
        f"{value(manifest['alarm_level'])}",
        _reference(manifest),
    ]
    if raised := manifest.get("alarm_level_raised"):
        lines.insert(0, f"Caution    {visible(raised)}")
    rate = manifest.get("false_positive_rate")
    if manifest["reference"] is not None and isinstance(rate, dict):
        lines.append(f"Honest     {visible(false_positives(rate))}")
    drift = manifest.get("drift")
    lines += [f"Drift      {visible(sentence)}" for sentence in (drift["unlike"] if drift else [])]
    lines += [f"Missing    {visible(sentence)}" for sentence in manifest["missing_evidence"]]
    if manifest.get("allow") is not None:
        allowed = len(manifest["allow"]["families"])
        lines.append(f"Allowed    {plural(allowed, 'family')} on the allow-list: no evidence, no reason of a finding")
    lines += [f"Decided    {sentence}" for sentence in not_raised(manifest.get("decisions"))]
    lines += ["", *_findings(run), "", f"Written to {visible(run.place or str(run.out))}"]
    if run.errors:
        lines.append(f"{plural(len(run.errors), 'file')} could not be read:")
    return "\n".join(lines)
