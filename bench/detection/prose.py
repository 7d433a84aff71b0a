"""The hand-written part of ``docs/detection.md``."""

from __future__ import annotations

HEAD = """\
# Detection on real text

Written by `python -m bench.detection`; edit the script, not the page.

**Every day here is a synthetic join.** No public log has text, time, account and address together, so real prompts,
real client rates and planted campaigns were put together by a generator (`bench/README.md`). A figure on this page
is a figure about that join.
"""

METHOD = """\
## What was measured

For each seed: three clean reference days, scored into a state in order of date; then, seven days after the last of
them, one honest day, scored with a copy of that state alone, with one campaign at a time, with one new honest cohort at
a time, and with the default campaigns together. What is added is a second log beside the honest day's, so the honest
part is identical in all runs of a seed. It is `gauger score` with its own settings; nothing was tuned for the runs.

- **Honest traffic**: volumes, burstiness and output lengths are those of the ServeGen traces. Accounts with fewer than
  five calls carry no content evidence: they cannot be flagged, and do not count here where *weighed* is said. Prompts
  are from
{benign}.
- **Campaigns**: 500 accounts (fewer where the set of prompts is too small) of 26 calls, unless a table says otherwise;
  each attack prompt is used once. Each account pads with honest prompts of one kind of person, in one hand. What else
  of a campaign can be seen is said with each table; where nothing is said, its calls are Poisson round the clock from
  residential addresses that change every four calls, with one operator's settings and accounts of at most thirty days.
  Prompts are from
{attack}.
- **Recall at 0.1 % false positives** is given two ways: at the product's own **alarm level** of 0.001, which is
  calibrated on the reference and knows no truth (*flagged*); and **exact**, above the evidence that 0.1 % of the day's
  weighed honest accounts exceed, which needs the truth. Both count every account of the campaign.
- **Tuning and reporting**: what flags an account was set on days of seeds 1, 2, 3, 11 and 12 of this generator, with
  alpaca, t0, tasks, evol and metaprompt planted (conformity, sifting and their weights on seeds 1, 2 and 3 at 100,000
  calls and seed 1 at 770,000, with alpaca and t0 alone). Figures are from seeds 21, 22 and 23 where the table below
  names no others: medians, with the least and the greatest over seeds in brackets. **Not held out**: which flagged
  accounts make one finding was set on two days of seed 21 (alpaca padded by 80 %, and the default campaigns), with an
  earlier padding; that open owners are no campaign, and how ties above the reference are broken, were decided after the
  cohorts and padded rows of seed 21 had been seen. Placement, assessments and cohorts of seed 21 are to be read so;
  nothing was set on seeds 22 and 23.
"""

RECALL = """\
Nothing is left to see of these campaigns but what they ask: each account keeps a person's hours, pace and one address,
and has settings, client and age as an honest account might. Only their volumes are equal, 26 calls each, as the task
was set; *disguised* below has unequal ones too.
"""

TRACES = """\
The campaigns above with one trace each. Percent of accounts flagged, pure / padded by 50 % / by 80 %. The goal with an
even beat, or with addresses shared within the campaign, is 99 / 99 / 95. What accounts of one operator have in common
counts whatever they send: the control below, accounts that send nothing but padding, is flagged for its habits.
"""

FINDINGS = """\
Every campaign has a hundred accounts or more. Wanted: precision of campaigns of at least 95 %, and every campaign
found, which is to say that findings assessed as a campaign hold at least half of its accounts.
"""

DETAILS = """
*Flagged*: at the alarm level; its interval is Wilson's, over the accounts of all seeds. *Exact*, *at 1 % FP*: above the
evidence that 0.1 % and 1 % of the weighed honest accounts exceed. *Findings*: those in which most accounts are the
campaign's, by what they were assessed as, over all seeds. *Precision*: of the findings assessed as a campaign, those in
which campaign accounts are the majority; *recall*: whether such findings hold at least half of the campaign. *Honest
flagged*: of the weighed, at the alarm level, with that campaign present. *Honest at the ceiling*: how many honest
accounts have the greatest evidence there is. Evidence is a rank among the reference's accounts and cannot exceed the
logarithm of their number: where more than 0.1 % of the honest stand at that ceiling, no threshold keeps them out and
*exact* is 0, however many of the campaign are flagged.
"""

COHORTS = """\
Honest accounts of a sort and with text that no earlier day had, each cohort alone on the honest day. Novelty is not
attack: being flagged costs them an analyst's look, being *accused* (in a finding assessed as a campaign) is the error
that counts.

- *evaluation harness*: 12 keys of one company run the same benchmark items through three templates, round the clock;
- *batch pipeline*: 40 keys of one company, one extraction prompt around newswire sentences, between one and five;
- *classroom*: 45 students behind one address, two hours, one sheet of 150 exercises, each in a hand of their own;
- *vendor app*: 300 keys of one vendor in one new frame, honest volumes, four egress addresses;
- *popular tool*: 400 unrelated people put a new tool's frame around seven in ten of their own calls;
- *agents*: 60 owners of one framework; every turn repeats the goal and appends what came of the last command.
"""

BASELINES = """\
Every method gives each account a score, and all are held to the same accounts: the campaign's, and {benign} honest
accounts with at least five calls. Thresholds are exact, taken from those honest accounts' own scores, which no operator
could do: it flatters every method alike. In brackets: 95 % interval of a bootstrap over honest and campaign accounts,
the widest over seeds; *tied*: percent of the campaign exactly at the threshold, with more honest accounts than the rate
allows. gauger's evidence has a ceiling, and a few honest accounts there make 0 of a campaign that stands at it.

- *Calls per account*; *tokens in an hour*: the most tokens an account used in an hour of the clock, as Elastic's rules
  for hosted models have it.
- *PRADA* (Juuti et al. 2019): distance from normal (Shapiro-Wilk) of nearest-neighbour distances in an account, over
  at most 40 of its calls.
- *Two-sample test (MMD)*: the account's calls against the reference days' by the mean of gauger's 656 features.
- *Isolation forest* (scikit-learn) over gauger's account statistics and 32 principal features, grown on the reference.
- *Near-duplicate fan-out*: accounts in the largest cluster an account's prompts are in, by datasketch's MinHashLSH
  (similarity 0.7, word 3-shingles). Of more than 60,000 distinct honest prompts a share is drawn, and the same share of
  the campaign's.
- *Taught trees* (gradient-boosted, scikit-learn's HistGradientBoosting): they see the statistics of an account, and the
  statistics and whitened features of its 20 nearest accounts, averaged; or those features alone. They are taught on
  *labelled campaigns*, as nothing else here is: on all other attacks, pure and padded by 50 and 80 %, planted in a
  reference day; the attack that is scored is left out. But the campaigns they learn from come from the generator that
  makes those they are tested on (26 calls, one operator's settings, young accounts), so with statistics they recognise
  the generator. The *disguised* columns and the trees that see content alone are the ones to compare with.
"""

LIMITS = """\
## What these figures do not show

- **One honest generator.** Reference and day come from one distribution, and nothing is new but the cohorts above.
  Days of another mix, holidays and newcomers are in [days.md](days.md); real drift will be worse, for false positives
  above all.
- **One pool of prompts.** Any honest account may send any honest prompt on any day, while attack prompts are new. Two
  controls on the prototype of the content evidence (neighbour share, k = 50; one seed each) say what that does. 500
  honest newcomers whose prompts nobody else ever sends, each once, were flagged at 0.0 %: new text alone is not what
  gives a campaign away. But when day and reference are drawn from *disjoint* halves of the prompts, 9.6 % of the honest
  were flagged (70 % of the people) at a nominal 0.1 %, because today's accounts then share sentences only with each
  other. Where many accounts suddenly send the same new sentences, expect alarms whoever they are.
- **Padding that gives itself away.** Each account pads like one kind of person, in one hand. (Pads of all kinds in as
  many hands, as this bench had them at first, are nobody's traffic: accounts that sent nothing else were flagged at a
  third.) The last row of each table of recall is a control: 500 accounts made as a campaign's are that send *nothing
  but padding*. Recall near the control's is the padder's doing, or the other traces', not the attack's: at 80 and 90 %
  of padding read recall against it.
- **Other languages**: the attack sets are English. Of their 140,000 prompts some 250 have more than a few letters past
  ASCII, most of them names, which makes no campaign.
- **Not here**: rejection sampling against our own score. A poisoned reference and campaigns too thin for a day are in
  [days.md](days.md).
- **Paraphrase without a model**: templates are worded anew by a grammar of some 60,000 wordings; a language model would
  do better.
- **Few evaluation runs** (about fifteen accounts a day of 200,000 calls): read their false positives as a count.
"""

REPRODUCE = """\
## To reproduce

```
{commands}
```

It needs the shared corpora (`$GAUGER_CORPORA`, else `../shared/corpora`). Days that are built and scored stay under
`build/detection` and are used again while the code is the same. Keys follow from the seed, so the same code gives the
same figures. What was measured is in `bench/results/detection.jsonl`, a row a day; the page is made of the newest.
"""
