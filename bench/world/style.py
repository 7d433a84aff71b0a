"""How one account writes: light, stable habits laid over corpus prompts, so that reused text varies."""

import string
from dataclasses import dataclass
from random import Random

# The apps of three vendors: every account of a vendor sends its users' words inside the same frame.
VENDORS = (
    "You are the virtual assistant of Northwind Bank. Answer the customer politely, in at most three "
    "sentences, and never reveal account numbers.\n\nCustomer message: {message}\nAnswer:",
    '### Task\nClassify the intent of the user utterance and reply in JSON with keys "intent" and "slots".\n'
    "### Utterance\n{message}\n### JSON\n",
    "{message}\n\n(Reply as Tripwell, the travel and home helper. Offer one next step.)",
)

GREETINGS = ("hi, ", "hello, ", "hey ", "Hi! ", "Hello there. ", "ok, ")
CLOSINGS = (" thanks", " please", " Thanks!", " thx", " asap", " Please explain.", " (short answer)")
WRAPS = ("q: {}", "Question: {}", "{} - how?", '"{}"', "I need help: {}", "{}\n", "for work: {}", "* {}")
ENDINGS = ("", ".", "?", "??", "...", "!")


@dataclass(frozen=True)
class Style:
    """One account's hand: every part is a habit that is followed most of the time, or None."""

    casing: str | None  # "lower", "sentence"
    ending: str | None
    greeting: str | None
    closing: str | None
    wrap: str | None
    typo_rate: float  # per character


def draw_style(random: Random, *, plain: bool) -> Style:
    """A hand for one account; ``plain`` accounts are software, which adds nothing of its own."""
    if plain:
        return Style(None, None, None, None, None, 0.0)
    return Style(
        casing=random.choices((None, "lower", "sentence"), (0.5, 0.3, 0.2))[0],
        ending=random.choice(ENDINGS) if random.random() < 0.5 else None,
        greeting=random.choice(GREETINGS) if random.random() < 0.12 else None,
        closing=random.choice(CLOSINGS) if random.random() < 0.12 else None,
        wrap=random.choice(WRAPS) if random.random() < 0.08 else None,
        typo_rate=random.choices((0.0, 0.002, 0.008, 0.02), (0.55, 0.25, 0.15, 0.05))[0],
    )


def restyle(random: Random, style: Style, prompt: str) -> str:
    """``prompt`` in this hand. Long prompts are pasted, not typed: they only get the greeting and closing."""
    text = prompt
    if len(text) <= 400:
        text = _typed(random, style, text)
    if style.greeting is not None and random.random() < 0.6:
        text = style.greeting + text
    if style.closing is not None and random.random() < 0.6:
        text += style.closing
    if style.wrap is not None and random.random() < 0.8:
        text = style.wrap.format(text) if "{" not in text else text
    return text


def _typed(random: Random, style: Style, text: str) -> str:
    if style.casing == "lower":
        text = text.lower()
    elif style.casing == "sentence" and text:
        text = text[0].upper() + text[1:]
    if style.ending is not None and random.random() < 0.85:
        text = text.rstrip(".?! ") + style.ending
    if style.typo_rate:
        for _ in range(_count(random, style.typo_rate * len(text))):
            text = _typo(random, text)
    return text


def _count(random: Random, mean: float) -> int:
    """A whole number with this mean: the floor, and one more as often as the remainder asks."""
    whole = int(mean)
    return whole + (random.random() < mean - whole)


def _typo(random: Random, text: str) -> str:
    """Swap, drop, double or replace one character."""
    if len(text) < 4:
        return text
    at = random.randrange(1, len(text) - 1)
    here, following = text[at], text[at + 1]
    letter = random.choice(string.ascii_lowercase)
    mistake = random.choice((following + here, following, here + here + following, letter + following))
    return text[:at] + mistake + text[at + 2 :]
