"""Prompts for tens of millions of calls, put together from real text at hundreds of thousands a second.

A *piece* is a real prompt, in a niche of its source as in ``bench.world.corpora``. A *stream* is real long text without
repeated lines: code and logs, prose, or one language. A prompt is a piece in an account's hand, and often an excerpt
of a stream, or another piece. The bytes are real; which piece stands beside which excerpt is not.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from bench.world.corpora import attack_prompts, benign_sources
from bench.world.style import CLOSINGS, ENDINGS, GREETINGS, VENDORS, WRAPS

# Beside the sources of ``bench.world.corpora``: name -> benign sets.
MORE_SOURCES = {
    "ubuntu": ("people_en_ubuntu_irc_askers",),
    "coding": ("coding_claude_code_sessions", "coding_aider_author", "coding_realhumaneval_chat"),
    "shopping": ("people_en_shopping_goals",),
    "support": ("support_en_multidogo",),
    "zh": ("people_zh_alipay_support_questions",),
    "ja": ("people_ja_hotel_search",),
    "ko": ("people_ko_chat_questions",),
    "ru": ("people_ru_questions",),
    "id": ("people_id_facqa",),
    "ar": ("people_ar_arcd",),
    "fr": ("people_fr_en_diabla_chat",),
    "batch_zh": ("batch_zh_reviews",),
    "batch_id": ("batch_id_classification",),
    "batch_translate": ("batch_translate_newstest2021",),
    "harness": ("harness_mmlu_lmeval",),
}
ATTACKS = ("alpaca_52k", "t0_templates_50k")
# Stream -> sets whose prompts, or contexts of whole sessions ("+"), it is made of.
STREAMS = {
    "code": ("benign/coding_claude_code_sessions+", "attack/agentic_sweagent_runs", "templates/loghub2k_corrected"),
    "prose": (
        *("benign/arena_user_prompts", "benign/harness_mmlu_lmeval", "benign/llm_judge_alpaca_eval"),
        *("benign/harness_gsm8k_lmeval", "benign/nq_open_questions", "benign/people_en_shopping_goals"),
    ),
    "zh": ("benign/harness_cmmlu_lmeval", "benign/batch_zh_reviews"),
    "ja": ("benign/people_ja_hotel_search",),
    "ko": ("benign/people_ko_chat_questions",),
    "ru": ("benign/people_ru_questions",),
    "id": ("benign/people_id_facqa", "benign/batch_id_classification"),
    "ar": ("benign/people_ar_arcd",),
    "fr": ("benign/people_fr_en_diabla_chat+", "benign/batch_translate_newstest2021"),
}
TYPED_BYTES_MAX = 400  # longer pieces are pasted, as in ``bench.world.style``
_RUN = 200  # pieces of a niche where a set has no families: neighbours in the file, often of one person
_MANY_FAMILIES = 20
_LINE_BYTES_MIN = 30  # shorter lines (a brace, "yes") may repeat in a stream
_PIECE_BYTES_MAX = 6_000


@dataclass(frozen=True)
class Span:
    """A run of entries in one of the pool's arrays."""

    first: int
    size: int


@dataclass(frozen=True)
class Pool:
    """All text in one buffer; everything else points into it."""

    text: np.ndarray  # uint8
    piece_first: np.ndarray  # int64, where each piece begins
    piece_size: np.ndarray  # int64
    piece_core: np.ndarray  # int64, size without closing punctuation
    niche_first: np.ndarray  # int64, the first piece of each niche; its others follow
    niche_size: np.ndarray  # int64
    niches: dict[str, Span]  # the niches of each source
    members: dict[str, Span]  # the pieces of each source
    breaks: np.ndarray  # int64, where words begin in streams
    streams: dict[str, Span]  # what of ``breaks`` belongs to each stream
    string_first: np.ndarray  # int64, of short fixed strings
    string_size: np.ndarray  # int64
    strings: dict[str, int]

    def string_ids(self, texts: Iterable[str]) -> np.ndarray:
        """Numbers of fixed strings."""
        return np.array([self.strings[text] for text in texts], np.int64)

    def niche_weights(self, source: str) -> np.ndarray:
        """Cumulative shares of a source's niches: the square root of their sizes, as in ``bench.world.corpora``."""
        span = self.niches[source]
        weights = np.cumsum(np.sqrt(self.niche_size[span.first : span.first + span.size]))
        return weights / weights[-1]


def wrap_halves() -> list[tuple[str, str]]:
    """What stands before and after a message, of each of ``WRAPS``."""
    return [(head, tail) for head, _, tail in (wrap.partition("{}") for wrap in WRAPS)]


def vendor_halves() -> list[tuple[str, str]]:
    """The same of the vendors' frames."""
    return [(head, tail) for head, _, tail in (frame.partition("{message}") for frame in VENDORS)]


def read_pool(corpora: Path, attacks: Iterable[str] = ()) -> Pool:
    """Everything honest accounts and campaigns say; honest sets that are absent are left out.

    attacks : attack sets beside those of ``ATTACKS``; they change no other text. FileNotFoundError for an unknown one.
    """
    sources: dict[str, list[list[str]]] = {}
    for name, source in benign_sources(corpora).items():
        sources[name] = [[text for at in niche for text in source.units[at]] for niche in source.niches if len(niche)]
    for name, sets in MORE_SOURCES.items():
        niches = [niche for one in sets for niche in _niches(corpora / "benign" / f"{one}.parquet")]
        if niches:
            sources[name] = niches
    for name in dict.fromkeys((*ATTACKS, *attacks)):
        sources[name] = [attack_prompts(corpora, [name])]
    streams = {name: _stream(corpora, sets) for name, sets in STREAMS.items()}
    prose = streams["prose"] or "\n".join(text for niche in next(iter(sources.values())) for text in niche).encode()
    return _pool(sources, {name: text or prose for name, text in streams.items()})


def _niches(path: Path) -> list[list[str]]:
    """Distinct prompts of a set by family where it has many, else in runs of neighbours."""
    if not path.exists():
        return []
    table = pq.read_table(path, columns=["prompt", "family"])
    prompts = dict(zip(table["prompt"].to_pylist(), table["family"].to_pylist(), strict=True))
    if len(set(prompts.values())) <= _MANY_FAMILIES:
        texts = list(prompts)
        return [texts[at : at + _RUN] for at in range(0, len(texts), _RUN)]
    families: dict[str, list[str]] = {}
    for prompt, family in prompts.items():
        families.setdefault(str(family), []).append(prompt)
    return list(families.values())


def _stream(corpora: Path, sets: Sequence[str]) -> bytes:
    """The text of some sets, each long line once."""
    lines: dict[str, None] = {}
    kept: list[str] = []
    for name in sets:
        path = corpora / f"{name.removesuffix('+')}.parquet"
        if not path.exists():
            continue
        for text in dict.fromkeys(_texts(path, whole=name.endswith("+"))):
            for line in text.splitlines():
                if len(line) < _LINE_BYTES_MIN or line not in lines:
                    kept.append(line)
                    lines[line] = None
    return "\n".join(kept).encode()


def _texts(path: Path, *, whole: bool) -> Iterable[str]:
    file = pq.ParquetFile(path)
    column = "messages" if whole else next(name for name in ("prompt", "line", "content") if name in file.schema.names)
    for batch in file.iter_batches(256, columns=[column]):
        for text in batch.column(0).to_pylist():
            if not whole:
                yield text or ""
                continue
            for message in json.loads(text or "[]"):
                content = message.get("content")
                yield content if isinstance(content, str) else ""


def _pool(sources: dict[str, list[list[str]]], streams: dict[str, bytes]) -> Pool:
    buffer = bytearray()
    first, size, core, niche_size = [], [], [], []
    niches, members = {}, {}
    for name, groups in sources.items():
        niches[name], began = Span(len(niche_size), len(groups)), len(first)
        for group in groups:
            niche_size.append(len(group))
            for text in group:
                encoded = text[:_PIECE_BYTES_MAX].encode()
                first.append(len(buffer))
                size.append(len(encoded))
                core.append(len(encoded.rstrip(b".?! ")))
                buffer += encoded
        members[name] = Span(began, len(first) - began)
    fixed = ["", "\n\n", "\n", " ", "\n\nInput:\n", *ENDINGS, *GREETINGS, *CLOSINGS]
    fixed += [half for pair in (*wrap_halves(), *vendor_halves()) for half in pair]
    strings = {text: number for number, text in enumerate(dict.fromkeys(fixed))}
    string_first, string_size = [], []
    for text in strings:
        string_first.append(len(buffer))
        string_size.append(len(text.encode()))
        buffer += text.encode()
    breaks, spans, count = [], {}, 0
    for name, stream in streams.items():
        found = _breaks(stream) + len(buffer)
        buffer += stream
        spans[name] = Span(count, found.size)
        breaks.append(found)
        count += found.size
    sizes = np.array(niche_size, np.int64)
    return Pool(
        text=np.frombuffer(bytes(buffer), np.uint8),
        piece_first=np.array(first, np.int64),
        piece_size=np.array(size, np.int64),
        piece_core=np.array(core, np.int64),
        niche_first=np.cumsum(sizes) - sizes,
        niche_size=sizes,
        niches=niches,
        members=members,
        breaks=np.concatenate(breaks),
        streams=spans,
        string_first=np.array(string_first, np.int64),
        string_size=np.array(string_size, np.int64),
        strings=strings,
    )


def _breaks(stream: bytes) -> np.ndarray:
    """Where words begin: after white space, and before every character of three bytes or more (CJK); int64."""
    text = np.frombuffer(stream, np.uint8)
    before = np.concatenate([[np.uint8(32)], text[:-1]])
    white = (before == 32) | (before == 10)
    return np.flatnonzero((white & (text > 32) & ((text & 0xC0) != 0x80)) | (text >= 0xE0))
