"""A host of models behind FastAPI, with gauger: two lines of it."""

from typing import Any

from fastapi import FastAPI

from gauger.adapters.asgi import Middleware

app = FastAPI()
app.add_middleware(Middleware)


@app.post("/v1/chat/completions")
async def complete(request: dict[str, Any]) -> dict[str, Any]:
    """An answer as a model gives it."""
    message = {"role": "assistant", "content": "At high water."}
    return {"model": request.get("model"), "choices": [{"message": message, "finish_reason": "stop"}]}
