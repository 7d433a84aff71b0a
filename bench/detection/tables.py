"""The tables of ``docs/detection.md`` about scored days, as Markdown."""

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from bench.detection.metrics import padding_at_half, wilson
from bench.detection.rungs import ATTACKS, CALLS, CONTROLS, PADDINGS, SIZES, UNSEEN, WAYS, Outcome, rung
from bench.pages.markdown import percent, spread, table
from gauger.batch.evaluate import TrueCampaign

Outcomes = Sequence[Outcome]
Share = Callable[[TrueCampaign], float | None]

NAMES = {
    "alpaca": "alpaca (no template)",
    "t0": "t0 (many templates)",
    "tasks": "tasks (four small sets)",
    "rendered": "rendered (evol, metaprompt)",
}
_GOALS = {
    "alpaca": "99 / 98 / 70, aim 80",
    "t0": "99 / 97 / 50, aim 60",
    "tasks": "99 / 98 / 95, aim 99",
    "rendered": "100 / 100 / 99, aim 100",
}
_TRACES = {
    "disguised": "nothing, and volumes as unequal as honest ones",
    "settings": "one operator's model, limits and clients; young accounts",
    "machine": "an even beat",
    "shared": "20 addresses shared within the campaign",
    "": "Poisson calls round the clock, residential addresses that change every four calls, one operator's settings",
}
_WAYS = {
    "paraphrased": "alpaca in one template, worded anew for every call",
    "camouflaged": "alpaca, all calls in the frames of popular apps",
    "burnt": "alpaca, accounts used for two hours and thrown away",
    "gpteacher": "gpteacher (46 families)",
    "camel": "camel (a grid of roles in one sentence)",
}


def flagged(one: TrueCampaign) -> float | None:
    """Share flagged by the product, at its own alarm level."""
    return one.flagged


def exact(one: TrueCampaign) -> float | None:
    """Share above the evidence that 0.1 % of the honest exceed."""
    return one.recall_at_tenth_percent


def _campaigns(outcomes: Outcomes, name: str) -> list[TrueCampaign]:
    return [outcome.busy.campaigns[0] for outcome in outcomes if outcome.campaign == name]


def _cell(outcomes: Outcomes, name: str, share: Share) -> str:
    return spread([value for one in _campaigns(outcomes, name) if (value := share(one)) is not None])


def grid(outcomes: Outcomes, share: Share, traces: str) -> str:
    """Attacks by padding."""
    rows = []
    for attack in ATTACKS:
        cells = [_cell(outcomes, rung(attack, padding, traces), share) for padding in PADDINGS]
        rows.append([NAMES[attack], *cells, _GOALS[attack]])
    alone = CONTROLS[traces].name
    rows.append([f"*control: padding alone, {_cell(outcomes, alone, share)}*", *["-"] * len(PADDINGS), "-"])
    return table(["attack", "pure", "50 % padded", "80 % padded", "90 % padded", "wanted pure / 50 / 80"], rows)


def traces(outcomes: Outcomes, share: Share) -> str:
    """What is left to see of a campaign, by attack: pure, padded by 50 and by 80 %."""
    rows = []
    for trace, words in _TRACES.items():
        cells = [
            " / ".join(_cell(outcomes, rung(attack, padding, trace), share) for padding in PADDINGS[:-1])
            for attack in ATTACKS
        ]
        rows.append([words, *cells])
    return table(["what can be seen beside content", *ATTACKS], rows)


def sizes(outcomes: Outcomes, share: Share) -> str:
    """Number of accounts by attack."""
    columns = [(attack, padding) for attack in ("alpaca", "tasks") for padding in (0, 80)]
    rows = [
        [
            str(accounts),
            *(_cell(outcomes, rung(attack, padding, accounts=accounts), share) for attack, padding in columns),
        ]
        for accounts in SIZES
    ]
    return table(["accounts", *_padded(columns)], rows)


def volumes(outcomes: Outcomes, share: Share) -> str:
    """Calls of an account by attack."""
    columns = [(attack, padding) for attack in ("alpaca", "t0") for padding in (0, 80)]
    rows = [
        [str(calls), *(_cell(outcomes, rung(attack, padding, calls=calls), share) for attack, padding in columns)]
        for calls in CALLS
    ]
    return table(["calls an account", *_padded(columns)], rows)


def _padded(columns: Iterable[tuple[str, int]]) -> list[str]:
    return [f"{attack}, {f'{padding} % padded' if padding else 'pure'}" for attack, padding in columns]


def evasion(outcomes: Outcomes) -> str:
    """Ways to evade and sets never seen in tuning: flagged and exact, pure and padded."""
    rows = []
    for name in (*WAYS, *UNSEEN):
        pair = [rung("alpaca", padding, way=name) if name in WAYS else rung(name, padding) for padding in (0, 80)]
        accounts = [count(one.accounts for one in _campaigns(outcomes, day)) for day in pair]
        cells = [_cell(outcomes, day, share) for day in pair for share in (flagged, exact)]
        rows.append([_WAYS[name], " / ".join(accounts), *cells])
    head = ["campaign", "accounts, pure / 80 %", "pure, flagged %", "pure, exact %"]
    return table([*head, "80 % padded, flagged %", "80 % padded, exact %"], rows)


def details(outcomes: Outcomes) -> str:
    """One row a campaign: recall with its interval, findings, and the honest accounts beside it."""
    rows = []
    for name in dict.fromkeys(outcome.campaign for outcome in outcomes):
        runs = [outcome for outcome in outcomes if outcome.campaign == name]
        members = _campaigns(outcomes, name)
        findings = Counter(
            row["assessment"] for outcome in runs for row in outcome.everyone.found if row["majority"] == name
        )
        placed = sum(round(one.placed * one.accounts) for one in members)
        low, high = wilson(
            sum(round(one.flagged * one.accounts) for one in members), sum(one.accounts for one in members)
        )
        rows.append(
            [
                name,
                count(one.accounts for one in members),
                spread([one.flagged for one in members]),
                f"{percent(low)}-{percent(high)}",
                spread([one.recall_at_tenth_percent or 0.0 for one in members]),
                spread([one.recall_at_one_percent or 0.0 for one in members]),
                percent(placed / max(1, sum(one.accounts for one in members))),
                ", ".join(f"{number} {assessment}" for assessment, number in findings.most_common()) or "none",
                f"{_mean_or_dash(run.everyone.campaign_precision for run in runs)} / "
                f"{_mean_or_dash(run.everyone.campaign_recall for run in runs)}",
                spread([rate(run.busy.benign_flagged, run.busy.benign_accounts) for run in runs], 2),
                count(run.ceiling for run in runs),
            ]
        )
    head = ["campaign", "accounts", "flagged %", "95 % interval", "exact %", "at 1 % FP", "in a finding %", "findings"]
    return table([*head, "precision / recall over findings", "honest flagged %", "honest at the ceiling"], rows)


def _mean_or_dash(shares: Iterable[float | None]) -> str:
    known = [share for share in shares if share is not None]
    return percent(statistics.fmean(known), 0) if known else "-"


def costs(outcomes: Outcomes, trace: str) -> str:
    """How many calls an attacker must send for one useful one to stay below half of its accounts flagged."""
    rows = []
    for attack in ATTACKS:
        recalls = {}
        for padding in PADDINGS:
            shares = [one.flagged for one in _campaigns(outcomes, rung(attack, padding, trace))]
            if shares:
                recalls[padding / 100] = statistics.median(shares)
        rows.append([NAMES[attack], *cost(recalls)])
    return table(["attack", "padding at 50 % recall", "calls per useful call"], rows)


def cost(recalls: Mapping[float, float]) -> tuple[str, str]:
    """Padding at which recall is one half, and what that costs, as text."""
    if not recalls:
        return "-", "-"
    padding = padding_at_half(dict(recalls))
    if padding is None:
        most = max(recalls)
        return f"> {percent(most, 0)} %", f"> {1 / (1 - most):.1f}"
    return f"{percent(padding, 0)} %", f"{1 / (1 - padding):.1f}"


def clean_days(clean: Outcomes) -> str:
    """One row a seed: how many honest accounts a day without campaigns flags, and its findings."""
    rows = []
    for outcome in clean:
        findings = [f"{row['assessment']} ({row['accounts']} accounts)" for row in outcome.everyone.found]
        number, busy = outcome.busy.benign_flagged, outcome.busy.benign_accounts
        low, high = wilson(number, busy)
        rows.append(
            [
                str(outcome.seed),
                f"{outcome.everyone.benign_accounts:,}",
                f"{busy:,}",
                str(number),
                percent(rate(number, outcome.everyone.benign_accounts), 2),
                percent(rate(number, busy), 2),
                f"{percent(low, 2)}-{percent(high, 2)}",
                "; ".join(findings) or "none",
            ]
        )
    head = ["clean day, seed", "accounts", "with >= 5 calls", "flagged", "% of all", "% of those", "95 % interval"]
    return table([*head, "findings"], rows)


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
            f"{sums[1]} ({percent(rate(sums[1], sums[0]), 2)} %)",
            str(sums[2]),
            f"{percent(rate(sums[4], sums[3]), 2)} %",
            f"{percent(rate(sums[5], sums[3]), 2)} %",
        ]
        for kind, sums in totals.items()
    ]
    head = ["kind", "accounts with >= 5 calls", "flagged, clean", "accused, clean", "flagged, with campaigns"]
    return table([*head, "accused, with campaigns"], rows)


def planted(outcomes: Outcomes) -> str:
    """Days of many campaigns: one row a campaign."""
    campaigns = [one for outcome in outcomes for one in outcome.everyone.campaigns]
    rows = []
    for name in sorted({one.campaign for one in campaigns}):
        runs = [one for one in campaigns if one.campaign == name]
        rows.append(
            [
                name,
                count(one.accounts for one in runs),
                spread([one.flagged for one in runs]),
                spread([one.recall_at_tenth_percent or 0.0 for one in runs]),
                spread([one.placed for one in runs]),
            ]
        )
    return table(["campaign", "accounts", "flagged %", "exact %", "in a finding %"], rows)


def planted_days(outcomes: Outcomes) -> str:
    """Days of many campaigns: one row a seed."""
    rows = []
    for outcome in outcomes:
        seen, busy = outcome.everyone, outcome.busy
        assessed = Counter(row["assessment"] for row in seen.found)
        rows.append(
            [
                str(outcome.seed),
                ", ".join(f"{number} {assessment}" for assessment, number in assessed.most_common()) or "none",
                percent(seen.campaign_precision, 0),
                percent(seen.campaign_recall, 0),
                f"{busy.benign_flagged} of {busy.benign_accounts:,}",
                percent(rate(busy.benign_flagged, busy.benign_accounts), 2),
            ]
        )
    head = ["seed", "findings", "campaign precision %", "campaign recall %"]
    return table([*head, "honest accounts flagged, of those with >= 5 calls", "%"], rows)


def throughput(outcomes: Outcomes) -> str:
    """The speed of the runs."""
    speeds = sorted(outcome.speed["calls_per_second"] for outcome in outcomes)
    names = ("total", "ingest", "weigh", "write")
    seconds = [f"{statistics.median(outcome.speed[name] for outcome in outcomes):.1f}" for name in names]
    row = [f"{len(speeds)}", f"{statistics.median(speeds):,.0f} ({speeds[0]:,.0f}-{speeds[-1]:,.0f})", *seconds]
    return table(["runs of `gauger score`", "calls/s", "seconds", "ingest", "weigh", "write"], [row])


def rate(part: int, whole: int) -> float:
    """A share, nought of nothing."""
    return part / whole if whole else 0.0


def count(values: Iterable[int]) -> str:
    """One number, or the least and the greatest; a dash for none."""
    numbers = sorted(values)
    if not numbers:
        return "-"
    return f"{numbers[0]:,}" if numbers[0] == numbers[-1] else f"{numbers[0]:,}-{numbers[-1]:,}"
