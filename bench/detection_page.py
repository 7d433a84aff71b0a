"""The page ``docs/detection.md``: a hand-written frame around the tables of a run of ``bench.detection``."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from bench import detection_tables as tables
from bench.detection_rungs import CLEAN, RUNGS, TOGETHER, Outcome
from bench.markdown import percent
from bench.real_corpora import SOURCES

Outcomes = Sequence[Outcome]

_HEAD = """\
# Detection on real text

Written by `python -m bench.detection`; edit the script, not the page.

**Every day here is a synthetic join.** No public log has text, time, account and address together, so real prompts,
real client rates and planted campaigns were put together by a generator (`bench/README.md`). A figure on this page
is a figure about that join.
"""

_METHOD = """\
## What was measured

For each seed: three clean reference days, scored into a state in order of date; then, seven days after the last of
them, one honest day, scored with a copy of that state alone, with one campaign at a time, and with the
{default} default campaigns together. A campaign's calls are a second log beside the honest day's, so the honest part is
identical in all runs of a seed. It is `gauger score` with its own settings; nothing was tuned for the runs.

- **Honest traffic**: {calls:,} calls a day by {accounts} accounts, {busy} of them with at least five calls. Fewer calls
  carry no content evidence: such accounts cannot be flagged, and rates are given with and without them. Volumes,
  burstiness and output lengths are those of the ServeGen traces. Prompts are from
{benign}.
- **Campaigns**: 500 accounts (fewer where the set of prompts is too small: see the table) of 26 calls, each attack
  prompt used once. Padding is honest prompts of all kinds. Calls come as a Poisson process round the clock, from
  residential addresses that change every four calls, by accounts at most thirty days old: figures are for content *and*
  these traces together. *Disguised* campaigns keep people's hours and pace and one address an account, so that little
  but the content is left (volumes are still equal). Prompts are from
{attack}.
- **Recall at 0.1 % false positives** is given two ways: at the product's own **alarm level** of 0.001, which is
  calibrated on the reference and knows no truth; and **exact**, above the evidence that 0.1 % of the day's honest
  accounts exceed, which needs the truth. Both count every account of the campaign.
- **Seeds** {seeds}: medians, with the least and the greatest over seeds in brackets. The settings were chosen on days
  of other seeds (1, 2, 3, 11, 12), of this generator and these corpora.
"""

_DETAILS = """
*Exact, weighed*: the 0.1 % are of the honest accounts with at least five calls only, a stricter threshold. *Honest
flagged*: of the same accounts, at the alarm level, with that campaign present. *Findings*: those in which most accounts
are the campaign's, by what they were assessed as, over all seeds. *Honest at the ceiling*: how many honest accounts
have the greatest evidence there is. Evidence is a rank among the reference's accounts and cannot exceed the logarithm
of their number: where more than 0.1 % of the honest stand at that ceiling, no threshold keeps them out and *exact* is
0, however many of the campaign are flagged.
"""

_REPRODUCE = """\
## To reproduce

```
python -m bench.detection --calls {calls} --seeds {seeds}{campaigns} --write docs/detection.md
```

It needs the shared corpora (`$GAUGER_CORPORA`, else `../shared/corpora`). Days that are built and scored stay under
`build/detection` and are used again while the code is the same. Keys follow from the seed, so the same code gives the
same figures.
"""

_LIMITS = """\
## What these figures do not show

- **One honest generator.** Reference and day come from one distribution: no drift, no new product, no holiday. Real
  drift will be worse, for false positives above all.
- **One pool of prompts.** Any honest account may send any honest prompt on any day, while attack prompts are new. Two
  controls on the prototype of the content evidence (neighbour share, k = 50; one seed each) say what that does. 500
  honest newcomers whose prompts nobody else ever sends, each once, were flagged at 0.0 %: new text alone is not what
  gives a campaign away. But when day and reference are drawn from *disjoint* halves of the prompts, 9.6 % of the honest
  were flagged (70 % of the people) at a nominal 0.1 %, because today's accounts then share sentences only with each
  other. Where many accounts suddenly send the same new sentences, expect alarms whoever they are.
- **Large, simple campaigns.** 500 accounts with equal volumes beside a few thousand honest accounts. What counts is the
  number of accounts: small campaigns, camouflage and a poisoned reference are not on this page.
- **Few evaluation runs** (about fifteen accounts a day): read their false positives as a count.
- A batch run detects at the end of its window: every call of that day had been served.
"""


def line(outcome: Outcome) -> str:
    """One scored day in one line, for the terminal."""
    found = ", ".join(f"{one.campaign} {percent(one.flagged)} % flagged" for one in outcome.everyone.campaigns)
    return (
        f"seed {outcome.seed}, {outcome.campaign}: {found or 'no campaign'}; honest {outcome.busy.benign_flagged} of "
        f"{outcome.busy.benign_accounts:,} weighed flagged; {outcome.manifest['seconds']['total']:.0f} s"
    )


def page(outcomes: Outcomes, *, calls: int) -> str:
    """The whole page for the outcomes of all seeds; ``calls`` are the honest calls of a day."""
    alone = [outcome for outcome in outcomes if outcome.campaign in RUNGS]
    clean = [outcome for outcome in outcomes if outcome.campaign == CLEAN]
    together = [outcome for outcome in outcomes if outcome.campaign == TOGETHER]
    parts = [
        _HEAD,
        _method(clean, together, calls),
        "## Recall, one campaign at a time\n",
        "At the product's alarm level, percent of the campaign's accounts:\n",
        tables.grid(alone, lambda one: one.flagged),
        "\nExact, above the evidence that 0.1 % of the day's honest accounts exceed:\n",
        tables.grid(alone, lambda one: one.recall_at_tenth_percent),
        "\n## Each campaign in detail\n",
        tables.details(alone),
        _DETAILS,
        "## Honest accounts\n",
        tables.clean_days(clean),
        "\nBy kind, all seeds together; *with campaigns* takes every run with campaigns in it:\n",
        tables.kinds(clean, [*alone, *together]),
        "\n*Accused*: in a finding assessed as a campaign.\n",
        "## All default campaigns on one day\n",
        tables.together_days(together),
        "\n## Throughput of these runs\n",
        tables.throughput(outcomes),
        _LIMITS,
        _reproduce(outcomes, calls),
    ]
    return "\n".join(parts)


def _method(clean: Outcomes, together: Outcomes, calls: int) -> str:
    sets = sorted(name for names in SOURCES.values() for name in names)
    attack = sorted({name for planted in RUNGS.values() for name in planted.corpora})
    return _METHOD.format(
        calls=calls,
        default=len(together[0].everyone.campaigns),
        accounts=tables.count(outcome.everyone.benign_accounts for outcome in clean),
        busy=tables.count(outcome.busy.benign_accounts for outcome in clean),
        benign=_listed(sets),
        attack=_listed(attack),
        seeds=", ".join(str(outcome.seed) for outcome in clean),
    )


def _listed(names: Iterable[str]) -> str:
    """Names as code, wrapped to the page and indented as a list's continuation."""
    text = ", ".join(f"`{name}`" for name in names)
    return textwrap.fill(text, 119, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)


def _reproduce(outcomes: Outcomes, calls: int) -> str:
    seeds = dict.fromkeys(outcome.seed for outcome in outcomes)
    ran = {outcome.campaign for outcome in outcomes}
    some = [name for name in RUNGS if name in ran]
    chosen = "" if len(some) == len(RUNGS) else f" --campaigns {' '.join(some)}"
    return _REPRODUCE.format(calls=calls, seeds=" ".join(map(str, seeds)), campaigns=chosen)
