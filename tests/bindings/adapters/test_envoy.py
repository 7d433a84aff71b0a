"""The authorization service, asked as Envoy's ``ext_authz`` asks an ``http_service``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from gauger.adapters import calls, envoy
from gauger.adapters.environment import Parts
from gauger.adapters.listening import Listener
from gauger.host import Policy, Recorder, Verdicts
from tests.bindings.adapters.hosts import ACT, SHADOW, Place

PATH = "/ext_authz/v1/chat/completions"
CHAT = {"model": "m", "messages": [{"role": "user", "content": "Explain the tides to a sailor"}]}


@contextmanager
def serving(place: Place, token: str | None = None) -> Iterator[tuple[Any, Recorder]]:
    """The service over what a place tells, and a client."""
    recorder = Recorder(place.spool, key=place.key, columns=calls.MAP)
    verdicts = policy = None
    if (place.folder / "policy").exists():
        verdicts = Verdicts.open(place.folder / "verdicts", key=place.key)
        policy = Policy.open(place.folder / "policy", verdicts)
    service = envoy.service(Parts(recorder, verdicts, policy), "X-Gauger-Account", token)
    listener = Listener(service, "127.0.0.1:0", token)
    with httpx.Client(base_url=f"http://127.0.0.1:{listener.port}", timeout=20) as client:
        yield client, recorder
    listener.stop()
    recorder.close()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def sent(client: Any, account: str | None, body: Any = CHAT, path: str = PATH, **more: str) -> tuple[int, str]:
    """Status and action that a request gets."""
    headers = {"host": "models.example", "user-agent": "client/1", "x-envoy-external-address": "203.0.113.7", **more}
    headers |= {} if account is None else {"x-gauger-account": account}
    found = client.post(path, content=b"" if body is None else json.dumps(body), headers=headers)
    return found.status_code, found.headers.get("x-gauger-action", "")


def test_requests_are_let_through_and_recorded_under_the_account_that_envoy_names(place: Place) -> None:
    with serving(place) as (client, recorder):
        assert sent(client, "ann") == (200, "allow")
        lies = {**CHAT, "user": "victim", "account_id": "victim", "metadata": {"user_id": "victim"}}
        assert sent(client, "ann", lies) == (200, "allow")
        assert sent(client, None, lies) == (200, "allow")
        assert sent(client, "ann", None) == (200, "allow")  # without with_request_body
        assert sent(client, "ann", {"input": "Explain the tides"}, "/ext_authz/v1/embeddings") == (200, "allow")
        assert client.get("/ext_authz/v1/models", headers={"x-gauger-account": "ann"}).status_code == 200
        cut = client.post(PATH, content=json.dumps(CHAT)[:-9], headers={"x-envoy-auth-partial-body": "true"})
        assert cut.status_code == 200
        assert recorder.flush(120)
        assert recorder.counts.refused == {"account_id is missing": 1, "record is no JSON object": 1}
    assert place.accounts() == {"ann": 2}


@pytest.mark.parametrize("policy", [ACT, SHADOW], ids=["act", "shadow"])
def test_a_policy_is_what_is_answered(place: Place, policy: str) -> None:
    place.tell(policy, "bad")
    with serving(place) as (client, recorder):
        assert sent(client, "bad") == ((403, "block") if policy == ACT else (200, "watch"))
        assert [sent(client, name) for name in ("known", "new", None)] == [(200, "allow")] * 3
        assert recorder.flush(120)
    assert place.accounts() == {"bad": 1, "known": 1, "new": 1}
    assert place.errors() == ({"bad": 1} if policy == ACT else {})


def test_a_token_is_asked_for_in_a_header_of_its_own(place: Place) -> None:
    place.tell(ACT, "bad")
    with serving(place, "of sixteen letters") as (client, recorder):
        for more in ({}, {"x-gauger-token": "guessed"}, {"authorization": "Bearer of sixteen letters"}):
            assert sent(client, "bad", **more) == (503, "")  # which failure_mode_allow lets through
        assert recorder.counts.offered == 0
        assert sent(client, "bad", **{"x-gauger-token": "of sixteen letters"}) == (403, "block")
        assert sent(client, "ann", **{"x-gauger-token": "of sixteen letters"}) == (200, "allow")
