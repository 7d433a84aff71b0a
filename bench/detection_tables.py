"""The tables of ``docs/detection.md``, as Markdown, from the outcomes of a run of ``bench.detection``."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from bench.detection_rungs import ATTACKS, PADDINGS, RUNGS, Outcome, rung
from bench.markdown import percent, spread, table
from gauger.evaluate import TrueCampaign

Outcomes = Sequence[Outcome]

_NAMES = {
    "alpaca": "alpaca (no template)",
    "t0": "t0 (many templates)",
    "tasks": "machine-written task requests",
    "evol": "evol (rendered rewriting prompts)",
    "metaprompt": "metaprompt (rendered, few-shot)",
}
_GOALS = {
    "alpaca": "99 / 98 / 80",
    "t0": "99 / 98 / 60",
    "tasks": "99 / 99 / 99",
    "evol": "100 / 100 / 100",
    "metaprompt": "100 / 100 / 100",
}


def _of(outcomes: Outcomes, name: str) -> list[tuple[Outcome, TrueCampaign]]:
    """The runs with this campaign alone, and how it fared in each."""
    return [(outcome, outcome.everyone.campaigns[0]) for outcome in outcomes if outcome.campaign == name]


def grid(alone: Outcomes, recall: Callable[[TrueCampaign], float | None]) -> str:
    """Attacks by padding: ``recall`` of the runs with one campaign."""
    rows = []
    for attack in ATTACKS:
        names = [*(rung(attack, padding) for padding in PADDINGS), rung(attack, 80, disguised=True)]
        cells = [spread([value for _, one in _of(alone, name) if (value := recall(one)) is not None]) for name in names]
        rows.append([_NAMES[attack], *cells, _GOALS[attack]])
    head = ["attack", "pure", "half padded", "80 % padded", "80 % padded, disguised", "goal pure / 50 / 80"]
    return table(head, rows)


def details(alone: Outcomes) -> str:
    """One row a campaign: recall, findings, and the honest accounts beside it."""
    rows = []
    for name in RUNGS:
        runs = _of(alone, name)
        if not runs:
            continue
        strict = [outcome.busy.campaigns[0].recall_at_tenth_percent for outcome, _ in runs]
        findings = Counter(
            found.assessment for outcome, _ in runs for found in outcome.everyone.found if found.majority == name
        )
        rows.append(
            [
                name,
                count(one.accounts for _, one in runs),
                spread([one.flagged for _, one in runs]),
                spread([one.recall_at_tenth_percent or 0.0 for _, one in runs]),
                spread([value or 0.0 for value in strict]),
                spread([one.placed for _, one in runs]),
                ", ".join(f"{count} {assessment}" for assessment, count in findings.most_common()) or "none",
                spread([_rate(outcome.busy.benign_flagged, outcome.busy.benign_accounts) for outcome, _ in runs], 2),
                count(outcome.ceiling for outcome, _ in runs),
            ]
        )
    head = ["campaign", "accounts", "flagged %", "exact %", "exact, weighed %", "in a finding %", "findings"]
    return table([*head, "honest flagged %", "honest at the ceiling"], rows)


def clean_days(clean: Outcomes) -> str:
    """One row a seed: how many honest accounts a day without campaigns flags, and its findings."""
    rows = []
    for outcome in clean:
        findings = [f"{found.assessment} ({found.accounts} accounts)" for found in outcome.everyone.found]
        flagged, everyone, busy = (
            outcome.busy.benign_flagged,
            outcome.everyone.benign_accounts,
            outcome.busy.benign_accounts,
        )
        rows.append(
            [
                str(outcome.seed),
                f"{everyone:,}",
                f"{busy:,}",
                str(flagged),
                percent(_rate(flagged, everyone), 2),
                percent(_rate(flagged, busy), 2),
                "; ".join(findings) or "none",
            ]
        )
    head = ["clean day, seed", "accounts", "with >= 5 calls", "flagged", "% of all", "% of those", "findings"]
    return table(head, rows)


def kinds(clean: Outcomes, attacked: Outcomes) -> str:
    """One row a kind of honest account, on clean days and beside campaigns."""
    totals: dict[str, list[int]] = {}
    for column, outcomes in ((0, clean), (3, attacked)):
        for one in (kind for outcome in outcomes for kind in outcome.busy.benign):
            sums = totals.setdefault(one.kind, [0] * 6)
            for at, value in enumerate((one.accounts, one.flagged, one.accused), column):
                sums[at] += value
    totals = dict(sorted(totals.items()))
    totals["all"] = [sum(column) for column in zip(*totals.values(), strict=True)]
    rows = [
        [
            kind,
            f"{sums[0]:,}",
            f"{sums[1]} ({percent(_rate(sums[1], sums[0]), 2)} %)",
            str(sums[2]),
            f"{percent(_rate(sums[4], sums[3]), 2)} %",
            f"{percent(_rate(sums[5], sums[3]), 2)} %",
        ]
        for kind, sums in totals.items()
    ]
    head = ["kind", "accounts with >= 5 calls", "flagged, clean", "accused, clean", "flagged, with campaigns"]
    return table([*head, "accused, with campaigns"], rows)


def together_days(together: Outcomes) -> str:
    """The days with all default campaigns: one row a campaign, one line a seed."""
    campaigns = [one for outcome in together for one in outcome.everyone.campaigns]
    rows = []
    for name in sorted({one.campaign for one in campaigns}):
        runs = [one for one in campaigns if one.campaign == name]
        exact = [one.recall_at_tenth_percent or 0.0 for one in runs]
        rows.append(
            [
                name,
                count(one.accounts for one in runs),
                spread([one.flagged for one in runs]),
                spread(exact),
                spread([one.placed for one in runs]),
                f"{round(statistics.median(one.calls_leaked for one in runs)):,}",
            ]
        )
    head = ["campaign", "accounts", "flagged %", "exact %", "in a finding %", "calls leaked"]
    lines = [table(head, rows), ""]
    for outcome in together:
        seen, busy = outcome.everyone, outcome.busy
        assessed = Counter(found.assessment for found in seen.found)
        findings = ", ".join(f"{count} {assessment}" for assessment, count in assessed.most_common()) or "no findings"
        rate = percent(_rate(busy.benign_flagged, busy.benign_accounts), 2)
        lines.append(
            f"- Seed {outcome.seed}: {findings}; campaign precision {percent(seen.campaign_precision, 0)} %, campaign "
            f"recall {percent(seen.campaign_recall, 0)} %; honest accounts flagged {busy.benign_flagged} of "
            f"{busy.benign_accounts:,} with at least five calls ({rate} %)."
        )
    return "\n".join(lines)


def throughput(outcomes: Outcomes) -> str:
    """One sentence on the speed of the runs."""
    manifests = [outcome.manifest for outcome in outcomes]
    speeds = sorted(manifest["calls_per_second"] for manifest in manifests)
    parts = {
        name: statistics.median(manifest["seconds"][name] for manifest in manifests)
        for name in ("ingest", "weigh", "write", "total")
    }
    return (
        f"{len(manifests)} runs of `gauger score`, whole: median {statistics.median(speeds):,.0f} calls/s "
        f"({speeds[0]:,.0f}-{speeds[-1]:,.0f}); median seconds {parts['total']:.1f} = ingest {parts['ingest']:.1f} + "
        f"weigh {parts['weigh']:.1f} + write {parts['write']:.1f}. "
        "`docs/performance.md` measures speed properly.\n"
    )


def _rate(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def count(values: Iterable[int]) -> str:
    """One number, or the least and the greatest."""
    numbers = sorted(values)
    return f"{numbers[0]:,}" if numbers[0] == numbers[-1] else f"{numbers[0]:,}-{numbers[-1]:,}"
