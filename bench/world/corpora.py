"""The shared corpora as a generator of days needs them: honest text in niches, attack prompts, real rates.

The corpora hold real text and real timing, but no public log joins the two: every day built from them is
synthetic.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from random import Random

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

ABSENT = "skipped: the corpora are absent; set GAUGER_CORPORA to their directory"
WORD = re.compile(r"[a-z][a-z0-9_+#-]{2,}")

# Source name -> the benign sets it is read from.
SOURCES = {
    "sql": ("stackoverflow_sql_titles",),
    "shell": ("nl2bash_requests",),
    "search": ("nq_open_questions",),
    "assistant": ("clinc_oos",),
    "chat": ("arena_user_prompts", "oasst_en100_prompter", "instructionwild_v2_user", "eval_prompt_sets"),
    "judge": ("llm_judge_alpaca_eval",),
}

# The same of people in other languages, for worlds that have them.
LANGUAGES = {
    "chinese": ("people_zh_alipay_support_questions",),
    "korean": ("people_ko_chat_questions",),
    "arabic": ("people_ar_arcd",),
    "french": ("people_fr_en_diabla_chat",),
    "indonesian": ("people_id_facqa",),
}

# One unit is what a person sends in one go: a whole conversation in order, or a single prompt.
Unit = tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """One kind of honest text; ``niches[i]`` lists the positions in ``units`` that belong to topic ``i``."""

    units: Sequence[Unit]
    niches: Sequence[Sequence[int]]

    @cached_property
    def pool(self) -> list[int]:
        """Every unit that is in a niche."""
        return [unit for niche in self.niches for unit in niche]

    @cached_property
    def _cumulative_weights(self) -> list[float]:
        # The square root of the size: large topics are popular, but do not swallow everyone.
        return list(accumulate(math.sqrt(len(niche)) for niche in self.niches))

    def draw_niche(self, random: Random) -> int:
        """The number of a topic, larger ones more often."""
        return random.choices(range(len(self.niches)), cum_weights=self._cumulative_weights)[0]

    def half(self, side: int) -> Source:
        """The same niches with only the units whose text hashes to ``side`` (0 or 1).

        A niche keeps its number and, should the half leave it empty, all of its units.
        """
        kept = [[unit for unit in niche if _side(self.units[unit]) == side] or niche for niche in self.niches]
        return Source(self.units, kept)


@dataclass(frozen=True)
class Traffic:
    """How unequal, bursty and talkative real clients are (Alibaba ServeGen); the arrays are float64."""

    rates: np.ndarray  # mean requests per second of each client; only the shape is to be trusted
    variations: np.ndarray  # coefficient of variation of the gaps, same clients
    output_tokens: np.ndarray  # (n, 2): median and 90 % quantile of output tokens


def corpora_directory() -> Path | None:
    """``$GAUGER_CORPORA``, else ``../shared/corpora`` beside the repository; None when absent."""
    named = os.environ.get("GAUGER_CORPORA")
    path = Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "corpora"
    return path if (path / "benign").is_dir() else None


def benign_sources(corpora: Path, *, languages: bool = False) -> dict[str, Source]:
    """Read every honest source; a set that is absent is left out, and a source without any set with it.

    languages : those of ``LANGUAGES``, too
    """
    sources = {}
    for name, sets in (SOURCES | LANGUAGES if languages else SOURCES).items():
        paths = [corpora / "benign" / f"{stem}.parquet" for stem in sets]
        units, families = _units(path for path in paths if path.exists())
        if units:
            sources[name] = Source(units, _niches(units, families))
    return sources


def attack_prompts(corpora: Path, names: Sequence[str]) -> list[str]:
    """Distinct prompts of the named sets, of attacks or else benign, in file order.

    Raises FileNotFoundError for an unknown set.
    """
    prompts: dict[str, None] = {}
    for name in names:
        path = corpora / "attack" / f"{name}.parquet"
        path = path if path.exists() else corpora / "benign" / path.name
        column = pq.read_table(path, columns=["prompt"])["prompt"]
        prompts.update(dict.fromkeys(column.to_pylist()))
    return list(prompts)


def traffic(corpora: Path) -> Traffic:
    """Mean rate and gap variation of every traced client, and output lengths of every traced window."""
    clients = pq.read_table(corpora / "traces" / "trace_servegen_clients.parquet")
    means = clients.group_by(["category", "tier", "client"], use_threads=False).aggregate(
        [("rate_rps", "mean"), ("cv", "mean")]
    )
    lengths = pq.read_table(corpora / "traces" / "trace_servegen_lengths.parquet")
    # Windows with a median under 8 tokens are classifiers and probes, not the text generation modelled here.
    lengths = lengths.filter(pc.greater_equal(lengths["out_p50"], 8.0))
    return Traffic(
        rates=means["rate_rps_mean"].to_numpy(),
        variations=means["cv_mean"].to_numpy(),
        output_tokens=np.column_stack([lengths["out_p50"].to_numpy(), lengths["out_p90"].to_numpy()]),
    )


def _units(paths: Iterable[Path]) -> tuple[list[Unit], list[str | None]]:
    """Conversations (rows of one session, by turn) and single prompts, without repeats; their families."""
    units: dict[Unit, str | None] = {}
    for path in paths:
        table = pq.read_table(path)
        prompts, families = table["prompt"].to_pylist(), table["family"].to_pylist()
        if "session" not in table.column_names:
            units.update({(prompt,): family for prompt, family in zip(prompts, families, strict=True)})
            continue
        conversations: dict[str, list[tuple[int, str]]] = {}
        for row, (session, turn) in enumerate(
            zip(*(table[name].to_pylist() for name in ("session", "turn")), strict=True)
        ):
            # Without a session, a prompt is one by itself.
            conversations.setdefault(str(row) if session is None else session, []).append((turn or 0, prompts[row]))
        units.update({tuple(prompt for _, prompt in sorted(turns)): None for turns in conversations.values()})
    return list(units), list(units.values())


def _niches(units: Sequence[Unit], families: Sequence[str | None]) -> list[list[int]]:
    """Topics of a source: its labelled families (intents) if it has many, else one niche per salient word.

    A unit's salient word is its rarest word that is still common enough to hold a niche, so that "pivot",
    "trigger" or "crontab" become topics and neither "the" nor a typo does.
    """
    if len(set(families)) > 20:
        topics: list[str | None] = list(families)
    else:
        words = [set(WORD.findall(" ".join(unit)[:2000].lower())) for unit in units]
        frequency = Counter(word for found in words for word in found)
        least = max(6, len(units) // 500)
        topics = [
            min(
                (word for word in found if frequency[word] >= least),
                key=lambda w: (frequency[w], w),
                default=None,
            )
            for found in words
        ]
    niches: dict[str | None, list[int]] = {}
    for position, topic in enumerate(topics):
        niches.setdefault(topic, []).append(position)
    return [niche for _, niche in sorted(niches.items(), key=lambda item: item[0] or "")]


def _side(unit: Unit) -> int:
    return hashlib.blake2b(unit[0].strip().lower().encode(), digest_size=1).digest()[0] & 1
