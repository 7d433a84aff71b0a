"""LiteLLM: ``callbacks: gauger.adapters.litellm.handler`` under ``litellm_settings`` of the proxy's configuration.

Calls are recorded as LiteLLM's own loggers write them, and read by the map that reads its files. Answers stay out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import HTTPException
from litellm.integrations.custom_logger import CustomLogger

from gauger.adapters.environment import Parts, parts
from gauger.host.policy import STATUS
from gauger.logs.account_names import account as account_name


class Handler(CustomLogger):
    """Records calls when they have ended, and does before them what a policy says."""

    def __init__(self, given: Parts | None = None) -> None:
        """given : what to use; by default what the environment says"""
        super().__init__()
        self._parts = parts("litellm") if given is None else given

    async def async_pre_call_hook(
        self, user_api_key_dict: Any, cache: Any, data: dict[str, Any], call_type: str
    ) -> Any:
        """Before a call: go on, or an answer of 403 or 429."""
        verdicts, policy = self._parts.verdicts, self._parts.policy
        if verdicts is None or policy is None:
            return data
        # As the column map names accounts: the user, then the key, then the end user that a client names.
        key = user_api_key_dict
        account = account_name(key.user_id) or key.api_key or account_name(key.end_user_id) or ""
        decision = policy.decide(verdicts.of(str(account), _seen(data).get("requester_ip_address")))
        if (status := STATUS.get(decision.action)) is not None:
            raise HTTPException(status_code=status, detail="This account is under review.")
        return data

    async def async_log_success_event(self, kwargs: Any, response_obj: Any, start_time: Any, end_time: Any) -> None:
        """After a call."""
        self._record(kwargs)

    async def async_log_failure_event(self, kwargs: Any, response_obj: Any, start_time: Any, end_time: Any) -> None:
        """After a call that failed."""
        self._record(kwargs)

    def _record(self, kwargs: Mapping[str, Any]) -> None:
        payload = kwargs.get("standard_logging_object")
        if self._parts.recorder is None or not isinstance(payload, Mapping):
            return
        record = {name: value for name, value in payload.items() if name not in ("response", "proxy_server_request")}
        if address := _seen(kwargs.get("litellm_params")).get("requester_ip_address"):
            record["requester_ip_address"] = address
        metadata = payload.get("metadata") or {}
        if isinstance(sent := metadata.get("requester_metadata"), Mapping):
            sent = {name: value for name, value in sent.items() if name != "headers"}  # these are no words of anybody
            record["metadata"] = {**metadata, "requester_metadata": sent}
        answer = payload.get("response")
        choices = answer.get("choices") if isinstance(answer, Mapping) else None
        if isinstance(choices, list):
            ends = [one.get("finish_reason") for one in choices if isinstance(one, Mapping)]
            record["response"] = {"choices": [{"finish_reason": reason} for reason in ends]}
        self._parts.recorder.record_log(record)


def _seen(request: Any) -> Mapping[str, Any]:
    """What the proxy says of a request: where a client may send ``metadata`` of its own, it lies beside them."""
    found = request.get("litellm_metadata") or request.get("metadata") if isinstance(request, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def __getattr__(name: str) -> Any:
    """The handler, made when the proxy asks for it (PEP 562)."""
    if name != "handler":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()["handler"] = made = Handler()
    return made
