"""Generated frames in real text: where a template is, how it is cut up, and in which script.

A frame is 12 to 50 words drawn at random from the corpora's own; a prompt's other 100 to 300 words are hand-written
prompts in a row, none of which is used twice. So nothing but the frame repeats, and what a set asks is one thing.

Then tasks in layouts, where a template is a task in a layout: the layout is common to all tasks and the task to all
layouts, and items are sent under all of them, so that neither may swallow the families. And tails under many item sets.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

from bench.families.sets import ALPACA, BENIGN, HELD_OUT, TUNING, FamilySet, Rows, joined, untemplated

MEMBERS = (30, 100)
FRAME_WORDS = (12, 50)
BODY_WORDS = (100, 300)
_HONEST = 3_000
_CYRILLIC = dict(zip("abcdefghijklmnopqrstuvwxyz", "абцдефгхижклмнопярстувшъыз", strict=True))

TASKS = (
    "Decide whether the following text expresses a positive, negative or neutral sentiment and answer with one word.",
    "Summarize the passage below in no more than two sentences without adding opinions.",
    "Translate the text into French, keeping names and numbers as they are.",
    "Extract the five most important keywords of the text as a comma separated list.",
    "Write a short headline that a newspaper would print above this text.",
    "Rewrite the text in simpler words so that a ten year old child understands it.",
    "List every person, place and organisation that is named in the text, one a line.",
    "Write one question that can be answered from the text alone, and its answer.",
    "Assign the text to one of the topics science, sports, politics, business or culture.",
    "Correct all mistakes of grammar and spelling in the text and change nothing else.",
    "Say whether the text is offensive, and explain your judgement in one sentence.",
    "Explain step by step what the author of the text wants and why.",
)
LAYOUTS: tuple[Callable[[str, str], str], ...] = (
    lambda task, item: (
        "Below is an instruction that describes a task, paired with an input that provides further context. Write a "
        f"response that appropriately completes the request.\n\n### Instruction:\n{task}\n\n### Input:\n{item}\n\n"
        "### Response:"
    ),
    lambda task, item: f"Task: {task}\nText: {item}\nAnswer:",
    lambda task, item: f"<instruction>{task}</instruction>\n<document>{item}</document>",
    lambda task, item: f"{task}\n\n{item}",
    lambda task, item: f"{item}\n\n{task}",
    lambda task, item: f'{task}\n"""\n{item}\n"""',
    lambda task, item: f'{{"task": "{task}", "input": "{item}", "format": "json"}}',
    lambda task, item: (
        f"You are a helpful assistant who follows instructions exactly and never apologises. {task} The text is given "
        f"between the lines.\n-----\n{item}\n-----\nYour answer:"
    ),
    lambda task, item: f"[INST] <<SYS>> Answer the user as well as you can. <</SYS>> {task}\n{item} [/INST]",
)
TAILS = (
    "A: Let's think step by step.",
    "Answer with a single word or number.",
    "Think carefully before you give the answer.",
    "Explain your reasoning in three short sentences.",
    "Return the result as a JSON object.",
)
ITEM_SETS = ("nq_open_questions", "stackoverflow_sql_titles", "clinc_oos", "nl2bash_requests")

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


def _among_honest(name: str, made: Sequence[tuple[str, str]], text: Text, seed: int) -> FamilySet:
    families, prompts = ([*column] for column in zip(*made, strict=True))
    beside = [text.sentence() for _ in range(_HONEST)]
    parts = [
        Rows("generated", prompts, families, families),
        Rows("hand-written", beside, [None] * _HONEST, [None] * _HONEST),
    ]
    return joined(name, TUNING, parts, seed)


def tasks_in_layouts(corpora: Path, each: int = 40, items: int = 200, seed: int = 3) -> FamilySet:
    """Twelve tasks in nine layouts, ``each`` prompts of every pair, drawn from so many items of 40 to 120 words."""
    random, text = Random(seed), Text(hand_written(corpora), seed)
    pool = [" ".join(text.body(40, 120)) for _ in range(items)]
    made = [
        (f"task {task} in layout {layout}", write(TASKS[task], item))
        for task in range(len(TASKS))
        for layout, write in enumerate(LAYOUTS)
        for item in random.sample(pool, each)
    ]
    return _among_honest("tasks in layouts", made, text, seed)


def tails(corpora: Path, each: int = 75, seed: int = 4) -> FamilySet:
    """Five tails in one log, each under ``each`` prompts of every one of four item sets."""
    random, text = Random(seed), Text(hand_written(corpora), seed)
    sets = [untemplated(corpora, name).prompts for name in ITEM_SETS]
    made = [(tail, f"Q: {item}\n{tail}") for tail in TAILS for items in sets for item in random.sample(items, each)]
    return _among_honest("tails", made, text, seed)


def one_tail(corpora: Path, tail: str, items: str, each: int = 300, seed: int = 5) -> FamilySet:
    """One tail under one item set."""
    random, text = Random(seed), Text(hand_written(corpora), seed)
    made = [(tail, f"Q: {item}\n{tail}") for item in random.sample(untemplated(corpora, items).prompts, each)]
    return _among_honest(f"tail under {items}", made, text, seed)
