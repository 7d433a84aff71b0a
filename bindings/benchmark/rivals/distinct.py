"""How many distinct words, by HyperLogLog: datasketches, HLL, polars, duckdb.

The first two take one Python string a call; ``deque(map(update, words))`` is the fastest loop Python has for that.
polars and duckdb take a column, and can make words of text themselves.
"""

from collections import deque
from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa

from gauger.benchmark.rivals import tokenising
from gauger.benchmark.rivals.contest import TEXT, TOKENS, WORDS, Contest, Rival, Work, looped, tokenise
from gauger.benchmark.rivals.corpus import Corpus
from gauger.kernels.sketches import hyperloglog
from gauger.kernels.text import texts

BITS = 14  # 16,384 registers wherever there is a choice
# Both engines' regular expressions are Rust's or RE2's, which spell code points alike.
_PATTERN = tokenising.PATTERN
_LOWER = ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")  # ASCII alone, as the tokeniser has it


def ours(corpus: Corpus) -> Callable[[], float]:
    """Estimate of the distinct words of a corpus, from its bytes."""
    values, offsets = corpus.buffers

    def work() -> float:
        registers = np.zeros(1 << BITS, np.uint8)
        texts.register_words(values, offsets, corpus.key, registers, BITS)
        return hyperloglog.estimate(registers)

    return work


def datasketches(words: Iterable[str]) -> float:
    """Apache DataSketches' HLL_8."""
    import datasketches as library

    sketch = library.hll_sketch(BITS, library.tgt_hll_type.HLL_8)
    deque(map(sketch.update, words), maxlen=0)
    return sketch.get_estimate()


def hll(words: Iterable[str]) -> float:
    """The HLL package, in C."""
    from HLL import HyperLogLog

    sketch = HyperLogLog(BITS)
    deque(map(sketch.add, words), maxlen=0)
    return float(sketch.cardinality())


def _polars_text(corpus: Corpus) -> Work:
    import polars

    # Series, not a lazy query: polars 2.1 estimates the same words 4 % off in a lazy ``select``.
    texts_of = polars.Series(polars.from_arrow(corpus.texts))
    upper, lower = map(list, _LOWER)

    def work() -> object:
        words = texts_of.str.replace_many(upper, lower).str.extract_all(_PATTERN)
        return words.explode(empty_as_null=True).drop_nulls().approx_n_unique()

    return work


def _polars_tokens(corpus: Corpus) -> Work:
    import polars

    series = polars.Series(corpus.words)
    return series.approx_n_unique


def _duckdb(table: pa.Table, query: str) -> Work:
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    connection.register("arrow", table)
    connection.execute("CREATE TABLE t AS SELECT * FROM arrow")  # its own storage is what it reads fastest
    return lambda: connection.execute(query).fetchall()[0][0]


def _duckdb_text(corpus: Corpus) -> Work:
    words = f"unnest(regexp_extract_all(translate(text, '{_LOWER[0]}', '{_LOWER[1]}'), '{_PATTERN}'))"
    query = f"SELECT approx_count_distinct(word) FROM (SELECT {words} AS word FROM t)"
    return _duckdb(pa.table({"text": corpus.texts}), query)


def _duckdb_tokens(corpus: Corpus) -> Work:
    return _duckdb(pa.table({"word": pa.array(corpus.words)}), "SELECT approx_count_distinct(word) FROM t")


CONTEST = Contest(
    task="distinct words",
    prompts=4_000,
    ours={TEXT: ours},
    tokenisers={WORDS: tokenise},
    rivals=(
        Rival("datasketches", ("datasketches",), looped(datasketches), WORDS),
        Rival("HLL", ("HLL",), looped(hll), WORDS),
        Rival("polars", ("polars",), {TEXT: _polars_text, TOKENS: _polars_tokens}, None, "makes words itself, in Rust"),
        Rival("duckdb", ("duckdb",), {TEXT: _duckdb_text, TOKENS: _duckdb_tokens}, None, "makes words itself, in C++"),
    ),
)
