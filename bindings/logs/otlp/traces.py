"""Traces: which spans of a document are calls, and what they take over from the spans above them.

A call of a model is often several spans: a request, an agent's step, the call itself, sometimes the call once more as
the client library saw it. One of them counts: the innermost that holds the text. What does not count is given an
operation by which intake tells that it is no call (``intake.admission``).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gauger.engine.intake import conversation
from gauger.logs.otlp.chats import MESSAGES, OPERATION

OTHER = "other_span"  # operations of rows that are no calls; see _OTHER_OPERATIONS of intake.admission
AROUND = "around_calls"
# By what attribute an instrumentation says what a span is, and its words for calls and for what stands around them.
_KINDS = (
    "openinference.span.kind",
    "langfuse.observation.type",
    "mlflow.spanType",
    "traceloop.span.kind",
    "llm.request.type",
    OPERATION,
)
_CALLS = frozenset(
    "llm chat completion text_completion generate_content generation chat_model responses message messages".split()
)
_AROUND = frozenset("agent chain workflow task span invoke_agent invoke_workflow plan handoff".split())
# Kinds that are known and no calls of a model that answers with text.
_NO_CALLS = frozenset(
    (
        "embedding embeddings image images image_generation moderation rerank reranker retriever retrieval tool "
        "execute_tool create_agent guardrail evaluator evaluation parser memory prompt decision speech transcription "
        "translation audio search other event"
    ).split()
)
# By what a span without any such word is a call: it holds messages, or names a model.
_GENERATIVE = (MESSAGES, "gen_ai.request.model", "gen_ai.system", "gen_ai.provider.name", "llm.model_name")
# Who calls: looked for in the spans above where the call's own span does not say it.
_IDENTITY = (
    "gauger.account.id",
    "user.id",
    "enduser.id",
    "langfuse.user.id",
    "langfuse.session.id",
    "traceloop.association.properties.user_id",
    "traceloop.association.properties.session_id",
    "ai.telemetry.metadata.userId",
    "gauger.org.id",
    "organization.id",
    "tenant.id",
    "gauger.payment.fingerprint",
    "gauger.account.created_at",
    "gen_ai.conversation.id",
    "session.id",
    "client.address",
    "http.client_ip",
    "user_agent.original",
    "http.user_agent",
    "tls.client.ja4",
)
_CHAIN_MAX = 64  # spans above one another


@dataclass
class Span:
    """A span on its way to a record."""

    fields: dict[str, Any]  # as they stand in the document
    attributes: dict[str, Any]  # of the resource, the events and the span itself
    own: dict[str, Any] = field(default_factory=dict)  # without those of the resource

    @property
    def key(self) -> tuple[Any, Any]:
        """Trace and span."""
        return _text(self.fields.get("traceId")), _text(self.fields.get("spanId"))

    @property
    def above(self) -> tuple[Any, Any]:
        """Trace and span of the one above."""
        return _text(self.fields.get("traceId")), _text(self.fields.get("parentSpanId"))

    @property
    def has_text(self) -> bool:
        """Whether the span holds messages."""
        return bool(self.attributes.get(MESSAGES))


def settle(spans: list[Span]) -> None:
    """Give calls what the spans above them say of the caller, and what is no call an operation that says so."""
    by_key = {span.key: span for span in spans if all(span.key)}
    roots = {span.key[0]: span for span in spans if not span.above[1]}
    kinds = [kind_of(span.attributes) for span in spans]
    holders: set[int] = set()  # spans with a call below them
    copies: set[int] = set()  # calls that are seen once more below
    for span, kind in zip(spans, kinds, strict=True):
        if kind != "call" or not span.has_text:
            continue
        for higher in _chain(span, by_key):
            holders.add(id(higher))
            if higher.has_text and _says(higher) == _says(span):
                copies.add(id(higher))
    for span, kind in zip(spans, kinds, strict=True):
        if kind == "other":
            # What admission does not know to be none would count as a call.
            span.attributes[OPERATION] = OTHER
        elif kind == "around":
            is_call = span.has_text and id(span) not in holders
            span.attributes[OPERATION] = "chat" if is_call else AROUND
        elif id(span) in copies:
            span.attributes[OPERATION] = AROUND
        _inherit(span, [*_chain(span, by_key), *filter(None, [roots.get(span.key[0])])])


def kind_of(attributes: dict[str, Any]) -> str:
    """What a span is: a "call", "around" calls, or "other". An operation that is not known is a call."""
    said = [str(attributes[name]).lower() for name in _KINDS if attributes.get(name)]
    operation = str(attributes.get("ai.operationId") or "")
    if operation:  # of Vercel's SDK, whose outer span holds the messages as well
        said.append("chat" if operation.endswith((".doGenerate", ".doStream")) else _vercel(operation))
    said = [word for word in said if word != "unknown"]
    for words, kind in ((_CALLS, "call"), (_AROUND, "around"), (_NO_CALLS, "other")):
        if any(word in words for word in said):
            return kind
    return "call" if said or any(attributes.get(name) for name in _GENERATIVE) else "other"


def _vercel(operation: str) -> str:
    return "agent" if operation.startswith(("ai.generate", "ai.stream")) else "tool"


def _chain(span: Span, by_key: dict[tuple[Any, Any], Span]) -> Iterator[Span]:
    """The spans above one, the nearest first; never the span itself, even in a circle."""
    seen = {id(span)}
    while len(seen) <= _CHAIN_MAX:
        higher = by_key.get(span.above)
        if higher is None or id(higher) in seen:
            return
        yield higher
        seen.add(id(higher))
        span = higher


def _says(span: Span) -> str | None:
    return conversation.texts_of(span.attributes.get(MESSAGES)).prompt


def _inherit(span: Span, higher: list[Span]) -> None:
    for name in _IDENTITY:
        if not span.own.get(name):
            found = next((one.own[name] for one in higher if one.own.get(name)), None)
            if found is not None:
                span.attributes[name] = found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
