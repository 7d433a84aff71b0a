"""The middleware in uvicorn and gunicorn, as they are: bodies pass, calls are recorded, a policy is done."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.bindings.adapters.hosts import ACT, HERE, SHADOW, Place, free_port, running

CHAT = {"model": "m", "messages": [{"role": "user", "content": "Explain the tides to a sailor"}]}
CALLS: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": CHAT,
    "/v1/messages": {**CHAT, "max_tokens": 9},
    "/v1/responses": {"model": "m", "input": "Explain the tides to a sailor"},
    "/v1/completions": {"model": "m", "prompt": "Explain the tides to a sailor"},
}


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def ask(client: Any, key: str, body: Any = CHAT, path: str = "/v1/chat/completions") -> Any:
    return client.post(path, content=json.dumps(body), headers={"authorization": f"Bearer {key}"} if key else {})


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def uvicorn(place: Place) -> Any:
    port = free_port()
    command = ["uvicorn", "--app-dir", str(HERE), "--port", str(port), "served:app"]
    return running(command, port, place.environment, place.folder / "log"), f"http://127.0.0.1:{port}"


@pytest.fixture
def client(place: Place) -> Iterator[Any]:
    host, url = uvicorn(place)
    with host, httpx.Client(base_url=url, timeout=20) as found:
        yield found


def test_bodies_pass_as_they_come_and_each_call_is_recorded_once(place: Place, client: Any) -> None:
    for path, body in CALLS.items():
        for asked in (body, {**body, "stream": True}, {**body, "user": "ü" * 300_000}):
            sent = json.dumps(asked, ensure_ascii=False).encode()
            found = client.post(path, content=sent, headers={"authorization": "Bearer sk-1"})
            assert found.headers["x-digest"] == hashlib.sha256(sent).hexdigest()
            pieces = [sent[start : start + 7] for start in range(0, len(sent), 7)]
            streamed = b"".join(b"data: " + piece.hex().encode() + b"\n\n" for piece in pieces)
            assert found.content == (streamed if "stream" in asked else sent)
    assert ask(client, "sk-1", {"input": "Explain the tides to a sailor"}, "/v1/embeddings").status_code == 200
    assert client.get("/openapi.json").status_code == 200
    assert place.waited_for(12) == {digest("sk-1"): 12}


def test_what_fails_is_recorded_as_an_error(place: Place, client: Any) -> None:
    assert ask(client, "sk-1").status_code == 200
    assert ask(client, "sk-2", {**CHAT, "status": 429}).status_code == 429
    assert ask(client, "sk-3", {**CHAT, "raises": True}).status_code == 500
    assert place.waited_for(3) == {digest(f"sk-{number}"): 1 for number in (1, 2, 3)}
    assert place.errors() == {digest("sk-2"): 1, digest("sk-3"): 1}


def test_a_body_cannot_say_whose_call_it_is(place: Place, client: Any) -> None:
    names = dict.fromkeys(
        ("account_id", "user_id", "user", "safety_identifier", "organization_id", "api_key_id", "client_ip"), "victim"
    )
    more = {"metadata": {"user_id": "victim"}, "response": {"id": "r1"}, "request": {"user": "victim"}, "error": "e"}
    lies = {**CHAT, **names, **more, "timestamp": "2020-01-01T00:00:00Z", "body": {"user": "victim"}, "id": "r1"}
    for _ in range(2):
        ask(client, "sk-1", lies)
        ask(client, "", lies)  # nobody is no name that a body may fill in
    headers = [("authorization", "bearer  sk-1"), ("authorization", "Bearer sk-other")]
    client.post("/v1/chat/completions", content=json.dumps(lies), headers=headers)
    assert place.waited_for(3) == {digest("sk-1"): 3}
    assert place.reasons() == {"account_id is missing": 2}
    assert place.errors() == {}
    assert b"tides" not in place.nbytes()


@pytest.mark.parametrize("policy", [ACT, SHADOW], ids=["act", "shadow"])
def test_a_policy_blocks_whom_it_names_where_it_acts(place: Place, policy: str) -> None:
    place.tell(policy, digest("sk-bad"))
    host, url = uvicorn(place)
    with host, httpx.Client(base_url=url, timeout=20) as client:
        for _ in range(3):  # on one connection: what is refused leaves it usable
            statuses = [ask(client, key).status_code for key in ("sk-bad", "sk-good", "sk-new", "")]
            assert statuses == [403 if policy == ACT else 200, 200, 200, 200]
        assert place.waited_for(9) == {digest(f"sk-{name}"): 3 for name in ("good", "new", "bad")}
    assert place.errors() == ({digest("sk-bad"): 3} if policy == ACT else {})  # blocked, and in the day all the same


def test_workers_of_gunicorn_lose_nothing_when_they_are_told_to_stop(place: Place) -> None:
    port, sent = free_port(), Counter[str]()
    command = ["gunicorn", "--preload", "--workers", "2", "-k", "uvicorn.workers.UvicornWorker", "--pythonpath"]
    command += [str(HERE), "--bind", f"127.0.0.1:{port}", "served:app"]
    environment = {**place.environment, "PYTHONWARNINGS": "ignore"}
    with running(command, port, environment, place.folder / "log"):
        for number in range(120):
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:  # any of the workers
                body = {**CHAT, "messages": [{"role": "user", "content": f"Explain tide {number} to a sailor"}]}
                assert ask(client, f"sk-{number % 7}", body).status_code == 200
            sent[digest(f"sk-{number % 7}")] += 1
            if number == 20:
                place.waited_for(1)  # from here on somebody measures
    assert place.accounts() == sent
    assert len(place.prompts()) == 120
