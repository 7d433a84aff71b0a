"""What a contest is: a task, our ways of doing it, and the libraries that do it too."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

from gauger.benchmark.rivals import tokenising
from gauger.benchmark.rivals.corpus import Corpus

Work = Callable[[], object]
Make = Callable[[Corpus], Work]

TEXT = "from text"  # from raw prompts to the result
TOKENS = "tokens ready"  # the library's words or shingles made beforehand
HASHES = "hashes ready"  # the kernel alone: shingle hashes made beforehand
TOKENISING = "Python makes tokens"
OURS = "gauger"
WORDS = "words"  # a tokeniser


@dataclass(frozen=True)
class Rival:
    """A library, and its work for each thing it is given."""

    name: str
    packages: tuple[str, ...]
    works: Mapping[str, Make]
    tokeniser: str | None = None  # which of the contest's tokenisers stands in its time from text
    note: str = ""  # where a reader should know more


@dataclass(frozen=True)
class Contest:
    """One task. ``tokenisers`` are the Python loops some libraries need before they can begin."""

    task: str
    prompts: int  # of a corpus, at most: enough to time, little enough to wait for
    ours: Mapping[str, Make]
    rivals: tuple[Rival, ...]
    tokenisers: Mapping[str, Make] = field(default_factory=dict)

    def entrants(self) -> dict[str, Make]:
        """Everything that takes a turn, by name, installed or not."""
        entrants = {name_of(OURS, kind): make for kind, make in self.ours.items()}
        entrants |= {name_of(TOKENISING, kind): make for kind, make in self.tokenisers.items()}
        for rival in self.rivals:
            entrants |= {name_of(rival.name, kind): make for kind, make in rival.works.items()}
        return entrants

    def works(self, corpus: Corpus) -> dict[str, Work]:
        """The works of those that are installed, made ready for the first prompts of a corpus."""
        absent = {
            name_of(rival.name, kind)
            for rival in self.rivals
            if any(map(lacks, rival.packages))
            for kind in rival.works
        }
        part = corpus.head(self.prompts)
        return {name: make(part) for name, make in self.entrants().items() if name not in absent}


def name_of(who: str, kind: str) -> str:
    """How an entrant is called in a table of times."""
    return f"{who}, {kind}"


def lacks(package: str) -> bool:
    """Whether a distribution is not installed."""
    try:
        version(package)
    except PackageNotFoundError:
        return True
    return False


def missing(contests: Iterable[Contest]) -> list[str]:
    """Distributions that are not installed, sorted."""
    needed = {package for contest in contests for rival in contest.rivals for package in rival.packages}
    return sorted(filter(lacks, needed))


def _words(strings: Iterable[str]) -> Iterator[str]:
    return (word for text in strings for word in tokenising.word_strings(text))


def tokenise(corpus: Corpus) -> Work:
    """Words of a corpus, one after the other, for nothing."""
    strings = corpus.strings
    return lambda: deque(_words(strings), maxlen=0)


def looped(take: Callable[[Iterable[str]], object]) -> dict[str, Make]:
    """The works of a library that takes one Python string after the other."""

    def from_text(corpus: Corpus) -> Work:
        strings = corpus.strings
        return lambda: take(_words(strings))

    def from_tokens(corpus: Corpus) -> Work:
        words = corpus.words
        return lambda: take(words)

    return {TEXT: from_text, TOKENS: from_tokens}
