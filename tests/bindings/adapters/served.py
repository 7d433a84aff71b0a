"""A host of models for the tests: it answers with what it was asked, whole or in pieces."""

import hashlib
from collections.abc import AsyncIterator

from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse

from gauger.adapters.asgi import Middleware

api = FastAPI()


@api.post("/v1/chat/completions")
@api.post("/v1/completions")
@api.post("/v1/responses")
@api.post("/v1/messages")
@api.post("/v1/embeddings")
async def answer(request: Request) -> Response:
    """The body as it came, or its pieces; the digest of what came in a header."""
    body = await request.body()
    asked = await request.json()
    told = {"x-digest": hashlib.sha256(body).hexdigest()}
    if asked.get("raises"):
        raise RuntimeError("a fault of the host")
    if asked.get("stream"):

        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(body), 7):
                yield b"data: " + body[start : start + 7].hex().encode() + b"\n\n"

        return StreamingResponse(pieces(), media_type="text/event-stream", headers=told)
    return Response(body, media_type="application/json", headers=told, status_code=asked.get("status", 200))


app = Middleware(api)
