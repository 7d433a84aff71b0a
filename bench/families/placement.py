"""Generated frames in real text: where a template is, how it is cut up, and in which script.

A frame is 12 to 50 words drawn at random from the corpora's own; a prompt's other 100 to 300 words are hand-written
prompts in a row, none of which is used twice. So nothing but the frame repeats, and what a set asks is one thing.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from bench.families.sets import ALPACA, BENIGN, HELD_OUT, FamilySet, Rows, joined, untemplated

MEMBERS = (30, 100)
FRAME_WORDS = (12, 50)
BODY_WORDS = (100, 300)
_HONEST = 3_000
_CYRILLIC = dict(zip("abcdefghijklmnopqrstuvwxyz", "абцдефгхижклмнопярстувшъыз", strict=True))

Build = Callable[["Text", Random], Iterator[tuple[str, str]]]


class Text:
    """Real words to make things of. ``sentence`` never yields the same prompt twice."""

    def __init__(self, prompts: list[str], seed: int) -> None:
        self._random = Random(seed)
        self._prompts = self._random.sample(list(dict.fromkeys(prompts)), len(dict.fromkeys(prompts)))
        self.vocabulary = sorted({word for text in self._prompts for word in text.split() if word.isalpha()})
        self._next = 0

    def words(self, count: int) -> list[str]:
        """Words at random, none more likely than another."""
        return self._random.choices(self.vocabulary, k=count)

    def phrase(self, low: int, high: int) -> str:
        """Between so many words at random."""
        return " ".join(self.words(self._random.randint(low, high)))

    def sentence(self) -> str:
        """A prompt that was not used before."""
        if self._next == len(self._prompts):
            raise ValueError("the hand-written prompts are used up")
        self._next += 1
        return self._prompts[self._next - 1]

    def body(self, low: int = BODY_WORDS[0], high: int = BODY_WORDS[1]) -> list[str]:
        """Unused prompts in a row, cut to a length within bounds."""
        wanted = self._random.randint(low, high)
        found: list[str] = []
        while len(found) < wanted:
            found += self.sentence().split()
        return found[:wanted]


def _placed(place: str, families: int = 12) -> Build:
    def build(text: Text, random: Random) -> Iterator[tuple[str, str]]:
        for number in range(families):
            frame = text.words(random.randint(*FRAME_WORDS))
            cut = {"head": len(frame), "tail": 0, "both ends": len(frame) // 2, "middle": 0}[place]
            for _ in range(MEMBERS[number % len(MEMBERS)]):
                body = text.body()
                inside = random.randint(len(body) // 4, 3 * len(body) // 4) if place == "middle" else len(body)
                words = [*frame[:cut], *body[:inside], *frame[cut:], *body[inside:]]
                yield f"{place} {number}", " ".join(words)

    return build


def _grid(text: Text, random: Random) -> Iterator[tuple[str, str]]:
    """Two slots in one sentence, filled with every pair of two lists."""
    for number in range(8):
        head, middle, tail = (text.phrase(6, 12) for _ in range(3))
        rows, columns = (_different(text, 15) for _ in range(2))
        for row in rows:
            for column in columns:
                yield f"grid {number}", f"{head} {row} {middle} {column} {tail}."


def _different(text: Text, count: int) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        found[text.phrase(1, 3)] = None
    return list(found)


def _few_shot(text: Text, random: Random) -> Iterator[tuple[str, str]]:
    """An instruction, three of twelve demonstrations in any order, and the question."""
    for number in range(10):
        head = text.phrase(*FRAME_WORDS)
        shots = [f"Q: {text.phrase(10, 25)}\nA: {text.phrase(3, 10)}" for _ in range(12)]
        for _ in range(60):
            body = "\n\n".join(random.sample(shots, 3))
            yield f"few-shot {number}", f"{head}\n\n{body}\n\nQ: {' '.join(text.body(15, 40))}\nA:"


def _many_templates(text: Text, random: Random) -> Iterator[tuple[str, str]]:
    """The same sixty items under every one of twelve templates: an item repeats as often as a small family."""
    items = [" ".join(text.body()) for _ in range(60)]
    for number in range(12):
        head, tail = text.phrase(*FRAME_WORDS), text.phrase(4, 12)
        for item in items:
            yield f"template {number}", f"{head}\n{item}\n{tail}"


def _cyrillic(text: Text, random: Random) -> Iterator[tuple[str, str]]:
    """Frames at the head, everything in Cyrillic letters."""
    for family, prompt in _placed("head", families=10)(text, random):
        yield family, cyrillic(prompt)


def cyrillic(text: str) -> str:
    """Latin letters one for one as Cyrillic ones."""
    return "".join(_CYRILLIC.get(letter, letter) for letter in text.lower())


BUILDS: dict[str, Build] = {
    "head": _placed("head"),
    "tail": _placed("tail"),
    "both ends": _placed("both ends"),
    "middle": _placed("middle"),
    "two-slot grid": _grid,
    "few-shot": _few_shot,
    "one item set, many templates": _many_templates,
    "Cyrillic": _cyrillic,
}


def placement(prompts: list[str], name: str, seed: int, honest_rows: int = _HONEST) -> FamilySet:
    """One generated set among hand-written prompts that are nowhere else in it."""
    text = Text(prompts, seed)
    families, made = zip(*BUILDS[name](text, Random(seed)), strict=True)
    beside = [text.sentence() for _ in range(honest_rows)]
    parts = [
        Rows("generated", list(made), list(families), list(families)),
        Rows("hand-written", beside, [None] * len(beside), [None] * len(beside)),
    ]
    given = joined(f"placement: {name}", HELD_OUT, parts, seed)
    return FamilySet(given.name, given.role, given.prompts, given.truth, given.sources, names=given.names)


def hand_written(corpora: Path) -> list[str]:
    """What bodies are made of: benign prompts without sessions' long pastes, and Alpaca's instructions."""
    rows = [untemplated(corpora, name).prompts for name in BENIGN if name not in ("arena_user_prompts", "clinc_oos")]
    every = [*rows, untemplated(corpora, ALPACA, "attack").prompts]
    return [text for prompts in every for text in prompts]


def placements(corpora: Path, seed: int = 5) -> list[FamilySet]:
    """Every generated set."""
    prompts = hand_written(corpora)
    return [placement(prompts, name, seed + number) for number, name in enumerate(BUILDS)]


def limits(prompts: list[str], frame_words: int, members: int, families: int = 10, seed: int = 40) -> FamilySet:
    """Frames of one length at the head of so many prompts each, among hand-written ones."""
    text = Text(prompts, seed + 100 * frame_words + members)
    made = []
    for number in range(families):
        frame = text.words(frame_words)
        made += [(f"frame {number}", " ".join([*frame, *text.body()])) for _ in range(members)]
    names, texts = [family for family, _ in made], [prompt for _, prompt in made]
    beside = [text.sentence() for _ in range(1_000)]
    parts = [
        Rows("generated", texts, [*names], [*names]),
        Rows("hand-written", beside, [None] * len(beside), [None] * len(beside)),
    ]
    return joined(f"{frame_words} words, {members} members", HELD_OUT, parts, seed)
