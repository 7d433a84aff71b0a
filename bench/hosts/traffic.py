"""Calls as a host sees them: dictionaries and request bodies, prompts of sixty words, a few fields beside them."""

import random
from typing import Any

import orjson

_WORDS = [
    first + second
    for first in "river lantern engine window marble orchard signal pepper bridge velvet anchor meadow".split()
    for second in ("", "s", "ed", "ing", "er")
]


def prompt(chance: random.Random, words: int = 60) -> str:
    """So many words, and a number that makes it one of its own."""
    return f"{' '.join(chance.choices(_WORDS, k=words))} {chance.randrange(10**9)}"


def call(chance: random.Random, accounts: int = 5_000) -> dict[str, Any]:
    """A call of one of so many accounts."""
    return {
        "account_id": f"account-{chance.randrange(accounts):06d}",
        "prompt_text": prompt(chance),
        "client_address": f"10.{chance.randrange(9)}.{chance.randrange(250)}.{chance.randrange(250)}",
        "user_agent_original": f"client/{chance.randrange(5)}",
        "request_model": "model-a",
        "request_temperature": 0.7,
        "usage_output_tokens": chance.randrange(900),
        "error_type": None,
    }


def body(chance: random.Random) -> bytes:
    """A chat completion as a client posts it."""
    messages = [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": prompt(chance)},
    ]
    return orjson.dumps({"model": "model-a", "messages": messages, "temperature": 0.7, "max_tokens": 200})
