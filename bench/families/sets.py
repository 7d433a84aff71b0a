"""The sets that families are judged on, built from the shared corpora; no text is kept.

What is for tuning and what is held out is said here, in ``role``: the settings of the product may be chosen on sets
that are `tuning`, never on `held out` ones. The families of t0 are split into two halves by the CRC of their merged
names (``bench.families.truth``), so no template is in both; hand-written prompts are split by the CRC of their text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
import pyarrow.parquet as pq

from bench.families.truth import merged_names, numbered, side

TUNING, HELD_OUT, BOTH = "tuning", "held out", "both"
BENIGN = (
    "arena_user_prompts",
    "oasst_en100_prompter",
    "stackoverflow_sql_titles",
    "nl2bash_requests",
    "nq_open_questions",
    "instructionwild_v2_user",
    "clinc_oos",
    "eval_prompt_sets",
)
T0, GPTEACHER, JUDGE, ALPACA = "t0_templates_50k", "gpteacher", "llm_judge_alpaca_eval", "alpaca_52k"
RENDERED = ("alpaca_metaprompt_rendered", "evol_instruct_rendered", "camel_ai_society_rendered")


@dataclass(frozen=True)
class FamilySet:
    """Prompts and the template each is from."""

    name: str
    role: str
    prompts: list[str]
    truth: np.ndarray  # int64[n], -1 = from no template
    sources: np.ndarray  # str[n], the corpus of each prompt
    raw: np.ndarray | None = None  # int64[n], families as the corpus names them, where merging made another truth
    notes: dict[str, int] = field(default_factory=dict)
    names: tuple[str, ...] = ()  # of the families of ``truth``

    def __len__(self) -> int:
        return len(self.prompts)

    def take(self, rows: np.ndarray, name: str | None = None) -> FamilySet:
        """Some rows of it."""
        return FamilySet(
            name or self.name,
            self.role,
            [self.prompts[row] for row in rows],
            self.truth[rows],
            self.sources[rows],
            None if self.raw is None else self.raw[rows],
            self.notes,
            self.names,
        )


@dataclass(frozen=True)
class Rows:
    """Rows of a corpus as they are read: families as named there, and as merged (None = no template)."""

    source: str
    prompts: list[str]
    named: list[str | None]
    merged: list[str | None]

    def where(self, wanted: Callable[[int], bool]) -> Rows:
        """The rows whose number is wanted."""
        kept = [row for row in range(len(self.prompts)) if wanted(row)]
        return Rows(self.source, *([column[row] for row in kept] for column in (self.prompts, self.named, self.merged)))

    def where_templated(self) -> Rows:
        """The rows that have a template."""
        return self.where(lambda row: self.merged[row] is not None)

    def at_most(self, each: int, random: Random) -> Rows:
        """So many rows of a merged family, drawn at random; rows without a template are counted as one family."""
        order = random.sample(range(len(self.prompts)), len(self.prompts))
        taken, kept = Counter[str | None](), set()
        for row in order:
            if taken[self.merged[row]] < each:
                taken[self.merged[row]] += 1
                kept.add(row)
        return self.where(kept.__contains__)


def templated(corpora: Path, name: str, folder: str = "attack") -> Rows:
    """A corpus whose families are templates; constant text says which are the same and which are none.

    Rendered corpora were made from the templates that they name: nothing is merged, so that evol's variants, which
    differ by one sentence, must be told apart.
    """
    table = pq.read_table(corpora / folder / f"{name}.parquet", columns=["prompt", "family"]).drop_null()
    prompts, families = table["prompt"].to_pylist(), table["family"].to_pylist()
    called = {family: family for family in families} if name in RENDERED else merged_names(prompts, families)
    merged = [None if called[family] is None else f"{name}:{called[family]}" for family in families]
    return Rows(name, prompts, [f"{name}:{family}" for family in families], merged)


def untemplated(corpora: Path, name: str, folder: str = "benign") -> Rows:
    """A corpus that was written by hand, whatever its families are."""
    prompts = pq.read_table(corpora / folder / f"{name}.parquet", columns=["prompt"])["prompt"].to_pylist()
    prompts = [text for text in prompts if text]
    return Rows(name, prompts, [None] * len(prompts), [None] * len(prompts))


def joined(name: str, role: str, parts: Sequence[Rows], seed: int = 1) -> FamilySet:
    """One set of several corpora, shuffled; what has no family and what has no template is alone."""
    order = np.random.default_rng(seed).permutation(sum(len(part.prompts) for part in parts))
    prompts = [text for part in parts for text in part.prompts]
    named = numbered([family for part in parts for family in part.named])
    truth = numbered([family for part in parts for family in part.merged])
    sources = np.repeat([part.source for part in parts], [len(part.prompts) for part in parts])
    notes = {"named": len(set(named[named >= 0])), "merged": len(set(truth[truth >= 0]))}
    names = tuple(sorted({family for part in parts for family in part.merged if family is not None}))
    whole = FamilySet(name, role, prompts, truth, sources, named, notes, names)
    return whole.take(order)


def half(rows: Rows, which: int) -> Rows:
    """The templates of one side, and the rows without a template whose own family name is on it."""
    names = [merged or named or text for merged, named, text in zip(rows.merged, rows.named, rows.prompts, strict=True)]
    return rows.where(lambda row: side(names[row]) == which)


def honest(corpora: Path, rows_max: int, which: int | None = None, seed: int = 1) -> list[Rows]:
    """Hand-written prompts: two thirds from the benign sets, one from Alpaca's instructions, which have no template."""
    found = []
    for name in (*BENIGN, ALPACA):
        rows = untemplated(corpora, name, "attack" if name == ALPACA else "benign")
        found.append(rows if which is None else half(rows, which))
    # Two search logs would be four prompts in five: every set gives the same, the small ones what they have.
    shares = [*quotas([len(rows.prompts) for rows in found[:-1]], 2 * rows_max // 3), rows_max // 3]
    random = Random(seed)
    return [rows.at_most(share, random) for rows, share in zip(found, shares, strict=True)]


def quotas(sizes: Sequence[int], total: int) -> list[int]:
    """How many to take of collections of these sizes so that no two that can give more differ."""
    taken = [0] * len(sizes)
    for place, row in enumerate(sorted(range(len(sizes)), key=lambda row: sizes[row])):
        taken[row] = min(sizes[row], (total - sum(taken)) // (len(sizes) - place))
    return taken


def t0(corpora: Path, which: int | None = None) -> FamilySet:
    """The 283 named templates of T0, or those of one half."""
    rows = templated(corpora, T0)
    if which is None:
        return joined("t0", BOTH, [rows])
    return joined(("t0, half A", "t0, half B")[which], (TUNING, HELD_OUT)[which], [half(rows, which)])


def gpteacher(corpora: Path) -> FamilySet:
    """Tool descriptions in front of tasks, and two families (code, role play) that are no template."""
    return joined("gpteacher", HELD_OUT, [templated(corpora, GPTEACHER)])


def rendered(corpora: Path, each: int = 700, honest_rows: int = 6_000) -> FamilySet:
    """Alpaca's meta-prompt, evol's five rewriting prompts, CAMEL's grid of roles, among hand-written prompts."""
    random = Random(2)
    parts = [templated(corpora, name).at_most(each, random) for name in RENDERED]
    return joined("rendered", TUNING, [*parts, *honest(corpora, honest_rows, which=0)])


def mixed(corpora: Path, which: int, each: int = 100, rows_max: int = 40_000) -> FamilySet:
    """A day's mix: half of t0, rendered sets, judges, gpteacher (held out), and as much that has no template."""
    random = Random(3)
    parts = [half(templated(corpora, T0), which).where_templated().at_most(each, random)]
    parts += [templated(corpora, name).at_most(3 * each, random) for name in RENDERED]
    parts.append(templated(corpora, JUDGE, "benign").at_most(5 * each, random))
    if which == 1:
        parts.append(templated(corpora, GPTEACHER).where_templated().at_most(5 * each, random))
    rest = rows_max - sum(len(part.prompts) for part in parts)
    name = ("mixed, half A", "mixed, half B")[which]
    return joined(name, (TUNING, HELD_OUT)[which], [*parts, *honest(corpora, rest, which)])


def loghub(corpora: Path) -> FamilySet:
    """Log lines of 14 systems; the corpus's own templates are the truth, as in the field."""
    table = pq.read_table(corpora / "templates" / "loghub2k_corrected.parquet", columns=["prompt", "family"])
    families = table["family"].to_pylist()
    rows = Rows("loghub", table["prompt"].to_pylist(), families, families)
    whole = joined("loghub-2k", HELD_OUT, [rows])
    # Systems stand where corpora do in the other sets.
    names = sorted(set(families))
    systems = np.asarray([names[family].partition(":")[0] for family in whole.truth])
    return FamilySet(whole.name, whole.role, whole.prompts, whole.truth, systems, names=whole.names)


def split_sources(given: FamilySet) -> list[FamilySet]:
    """A set for each corpus of it."""
    return [
        given.take(np.flatnonzero(given.sources == source), f"{given.name}: {source}")
        for source in sorted(set(given.sources))
    ]


QUALITY: dict[str, Callable[[Path], FamilySet]] = {
    "t0": t0,
    "t0, half A": partial(t0, which=0),
    "t0, half B": partial(t0, which=1),
    "gpteacher": gpteacher,
    "rendered": rendered,
    "mixed, half A": partial(mixed, which=0),
    "mixed, half B": partial(mixed, which=1),
    "loghub-2k": loghub,
}
