"""The same tasks in several block layouts over shared items, and tails under many item sets: generated, on real text.

A template is a task in a layout. The layout is common to all tasks and the task to all layouts, and items are sent
under all of them: neither may swallow the families.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from bench.families.placement import Text, hand_written
from bench.families.sets import TUNING, FamilySet, Rows, joined, untemplated

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
_HONEST = 3_000


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
