"""Vocabulary of the grammar: coined from syllables where it must be large, written out where small."""

import numpy as np

from gauger.simulate.language.grammar import Grammar
from gauger.simulate.language.topics import TOPICS

OWN_NAMES = 4096  # accounts share project names only by accident
EXERCISES = 40

_LISTS = """
first_name: Anna Ben Carla David Elena Felix Grace Hugo Ines Jonas Kira Liam Mara Noah Olga Paul Quinn
  Rosa Sam Tara Uwe Vera Will Xenia Yusuf Zoe Amir Bianca Chen Dora Emil Farah Goran Hana Ivan Julia Kenji
  Leila Marco Nadia Omar Priya Ravi Sofia Tomas Ursula Viktor Wanda Yara Zahra Arjun Beatriz Cyril Deniz
  Esther Fatima Giulia Henrik Isla Jakub
adjective: simple robust elegant cheap formal friendly short detailed modern classic safe quick quiet
  bright honest strange heavy light careful practical complete balanced natural creative precise vague
  urgent useful boring funny serious realistic modest bold compact stable fragile expensive rare common
  hidden obvious gentle strict warm cold fresh old new tricky confusing reliable slow loud dry rich plain
  subtle sharp flexible local original reasonable persuasive neutral memorable
place: Lisbon Oslo Leeds Austin Nairobi Osaka Lyon Graz Tampere Porto Quito Perth Mumbai Cork Gdansk
  Bergen Dallas Bath Turin Ghent Seville Malmo Brno Hanoi Accra Lima Basel Utrecht Leipzig Toronto Denver
  Cardiff Riga Split Izmir Kyoto
weekday: Monday Tuesday Wednesday Thursday Friday Saturday Sunday
relative: boss wife husband brother sister mother father friend neighbour teacher colleague uncle roommate
  manager
language_name: Spanish German French Italian Polish Turkish Japanese English Dutch Korean Arabic
  Portuguese
item_plural: apples bicycles notebooks tickets chairs lamps shirts bottles stamps bricks cables pencils
  cameras boxes
"""

_PHRASES = """
when: last week, yesterday, this morning, after the update, in winter, since Monday, a month ago, during
  the holidays, at night, before the release, when nobody looks, over the weekend, in the first semester,
  two days ago, lately, after lunch
occasion: my mother's birthday, the annual meeting, a workshop, the oral exam, our wedding, the trade
  fair, the school play
text_kind: an email, a short story, a poem, a speech, a blog post, a report, a letter, a dialogue, a
  review, an essay, a summary, a product description, a press release, a tutorial, a checklist, a song
role_person: nurse, junior developer, retired teacher, journalist, small business owner, student, tax
  adviser, pilot, farmer, museum guide, chess coach, data analyst, plumber, parent of twins, librarian,
  tour operator, physicist, pastry chef
"""

_ROLE_MANNERS = (
    "senior",
    "skeptical",
    "freelance",
    "newly hired",
    "award winning",
    "cautious",
    "retired",
    "bilingual",
    "part time",
)
_SYLLABLES = """
ba be bi bo da de do fa fi ga go ka ke ki ko la le li lo ma mi mo na ne no pa pe ra ri ro sa si ta te to va vi
"""
_CODE_WORDS = """
user order item total index value count batch config client server token cache queue event record row
column path file name key list map node edge score rate limit offset buffer handler request response result
error retry model layer input output state action payload session account price stock date time range start
end parent child left
"""


def _entries(text: str, separator: str | None) -> dict[str, list[str]]:
    """The lists of a text, a list a paragraph: ``name: word word`` or ``name: phrase, phrase``."""
    rules = (line.split(":", 1) for line in text.strip().replace("\n  ", " ").splitlines())
    return {name: [word.strip() for word in words.split(separator)] for name, words in rules}


def _coined(rng: np.random.Generator, count: int, syllables: int) -> list[str]:
    parts = np.array(_SYLLABLES.split())
    drawn = parts[rng.integers(0, parts.size, (count, syllables))]
    return ["".join(row).capitalize() for row in drawn]


def _identifiers(rng: np.random.Generator, count: int) -> list[str]:
    words = np.array(_CODE_WORDS.split())
    drawn = words[rng.integers(0, words.size, (count, 2))]
    forms = ("{0}", "{0}_{1}", "{0}_{1}", "{0}{1}", "get_{0}_{1}")
    return [forms[i % len(forms)].format(*pair) for i, pair in enumerate(drawn)]


def _own_openings(rng: np.random.Generator, names: list[str]) -> list[list[str]]:
    """One fixed opening per account: the sentence a person always begins with."""
    verbs = ("I run", "I work for", "I study at", "we are", "context:", "I joined", "I am back, still at")
    tails = ("a small team", "near the coast", "with old tools", "for two years now", "so keep it practical")
    picks = rng.integers(0, (len(verbs), len(tails)), (len(names), 2))
    return [[f"{verbs[v]} {name}, {tails[t]}. ⇧"] for (v, t), name in zip(picks, names, strict=True)]


def _add_topics(grammar: Grammar) -> None:
    grammar.add("topic", [[topic.name] for topic in TOPICS], "topic")
    grammar.add("noun", [topic.nouns for topic in TOPICS], "topic")
    grammar.add("action", [topic.actions for topic in TOPICS], "topic")
    grammar.add("trouble", [topic.troubles for topic in TOPICS], "topic")


def add_vocabulary(grammar: Grammar) -> None:
    """Add every symbol that is a list of words; always the same lists, whatever the seed of a simulation."""
    rng = np.random.default_rng(20260316)
    lists = _entries(_LISTS, None) | _entries(_PHRASES, ",")
    for name, words in lists.items():
        grammar.add(name, [words])
    coined = [
        f"{a} {b}" if i % 3 == 0 else a + b.lower()
        for i, (a, b) in enumerate(zip(_coined(rng, 3000, 2), _coined(rng, 3000, 2), strict=True))
    ]
    own = [a + b.lower() for a, b in zip(_coined(rng, OWN_NAMES, 2), _coined(rng, OWN_NAMES, 1), strict=True)]
    grammar.add("proper_name", [coined])
    grammar.add("last_name", [_coined(rng, 1500, 3)])
    grammar.add("own_name", [[name] for name in own], "own")
    grammar.add("own_opening", _own_openings(rng, own), "own")
    numbers = [str(n) for n in (*range(2, 100), *range(100, 1000, 7), *range(1000, 30000, 50))]
    grammar.add("number", [numbers])
    grammar.add("small_number", [["two", "three", "four", "five", "six", "seven", "8", "9", "10", "12"]])
    grammar.add("digit", [[str(n) for n in range(1, 10)]])
    grammar.add("year", [[str(n) for n in range(1890, 2027)]])
    identifiers = _identifiers(rng, 2500)
    grammar.add("identifier", [identifiers], raw=True)
    grammar.add("type_name", [[word.title().replace("_", "") for word in identifiers[:400]]], raw=True)
    paths = [
        f"/{a}/{b}.{end}"
        for a, b, end in zip(identifiers, identifiers[::-1], ("py", "csv", "log", "json", "yml") * 500, strict=True)
    ]
    grammar.add("file_path", [paths], raw=True)
    grammar.add("hex_id", [[f"{n:08x}" for n in rng.integers(0, 2**32, 4000)]], raw=True)
    roles = [f"a {manner} {role}" for role in lists["role_person"] for manner in _ROLE_MANNERS]
    grammar.add("grid_role", [[role] for role in roles], "role")
    grammar.add("homework", [[_exercise(rng)] for _ in range(EXERCISES)], "exercise", raw=True)
    _add_topics(grammar)


def _exercise(rng: np.random.Generator) -> str:
    """The wording of one exercise, the same for every pupil."""
    topic = TOPICS[rng.integers(len(TOPICS))]
    action, other = rng.choice(topic.actions, 2, replace=False)
    noun, another = rng.choice(topic.nouns, 2, replace=False)
    count = rng.integers(2, 30)
    return (
        f"Exercise {count}. Read the chapter on {topic.name}. (a) Explain how one can {action} and what "
        f"{noun} has to do with it. (b) Compare {noun} with {another} in {10 * count} words. "
        f"(c) Discuss why one should {other}."
    )
