"""Traces: which spans of a document are calls, and what they take over from the spans above them.

A call of a model is often several spans: a request, an agent's step, the call itself, sometimes the call once more as
the client library saw it. One of them counts: the innermost that holds the text. What does not count is given an
operation by which intake tells that it is no call (``intake.admission``).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gauger.engine.intake import conversation
from gauger.engine.intake.message_parts import word
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
_AWAITED_MAX = 65_536
_SAID_MAX = 256


@dataclass
class Span:
    """A span on its way to a record."""

    fields: dict[str, Any]  # as they stand in the document
    attributes: dict[str, Any]  # of the resource, the events and the span itself
    own: dict[str, Any] = field(default_factory=dict)  # without those of the resource

    @property
    def key(self) -> tuple[str, str]:
        """Trace and span."""
        return word(self.fields.get("traceId")), word(self.fields.get("spanId"))

    @property
    def above(self) -> tuple[str, str]:
        """Trace and span of the one above."""
        return word(self.fields.get("traceId")), word(self.fields.get("parentSpanId"))

    @property
    def has_text(self) -> bool:
        """Whether the span holds messages."""
        return bool(self.attributes.get(MESSAGES))


class Awaited:
    """Spans that have calls below them and have not come yet: what ends first is exported first.

    Kept for a file, up to a number of spans; the oldest are forgotten.
    """

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], set[int]] = {}  # by span, hashes of what the calls below it say

    def add(self, key: tuple[str, str], said: set[int]) -> None:
        """A span will come, below which calls say so."""
        known = self._said.setdefault(key, set())
        if len(known) < _SAID_MAX:
            known |= said
        if len(self._said) > _AWAITED_MAX:
            del self._said[next(iter(self._said))]

    def take(self, key: tuple[str, str]) -> set[int] | None:
        """What the calls below a span say; None where none came before it."""
        return self._said.pop(key, None)


def settle(spans: list[Span], awaited: Awaited) -> None:
    """Give calls what the spans above them say of the caller, and what is no call an operation that says so."""
    by_key = {span.key: span for span in spans if all(span.key)}
    roots = {span.key[0]: span for span in spans if not span.above[1]}
    kinds = [kind_of(span.attributes) for span in spans]
    said_below: dict[int, set[int]] = {}  # by span, hashes of what the calls below it say
    for span, kind in zip(spans, kinds, strict=True):
        below = awaited.take(span.key)
        if below is not None:
            said_below.setdefault(id(span), set()).update(below)
        said = (below or set()) | ({_says(span)} if kind == "call" and span.has_text else set())
        if not said:
            continue
        top = span
        for top in _chain(span, by_key):
            said_below.setdefault(id(top), set()).update(said)
        if all(top.above) and top.above not in by_key:
            awaited.add(top.above, said)
    for span, kind in zip(spans, kinds, strict=True):
        below = said_below.get(id(span), set())
        if kind == "other":
            # What admission does not know to be none would count as a call.
            span.attributes[OPERATION] = OTHER
        elif kind == "around":
            span.attributes[OPERATION] = "chat" if span.has_text and not below else AROUND
        elif span.has_text and _says(span) in below:  # the same call, as another library saw it
            span.attributes[OPERATION] = AROUND
        _inherit(span, [*_chain(span, by_key), *filter(None, [roots.get(span.key[0])])])


def kind_of(attributes: dict[str, Any]) -> str:
    """What a span is: a "call", "around" calls, or "other". An operation that is not known is a call."""
    said = [word(attributes[name]).lower() for name in _KINDS if attributes.get(name)]
    operation = word(attributes.get("ai.operationId"))
    if operation:  # of Vercel's SDK, whose outer span holds the messages as well
        said.append("chat" if operation.endswith((".doGenerate", ".doStream")) else _vercel(operation))
    said = [word for word in said if word != "unknown"]
    for words, kind in ((_CALLS, "call"), (_AROUND, "around"), (_NO_CALLS, "other")):
        if any(word in words for word in said):
            return kind
    return "call" if said or any(attributes.get(name) for name in _GENERATIVE) else "other"


def _vercel(operation: str) -> str:
    return "agent" if operation.startswith(("ai.generate", "ai.stream")) else "tool"


def _chain(span: Span, by_key: dict[tuple[str, str], Span]) -> Iterator[Span]:
    """The spans above one, the nearest first; never the span itself, even in a circle."""
    seen = {id(span)}
    while len(seen) <= _CHAIN_MAX:
        higher = by_key.get(span.above)
        if higher is None or id(higher) in seen:
            return
        yield higher
        seen.add(id(higher))
        span = higher


def _says(span: Span) -> int:
    return hash(conversation.texts_of(span.attributes.get(MESSAGES)).prompt)


def _inherit(span: Span, higher: list[Span]) -> None:
    for name in _IDENTITY:
        if not span.own.get(name):
            found = next((one.own[name] for one in higher if one.own.get(name)), None)
            if found is not None:
                span.attributes[name] = found
