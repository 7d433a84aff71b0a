"""The one grammar of all prompts, and what a row must say to get one."""

from functools import cache

from gauger.simulate.language import english, foreign, machine, snippets, words
from gauger.simulate.language.grammar import Grammar

# The first columns choose what is written about; those from FIRST_HABIT on are how an account writes.
ATTRIBUTES = (
    *("topic", "size", "language", "frame", "role", "task", "exercise"),
    *("own", "voice", "stop", "ask_end", "greet", "polite", "bullet", "quote", "contraction", "closing"),
)
COLUMN = {name: column for column, name in enumerate(ATTRIBUTES)}
FIRST_HABIT = COLUMN["own"]
LARGEST_SIZE = 8


@cache
def grammar() -> Grammar:
    """The compiled grammar; built once a process, always the same."""
    built = Grammar(ATTRIBUTES)
    words.add_vocabulary(built)
    for rules in (english.RULES, foreign.RULES, snippets.RULES, machine.RULES):
        built.add_text(rules)
    built.compile()
    return built
