"""A small server like those that serve models: it checks a request, and says something."""

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

_TICK_SECONDS = 0.005
_late: list[tuple[float, float]] = []  # milliseconds late, and of these waiting for a core


class Message(BaseModel):
    """One message of a chat."""

    role: str
    content: str


class Chat(BaseModel):
    """A chat completion that is asked for."""

    model: str
    messages: list[Message]
    temperature: float = 1.0
    max_tokens: int = 100


def _waited_ns() -> int:
    """How long this thread was ready and had no core."""
    return int(Path(f"/proc/self/task/{threading.get_native_id()}/schedstat").read_text().split()[1])


async def _watch() -> None:
    """See how late the loop comes back to a task that sleeps."""
    while True:
        due, waited = time.monotonic() + _TICK_SECONDS, _waited_ns()
        await asyncio.sleep(_TICK_SECONDS)
        _late.append((1e3 * (time.monotonic() - due), (_waited_ns() - waited) / 1e6))


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    task = asyncio.create_task(_watch())
    yield
    task.cancel()


app = FastAPI(lifespan=_life)


@app.post("/v1/chat/completions")
async def chat(asked: Chat) -> dict[str, Any]:
    """Answer a chat."""
    choice = {"index": 0, "message": {"role": "assistant", "content": "hello " * 20}, "finish_reason": "stop"}
    return {"id": "c1", "object": "chat.completion", "created": 1, "model": asked.model, "choices": [choice]}


@app.get("/gaps")
async def gaps() -> dict[str, float]:
    """How late the loop was since this was last asked, net of waiting for a core, in milliseconds."""
    net = sorted(max(0.0, late - waited) for late, waited in _late)
    _late.clear()
    return {"p99": net[int(0.99 * len(net))], "max": net[-1]} if net else {"p99": 0.0, "max": 0.0}


if os.environ.get("GAUGER_SPOOL"):
    from gauger.adapters.asgi import Middleware

    app.add_middleware(Middleware)
