"""The handler in LiteLLM's proxy, with a model that answers the same to everybody."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from gauger.adapters.environment import Parts
from gauger.host.log_records import calls_of
from gauger.host.policy import ALLOWED
from gauger.host.taking import take_record
from gauger.logs.columns import load_column_map
from tests.bindings.adapters.hosts import ACT, Place, free_port, running, wait_until

_START_SECONDS = 180.0  # it imports most of what there is
TEXT, ANSWER = "Explain the tides to a sailor", "Nobody keeps this answer."
CONFIG = f"""
model_list:
  - model_name: mock
    litellm_params: {{model: openai/mock, api_key: none, mock_response: "{ANSWER}"}}
  - model_name: broken
    litellm_params: {{model: openai/broken, api_key: none, mock_response: litellm.InternalServerError}}
router_settings: {{num_retries: 0}}
litellm_settings:
  callbacks: gauger.adapters.litellm.handler
general_settings:
  custom_auth: who.authenticate
"""
WHO = """
from litellm.proxy._types import UserAPIKeyAuth

async def authenticate(request, api_key):
    kind, _, name = api_key.removeprefix("sk-").partition("-")
    return UserAPIKeyAuth(api_key=api_key, user_id=name if kind == "user" else None)
"""
MESSAGES = [{"role": "user", "content": TEXT}]
CALLS: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": MESSAGES},
    "/v1/completions": {"prompt": TEXT},
    "/v1/messages": {"messages": MESSAGES, "max_tokens": 20},
    "/v1/responses": {"input": TEXT},
}
LIES = {"user": "bad", "metadata": {"user_id": "bad", "user_api_key_user_id": "bad", "requester_ip_address": "9.9.9.9"}}


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    found = Place(tmp_path_factory.mktemp("proxy"))
    found.tell(ACT, "bad", digest("sk-key-bad"))
    return found


@pytest.fixture(scope="module")
def client(place: Place) -> Iterator[Any]:
    (place.folder / "config.yaml").write_text(CONFIG)
    (place.folder / "who.py").write_text(WHO)
    port = free_port()
    offline = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MASTER_KEY": f"sk-{secrets.token_hex(16)}"}
    command = ["litellm", "--config", "config.yaml", "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]
    with (
        running(command, port, {**place.environment, **offline}, place.folder / "log", _START_SECONDS),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as found,
    ):
        yield found


def ask(client: Any, key: str, path: str, **more: Any) -> int:
    body = {"model": "mock", **CALLS[path], **more}
    return int(client.post(path, json=body, headers={"authorization": f"Bearer {key}"}).status_code)


def test_calls_are_recorded_under_the_account_that_the_proxy_names(place: Place, client: Any) -> None:
    before = place.accounts()
    for path in CALLS:
        assert ask(client, "sk-user-ann", path) == 200
        assert ask(client, "sk-key-1", path, **LIES) == 200
        assert ask(client, "sk-user-default_user_id", path) == 200
    assert ask(client, "sk-user-ann", "/v1/chat/completions", stream=True) == 200
    found = place.waited_for(before.total() + 13) - before
    assert found == {"ann": 5, digest("sk-key-1"): 4, digest("sk-user-default_user_id"): 4}
    assert len(place.prompts()) == 1
    assert len(place.addresses()) == 1  # that the proxy saw, not the one a client writes
    assert not any(text.encode() in place.nbytes() for text in (TEXT, ANSWER, "tides", "answer."))


def test_a_policy_blocks_the_account_that_is_recorded(place: Place, client: Any) -> None:
    for path in CALLS:
        assert ask(client, "sk-user-bad", path) == 403
        assert ask(client, "sk-key-bad", path, user="known") == 403
        assert ask(client, "sk-key-good", path, **LIES) == 200
    wait_until(lambda: place.accounts()[digest("sk-key-good")] == len(CALLS), 20)
    assert place.errors()["bad"] == place.accounts()["bad"]  # what was blocked counts as answered nowhere


def test_calls_that_fail_are_recorded_as_errors(place: Place, client: Any) -> None:
    assert ask(client, "sk-user-unlucky", "/v1/chat/completions", model="broken") == 500
    wait_until(lambda: place.accounts()["unlucky"] > 0, 20)
    assert (place.accounts()["unlucky"], place.errors()["unlucky"], place.errors()["ann"]) == (1, 1, 0)


AGENT = "user_1f_account_2e_session_3d"
JSON = '{"device_id": "d", "account_uuid": "u", "session_id": "s"}'


@pytest.mark.parametrize("end_user", [None, "customer", AGENT, JSON])
@pytest.mark.parametrize("key", [None, "hash"])
@pytest.mark.parametrize("user", [None, "", "ann", "default_user_id", AGENT])
def test_the_hook_names_accounts_as_the_column_map_does(
    user: str | None, key: str | None, end_user: str | None
) -> None:
    handler = pytest.importorskip("gauger.adapters.litellm").Handler
    asked: list[tuple[str, Any]] = []
    verdicts: Any = SimpleNamespace(of=lambda *given: asked.append(given))
    policy: Any = SimpleNamespace(decide=lambda verdict: ALLOWED)
    who = SimpleNamespace(user_id=user, api_key=key, end_user_id=end_user)
    data = {"user": end_user, "metadata": {"requester_ip_address": "9.9.9.9"}}
    data["litellm_metadata"] = {"requester_ip_address": "203.0.113.7"}
    hook = handler(Parts(None, verdicts, policy)).async_pre_call_hook(who, None, data, "acompletion")
    assert asyncio.run(hook) is data
    metadata = {"user_api_key_user_id": user, "user_api_key_hash": key, "user_api_key_end_user_id": end_user}
    payload = {"startTime": datetime.now(UTC).timestamp(), "metadata": metadata, "end_user": end_user}
    record, _ = take_record({**payload, "messages": MESSAGES, "call_type": "acompletion"}, None, None)
    batch, _, _ = calls_of([record], load_column_map("litellm"))
    named = batch.column("account_id")[0].as_py() if "account_id" in batch.schema.names else None
    assert asked == [(named or "", "203.0.113.7")]
