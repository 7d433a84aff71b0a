"""What a campaign may put around its prompts: a template worded anew each time, or a popular app's own frame."""

from random import Random

from bench.world.style import VENDORS

# One request in many wordings: 3,024 heads by 20 tails, and no wording of a part is favoured.
_HEADS = (
    ("Please", "Kindly", "Now", "I want you to", "Your job is to", "You should", "Let us"),
    ("answer", "solve", "work through", "respond to", "carry out", "handle"),
    ("the following", "the next", "this", "the given", "the task below:", "what comes next, a"),
    ("instruction", "request", "question", "prompt", "problem", "assignment"),
    ("", " with great care", " as well as you can", " in full"),
)
_TAILS = (
    ("Explain", "Show", "Write down", "Give", "Include"),
    ("every step.", "your reasoning.", "how you got there.", "the thinking behind it."),
)
# Of the vendor's app that is new on the day (``teams``).
NEW_VENDOR_FRAME = (
    "[Harbour & Pine guest desk] You speak for a hotel. Stay friendly, never quote prices, and hand over to a person "
    "when the guest is upset.\nGuest: {message}\nDesk:"
)


def paraphrased_frame(random: Random, prompt: str) -> str:
    """The prompt within one of some 60,000 wordings of "do the following, and show how"."""
    verb, task, which, noun, manner = (random.choice(words) for words in _HEADS)
    head, tail = f"{verb} {task} {which} {noun}{manner}", " ".join(random.choice(words) for words in _TAILS)
    parts = (f"{head}:", prompt, tail) if random.random() < 0.7 else (prompt, f"{head}. {tail}")
    return random.choice(("\n", "\n\n", " ")).join(parts)


def vendor_frame(account_id: str, text: str) -> str:
    """The text inside a popular app's frame, always the same one for an account."""
    return Random(f"camouflage/{account_id}").choice(VENDORS).replace("{message}", text)
