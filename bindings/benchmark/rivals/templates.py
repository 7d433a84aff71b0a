"""Which template a prompt was made from: Drain3, the log parser people reach for.

Both learn from the first half of the prompts, in nobody's time, and match the second. Ours is the whole pass, with all
else it yields, and the matching of its frame grams.
"""

import numpy as np

from gauger.benchmark.rivals.contest import TEXT, Contest, Rival, Work
from gauger.benchmark.rivals.corpus import Corpus
from gauger.engine.families.frames import Grams, Matcher
from gauger.engine.families.templates import MEMBERS_MIN, learn
from gauger.engine.intake.measuring import Measurer, WordSketch


def _halves(corpus: Corpus) -> tuple[Corpus, Corpus]:
    middle = len(corpus) // 2
    return corpus.head(middle), Corpus(corpus.name, corpus.texts.slice(middle))


def ours(corpus: Corpus) -> Work:
    """Frame of each prompt of the second half."""
    known, new = _halves(corpus)
    measurer = Measurer(corpus.secret)
    measures = measurer.measure(known.batch, WordSketch())
    # Distinct prompts, by smallest hash: the order ``learn`` wants.
    order = np.unique(measures.prompt_hashes[:, 0], return_index=True)[1]
    grams = Grams(measures.gram_offsets, measures.grams).take(order)
    matcher = Matcher(learn(grams, MEMBERS_MIN))

    def work() -> np.ndarray:
        found = measurer.measure(new.batch, WordSketch())
        return matcher.match(Grams(found.gram_offsets, found.grams))

    return work


def _drain(corpus: Corpus) -> Work:
    from drain3.template_miner import TemplateMiner
    from drain3.template_miner_config import TemplateMinerConfig

    known, new = _halves(corpus)
    miner = TemplateMiner(None, TemplateMinerConfig())
    for text in known.strings:
        miner.add_log_message(text)
    strings = new.strings
    return lambda: [miner.match(text) for text in strings]


CONTEST = Contest(
    task="template matching",
    prompts=1_000,
    ours={TEXT: ours},
    rivals=(
        Rival(
            "Drain3",
            ("drain3",),
            {TEXT: _drain},
            None,
            "pure Python; splits at white space; a prompt of a length it has not seen is done with at once, see its F1",
        ),
    ),
)
