"""Surrogates as small transformers: trained on other texts, then on a mixture with what was served; needs jax.

Two layers before the logits (Vaswani et al. 2017, norms first as in GPT-2, tied embeddings), 4,096 words, trained by
Adam. They are what fits into minutes on a processor: they learn a pair less well than a large model does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from bench.tracing import measure
from bench.tracing.copies import NOTHING, PARAPHRASED
from bench.tracing.texts import PROMPT, RESPONSE, build
from gauger.engine.tracing import lottery

WORDS, WIDTH, LAYERS, HEADS, LENGTH = 4_096, 96, 2, 4, PROMPT + RESPONSE
BATCH, RATE, WARM = 32, 2e-3, 50
BASE_TEXTS, BASE_ROUNDS = 6_000, 2
ROUNDS = 3
ARMS = (
    (0.0, 1.0, NOTHING),
    (0.01, 1.0, NOTHING),
    (0.05, 1.0, NOTHING),
    (0.2, 1.0, NOTHING),
    (0.05, 1.0, PARAPHRASED),
)
Weights = dict[str, Any]


def made(seed: int) -> Weights:
    """A model that knows nothing."""
    random = np.random.default_rng(seed)

    def normal(*shape: int, scale: float) -> Any:
        return jnp.asarray(random.normal(0, scale, shape), jnp.float32)

    deep = 0.02 / math.sqrt(2 * LAYERS)
    layers = [
        {
            "ask": normal(WIDTH, 3 * WIDTH, scale=0.02),
            "tell": normal(WIDTH, WIDTH, scale=deep),
            "up": normal(WIDTH, 4 * WIDTH, scale=0.02),
            "down": normal(4 * WIDTH, WIDTH, scale=deep),
        }
        for _ in range(LAYERS)
    ]
    return {
        "words": normal(WORDS + 1, WIDTH, scale=0.02),
        "places": normal(LENGTH, WIDTH, scale=0.02),
        "layers": layers,
    }


def _norm(x: Any) -> Any:
    return x * lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-6)


def _heads(x: Any) -> Any:
    return x.reshape(*x.shape[:-1], HEADS, WIDTH // HEADS)


def _layer(layer: Weights, x: Any, keys: Any, values: Any, mask: Any) -> Any:
    """A layer's output for x [b, t, width], over keys and values [b, s, heads, ...] that mask [t, s] lets it see."""
    query = _heads(_norm(x) @ layer["ask"][:, :WIDTH])
    scores = jnp.einsum("bthd,bshd->bhts", query, keys) / math.sqrt(WIDTH // HEADS)
    weights = jax.nn.softmax(jnp.where(mask, scores, -1e9), -1)
    x = x + jnp.einsum("bhts,bshd->bthd", weights, values).reshape(x.shape) @ layer["tell"]
    return x + jax.nn.gelu(_norm(x) @ layer["up"]) @ layer["down"]


def _memory(layer: Weights, x: Any) -> tuple[Any, Any]:
    both = _norm(x) @ layer["ask"][:, WIDTH:]
    return _heads(both[..., :WIDTH]), _heads(both[..., WIDTH:])


def _loss(weights: Weights, tokens: Any) -> Any:
    """Mean surprise of the next token; 0 fills a text up and is not asked for."""
    x = weights["words"][tokens[:, :-1]] + weights["places"][: LENGTH - 1]
    mask = jnp.tril(jnp.ones((LENGTH - 1, LENGTH - 1), bool))
    for layer in weights["layers"]:
        x = _layer(layer, x, *_memory(layer, x), mask)
    told = jax.nn.log_softmax(_norm(x) @ weights["words"].T * math.sqrt(WIDTH))
    asked = tokens[:, 1:]
    found = jnp.take_along_axis(told, asked[..., None], -1)[..., 0]
    return -(found * (asked > 0)).sum() / (asked > 0).sum()


@jax.jit
def _step(weights: Weights, first: Weights, second: Weights, tokens: Any, number: Any, rate: Any) -> Any:
    """One step of Adam (Kingma and Ba 2015)."""
    loss, slope = jax.value_and_grad(_loss)(weights, tokens)
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, slope)
    second = jax.tree.map(lambda v, g: 0.98 * v + 0.02 * g * g, second, slope)

    def moved(w: Any, m: Any, v: Any) -> Any:
        return w - rate * (m / (1 - 0.9**number)) / (jnp.sqrt(v / (1 - 0.98**number)) + 1e-8)

    return jax.tree.map(moved, weights, first, second), first, second, loss


def trained(weights: Weights, texts: Sequence[np.ndarray], rounds: int, seed: int) -> tuple[Weights, float]:
    """The model after reading texts so many times, and its last losses' mean."""
    rows = np.zeros((len(texts), LENGTH), np.int32)
    for row, text in enumerate(texts):
        rows[row, : min(LENGTH, len(text))] = text[:LENGTH]
    random, empty = np.random.default_rng(seed), jax.tree.map(jnp.zeros_like, weights)
    first, second, losses = empty, empty, []
    steps = rounds * (len(rows) // BATCH)
    for number in range(1, steps + 1):
        at = (number - 1) % (len(rows) // BATCH) * BATCH
        if at == 0:
            rows = rows[random.permutation(len(rows))]
        rate = RATE * min(number / WARM, 0.1 + 0.9 * (1 - number / steps))
        weights, first, second, loss = _step(weights, first, second, rows[at : at + BATCH], float(number), rate)
        losses.append(loss)
    return weights, float(jnp.stack(losses[-20:]).mean())


@partial(jax.jit, static_argnames="length")
def _sampled(weights: Weights, prompts: Any, key: Any, length: int) -> Any:
    number, before = prompts.shape
    empty = jnp.zeros((LAYERS, 2, number, LENGTH, HEADS, WIDTH // HEADS))
    said = jnp.zeros((number, LENGTH), jnp.int32).at[:, :before].set(prompts)

    def step(state: Any, at: Any) -> Any:
        said, memory, key = state
        x = (weights["words"][said[:, at]] + weights["places"][at])[:, None]
        seen = (jnp.arange(LENGTH) <= at)[None]
        for place, layer in enumerate(weights["layers"]):
            told = jnp.stack(_memory(layer, x))[None]
            memory = lax.dynamic_update_slice(memory, told, (place, 0, 0, at, 0, 0))
            x = _layer(layer, x, memory[place, 0], memory[place, 1], seen)
        logits = _norm(x[:, 0]) @ weights["words"].T * math.sqrt(WIDTH)
        key, own = jax.random.split(key)
        drawn = jax.random.categorical(own, logits.at[:, 0].set(-1e9))
        following = jnp.where(at + 1 < before, said[:, (at + 1) % LENGTH], drawn)
        return (said.at[:, at + 1].set(following, mode="drop"), memory, key), None

    (said, _, _), _ = lax.scan(step, (said, empty, key), jnp.arange(before + length - 1))
    return said[:, before:]


def sampled(weights: Weights, prompts: np.ndarray, seed: int) -> np.ndarray:
    """Outputs at temperature 1; int32[n, RESPONSE]."""
    found = [
        np.asarray(_sampled(weights, prompts[at : at + 500], jax.random.key(seed + at), RESPONSE))
        for at in range(0, len(prompts), 500)
    ]
    return np.concatenate(found).astype(np.int32)


def measured(
    corpora: Path, seed: int, arms: Sequence[measure.Arm] = ARMS, slots: int = lottery.SLOTS
) -> Iterator[dict[str, Any]]:
    """Canaries in transformers that were trained on, from one base; slots : pairs that are served."""
    texts = build(corpora, seed, WORDS)
    served = measure.serve(texts, seed)
    base, _ = trained(made(seed), texts.filtering[:BASE_TEXTS], BASE_ROUNDS, seed)
    losses = []

    def student(read: list[np.ndarray], prompts: np.ndarray, own: int) -> np.ndarray:
        weights, loss = trained(base, read, ROUNDS, own)
        losses.append(loss)
        return sampled(weights, prompts, own)

    for row in measure.canaries(served, student, seed, arms, measure.STUDENT, slots=slots):
        yield {"order": 0, **row, "loss": losses[-1]}
