"""The page ``docs/detection.md``: a hand-written frame around the tables of what ``bench.detection`` measured."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence

from bench.detection import sections, tables
from bench.detection.log import Row, latest, unpacked
from bench.detection.metrics import RATES
from bench.detection.parts import PARTS
from bench.detection.prose import BASELINES, COHORTS, DETAILS, FINDINGS, HEAD, LIMITS, METHOD, RECALL, REPRODUCE, TRACES
from bench.detection.rungs import ALL, CLEAN, TOGETHER, Outcome
from bench.pages.markdown import percent, table
from bench.world.corpora import SOURCES

Rows = Sequence[Row]


def line(row: Row) -> str:
    """One measured day in one line, for the terminal."""
    start = f"{row['part']}, seed {row['seed']}, {row['name']}:"
    if "baselines" in row:
        shares = {name: percent(at[str(RATES[0])]["recall"], 0) for name, at in row["baselines"].items()}
        return f"{start} recall at 0.1 % " + ", ".join(f"{name} {share}" for name, share in shares.items())
    if "stream" in row:
        return f"{start} " + ", ".join(f"{percent(cut['flagged'], 0)} % by {cut['hour']} h" for cut in row["stream"])
    outcome = unpacked(row)
    cohort = row.get("cohort")
    found = ", ".join(f"{one.campaign} {percent(one.flagged)} % flagged" for one in outcome.everyone.campaigns)
    if cohort:
        found = f"{cohort['flagged']} of {cohort['accounts']} of the cohort flagged, {cohort['assessed']}"
    return (
        f"{start} {found or 'no campaign'}; honest {outcome.busy.benign_flagged} of "
        f"{outcome.busy.benign_accounts:,} weighed flagged; {outcome.speed['total']:.0f} s"
    )


def page(rows: Rows) -> str:
    """The whole page of all rows ever measured: of each day the newest."""
    of = {part: latest(rows, part) for part in PARTS}
    chapters: list[tuple[str, Callable[[Rows], list[str]]]] = [
        ("recall", _recall),
        ("traces", _traces),
        ("size", _sizes),
        ("calls", _volumes),
        ("evasion", _evasion),
        ("benign", _honest),
        ("findings", _findings),
        ("baselines", _baselines),
        ("stream", _streams),
    ]
    parts = [HEAD, _method(of), _runs(of)]
    for part, chapter in chapters:
        if of[part]:
            parts += [*chapter(of[part]), ""]
    scored = [unpacked(row) for part in of.values() for row in part if "outcome" in row]
    ladder = list({(one.seed, one.campaign): one for one in scored if one.campaign in ALL}.values())
    if ladder:
        parts += ["## Each campaign in detail\n", tables.details(ladder), DETAILS]
    if scored:
        parts += ["## Throughput of these runs\n", tables.throughput(scored)]
    return "\n".join([*parts, LIMITS, _reproduce(of)])


def _method(of: dict[str, list[Row]]) -> str:
    sets = sorted(name for names in SOURCES.values() for name in names)
    attack = sorted({name for planted in ALL.values() for name in planted.corpora})
    return METHOD.format(benign=_listed(sets), attack=_listed(attack))


def _runs(of: dict[str, list[Row]]) -> str:
    """What each part was measured on: days of how many calls, seeds, honest accounts, commits."""
    lines = []
    for part, rows in of.items():
        scored = [unpacked(row) for row in rows if "outcome" in row]
        busy = sections.benign_behind(rows) if part == "baselines" and rows else None
        lines.append(
            [
                f"`{part}`",
                f"{rows[0]['calls']:,}" if rows else "not measured",
                ", ".join(map(str, sorted({row["seed"] for row in rows}))) or "-",
                str(len(rows)),
                busy or tables.count(outcome.busy.benign_accounts for outcome in scored),
                ", ".join(dict.fromkeys(f"`{row['commit']}`" for row in rows)) or "-",
            ]
        )
    head = ["part", "honest calls a day", "seeds", "days scored", "honest accounts weighed", "commit"]
    return table(head, lines) + "\n"


def _listed(names: Iterable[str]) -> str:
    """Names as code, wrapped to the page and indented as a list's continuation."""
    text = ", ".join(f"`{name}`" for name in names)
    return textwrap.fill(text, 119, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)


def _recall(rows: Rows) -> list[str]:
    outcomes = [unpacked(row) for row in rows]
    return [
        "## Recall by content alone, one campaign at a time\n",
        RECALL,
        *_grids(outcomes, "content"),
        "### What hiding costs\n",
        "The padding at which half of a campaign's accounts would be flagged, between the measured ones by straight "
        "lines,\nand the calls sent for one useful call: what evasion multiplies the price of answers by.\n",
        tables.costs(outcomes, "content"),
    ]


def _grids(outcomes: Sequence[Outcome], traces: str) -> list[str]:
    return [
        "At the product's alarm level, percent of the campaign's accounts:\n",
        tables.grid(outcomes, tables.flagged, traces),
        "\nExact, above the evidence that 0.1 % of the honest accounts exceed:\n",
        tables.grid(outcomes, tables.exact, traces) + "\n",
    ]


def _traces(rows: Rows) -> list[str]:
    outcomes = [unpacked(row) for row in rows]
    return [
        "## Traces beside content\n",
        TRACES,
        tables.traces(outcomes, tables.flagged),
        "\n**Poisson calls round the clock from residential addresses, one operator's settings**, as the other parts "
        "have them.\n",
        *_grids(outcomes, ""),
        tables.costs(outcomes, ""),
    ]


def _sizes(rows: Rows) -> list[str]:
    outcomes = [unpacked(row) for row in rows]
    head = ["## Size of the campaign\n", "Percent of accounts flagged, 26 calls each:\n"]
    return [*head, tables.sizes(outcomes, tables.flagged)]


def _volumes(rows: Rows) -> list[str]:
    outcomes = [unpacked(row) for row in rows]
    head = ["## Calls of an account\n", "Percent of accounts flagged, 500 accounts:\n"]
    return [*head, tables.volumes(outcomes, tables.flagged)]


def _evasion(rows: Rows) -> list[str]:
    return ["## Evasion, and sets never tuned on\n", tables.evasion([unpacked(row) for row in rows])]


def _honest(rows: Rows) -> list[str]:
    outcomes = {name: [unpacked(row) for row in rows if row["name"] == name] for name in (CLEAN, TOGETHER)}
    parts = ["## Honest accounts\n"]
    if outcomes[CLEAN]:
        parts += [
            tables.clean_days(outcomes[CLEAN]),
            "\nBy kind, all seeds together; *with campaigns*: beside all default campaigns. *Accused*: in a finding "
            "assessed as a campaign.\n",
            tables.kinds(outcomes[CLEAN], outcomes[TOGETHER]),
        ]
    new = [row for row in rows if "cohort" in row]
    if new:
        parts += ["\n## Honest cohorts that are new on the day\n", COHORTS, sections.cohorts(new)]
    if outcomes[TOGETHER]:
        parts += ["\n## All default campaigns on one day\n", tables.together_days(outcomes[TOGETHER])]
    return parts


def _findings(rows: Rows) -> list[str]:
    outcomes = [unpacked(row) for row in rows]
    return ["## Eight campaigns on one day\n", FINDINGS, tables.together_days(outcomes)]


def _baselines(rows: Rows) -> list[str]:
    parts = ["## Beside other methods\n", BASELINES.format(benign=sections.benign_behind(rows))]
    for rate in RATES:
        parts += [f"Recall at {percent(rate)} % false positives, percent:\n", sections.baselines(rows, rate) + "\n"]
    return parts


def _streams(rows: Rows) -> list[str]:
    text = (
        "The day is cut at these hours and each cut is scored like a day of its own, until half of the campaign's "
        "accounts are flagged.\n*Calls leaked*: the campaign's calls served before that hour.\n"
    )
    return ["## Calls leaked before detection\n", text, sections.streams(rows)]


def _reproduce(of: dict[str, list[Row]]) -> str:
    commands = []
    for part, rows in of.items():
        if rows:
            seeds = " ".join(map(str, sorted({row["seed"] for row in rows})))
            commands.append(f"python -m bench.detection --parts {part} --calls {rows[0]['calls']} --seeds {seeds}")
    commands.append("python -m bench.detection --page-only --write docs/detection.md")
    return REPRODUCE.format(commands="\n".join(commands))
