"""Documents of OpenTelemetry: which spans and events are calls, what they say and who calls."""

from typing import Any

import pytest

from gauger.engine.intake import admission
from gauger.logs.columns import load_column_map
from gauger.logs.otlp.documents import Documents
from gauger.logs.otlp.traces import Awaited
from gauger.logs.readers import records
from tests.bindings.logs.otlp.writing import START, event, logs, pairs, span, traces

CHAT = '[{"role": "user", "parts": [{"type": "text", "content": "Book the ferry"}]}]'
SAID = {"gen_ai.input.messages": CHAT}
USER = {"user.id": "user-1"}
MODEL = {"gen_ai.operation.name": "chat", **SAID}
AGENT = {"gen_ai.operation.name": "invoke_agent", **SAID}


def rows_of(*documents: dict[str, Any]) -> tuple[list[dict[str, Any]], list[tuple[int, str]]]:
    """Admitted rows of documents under the shipped map, and the refused ones with their reasons."""
    column_map = load_column_map("otlp")
    of_document = Documents()
    found = [record for document in documents for record in of_document(document)]
    arrays = records.to_arrays(found, column_map.sources(), column_map.rules)
    arrays.setdefault("account_id", records.to_array("account_id", ["nobody"] * len(found)))
    arrays.setdefault("prompt_text", records.to_array("prompt_text", [None] * len(found)))
    arrays.setdefault("start_time", records.to_array("start_time", [None] * len(found)))
    admitted = admission.admit(admission.pa.record_batch(arrays))
    return admitted.calls.to_pylist(), list(zip(admitted.rejected.tolist(), admitted.reasons, strict=True))


def test_a_call_that_agents_tools_and_requests_stand_around_is_one_row() -> None:
    calls, refused = rows_of(
        traces(
            span("POST", "", {"http.request.method": "POST", **USER, "client.address": "203.0.113.7"}),
            span("agent", "POST", AGENT),
            span("chat", "agent", MODEL),
            span("tool", "agent", {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.call.arguments": "{}"}),
            span("again", "agent", MODEL),
            span("SELECT", "tool", {"db.system": "pg"}),
        )
    )
    assert [(call["account_id"], call["prompt_text"]) for call in calls] == [("user-1", "Book the ferry")] * 2
    assert [call["client_address"] for call in calls] == ["203.0.113.7"] * 2
    assert refused == [(row, admission.NO_CALL) for row in (0, 1, 3, 5)]


@pytest.mark.parametrize(
    "kind",
    [
        {"gen_ai.operation.name": "invoke_agent"},
        {"gen_ai.operation.name": "invoke_workflow"},
        {"openinference.span.kind": "AGENT"},
        {"openinference.span.kind": "CHAIN"},
        {"traceloop.span.kind": "workflow"},
        {"langfuse.observation.type": "span"},
        {"mlflow.spanType": "AGENT"},
        {"ai.operationId": "ai.generateText"},
    ],
)
def test_what_stands_around_calls_is_a_call_only_where_no_call_is_below(kind: dict[str, Any]) -> None:
    around = span("around", "", {**kind, **SAID, **USER})
    between = span("between", "around", {})
    calls, refused = rows_of(traces(around, between, span("call", "between", {**MODEL, **USER})))
    assert (len(calls), refused) == (1, [(0, admission.NO_CALL), (1, admission.NO_CALL)])
    calls, refused = rows_of(traces(around, between))
    assert [call["prompt_text"] for call in calls] == ["Book the ferry"]
    # A call whose text was not recorded says nothing: the text of the step above it counts.
    calls, refused = rows_of(traces(around, span("call", "around", {"gen_ai.operation.name": "chat", **USER})))
    assert ([call["prompt_text"] for call in calls], refused) == (["Book the ferry"], [(1, "prompt is missing")])


@pytest.mark.parametrize(
    "kind",
    [
        {"gen_ai.operation.name": "embeddings"},
        {"gen_ai.operation.name": "create_agent"},
        {"openinference.span.kind": "RETRIEVER"},
        {"openinference.span.kind": "TOOL"},
        {"traceloop.span.kind": "tool"},
        {"llm.request.type": "embedding"},
        {"langfuse.observation.type": "event"},
        {"mlflow.spanType": "EMBEDDING"},
        {"ai.operationId": "ai.toolCall"},
    ],
)
def test_other_operations_are_no_calls(kind: dict[str, Any]) -> None:
    calls, refused = rows_of(traces(span("other", "", {**kind, **SAID, **USER})))
    assert (calls, refused) == ([], [(0, admission.NO_CALL)])


@pytest.mark.parametrize(
    "kind",
    [
        {"gen_ai.operation.name": "chat"},
        {"gen_ai.operation.name": "text_completion"},
        {"gen_ai.operation.name": "something_new"},
        {"openinference.span.kind": "LLM"},
        {"llm.request.type": "chat"},
        {"langfuse.observation.type": "generation"},
        {"mlflow.spanType": "CHAT_MODEL"},
        {"ai.operationId": "ai.streamText.doStream"},
        {},
    ],
)
def test_calls_of_every_convention(kind: dict[str, Any]) -> None:
    calls, _ = rows_of(traces(span("call", "", {**kind, **SAID, **USER})))
    assert len(calls) == 1


def test_a_call_that_two_libraries_saw_counts_once_and_two_calls_twice() -> None:
    below = span("below", "above", {**MODEL, **USER})
    calls, refused = rows_of(traces(span("above", "", {**MODEL, **USER}), below))
    assert (len(calls), refused) == (1, [(0, admission.NO_CALL)])
    other = {**MODEL, **USER, "gen_ai.input.messages": '[{"role": "user", "content": "Plan the crossing"}]'}
    calls, refused = rows_of(traces(span("above", "", other), below))
    assert ([call["prompt_text"] for call in calls], refused) == (["Plan the crossing", "Book the ferry"], [])


def test_a_step_that_comes_in_a_later_document_than_its_calls_is_none() -> None:
    step, between = span("step", "root", {**AGENT, **USER}), span("between", "step", {})
    call = span("call", "between", {**MODEL, **USER})
    for documents in ((call, between, step), (call, step)):
        calls, refused = rows_of(*(traces(one) for one in documents))
        # Where a span between them is missing, nothing says that they belong together.
        assert (len(calls), len(refused)) == ((1, 2) if len(documents) == 3 else (2, 0))
    calls, refused = rows_of(
        traces(span("below", "above", {**MODEL, **USER})), traces(span("above", "", {**MODEL, **USER}))
    )
    assert (len(calls), refused) == (1, [(1, admission.NO_CALL)])


def test_spans_that_never_come_are_forgotten() -> None:
    awaited = Awaited()
    for number in range(70_000):
        awaited.add(("t", str(number)), {number})
    assert (awaited.take(("t", "0")), awaited.take(("t", "69999"))) == (None, {69_999})


def test_the_nearest_span_above_says_who_calls() -> None:
    calls, _ = rows_of(
        traces(
            span("root", "", {"user.id": "of-root", "session.id": "session-1"}),
            span("step", "root", {"user.id": "of-step", "gen_ai.operation.name": "invoke_agent"}),
            span("call", "step", MODEL),
            span("own", "step", {**MODEL, "user.id": "of-call"}),
            span("lost", "not exported", MODEL),
            span("other", "", MODEL, trace="another"),
            resource={"user.id": "of-resource"},
        )
    )
    assert [call["account_id"] for call in calls] == ["of-step", "of-call", "of-root", "of-resource"]
    assert [call["conversation_id"] for call in calls] == ["session-1"] * 3 + [None]


def test_a_circle_of_spans_ends() -> None:
    calls, _ = rows_of(traces(span("a", "b", {**MODEL, **USER}), span("b", "a", {"user.id": "x"}), span("c", "c", {})))
    assert len(calls) == 1


FLAT = {
    "llm.input_messages.10.message.role": "user",
    "llm.input_messages.10.message.contents.0.message_content.type": "text",
    "llm.input_messages.10.message.contents.0.message_content.text": "Weigh the anchor",
    "llm.input_messages.10.message.contents.1.message_content.type": "image",
    "llm.input_messages.10.message.contents.1.message_content.image.image.url": "data:image/png;base64,AAAA",
    "llm.input_messages.0.message.role": "system",
    "llm.input_messages.0.message.content": "You are the mate of this ship.",
    "llm.input_messages.2.message.role": "assistant",
    "llm.input_messages.2.message.tool_calls.0.tool_call.function.name": "depth",
    "llm.input_messages.2.message.tool_calls.0.tool_call.function.arguments": '{"where": "below the third pier"}',
}


@pytest.mark.parametrize(
    ("attributes", "prompt"),
    [
        ({f"gen_ai.prompt.{n}.content": str(n) for n in (10, 2, 0)}, "10"),
        (
            {"llm.prompts.0.content": "Be brief", "llm.prompts.0.role": "system", "llm.prompts.1.content": "Why?"},
            "Why?",
        ),
        (FLAT, "Weigh the anchor"),
        ({"gen_ai.prompt.0.content": '[{"type": "text", "text": "Look at this"}]'}, "Look at this"),
        ({"gen_ai.prompt": '[{"role": "user", "content": "Old and whole"}]'}, "Old and whole"),
        ({"input.value": '{"messages": [{"role": "user", "content": "A request"}]}'}, "A request"),
        ({"input.value": "Plain text"}, "Plain text"),
        ({"ai.prompt.messages": '[{"role":"user","content":[{"type":"text","text":"Parts"}]}]'}, "Parts"),
        ({"mlflow.spanInputs": '{"messages": [{"role": "user", "content": "In a run"}]}'}, "In a run"),
        ({"langfuse.observation.input": '[{"role": "user", "content": "Observed"}]'}, "Observed"),
        ({"events": '[{"event.name": "gen_ai.user.message", "role": "user", "content": "Kept"}]'}, "Kept"),
        ({"gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "Objects"}]}]}, "Objects"),
    ],
)
def test_messages_of_every_convention(attributes: dict[str, Any], prompt: str) -> None:
    calls, _ = rows_of(traces(span("call", "", {"openinference.span.kind": "LLM", **attributes, **USER})))
    assert [call["prompt_text"] for call in calls] == [prompt]


def test_flattened_messages_keep_their_order_parts_and_tool_calls() -> None:
    (record,) = Documents()(traces(span("call", "", FLAT)))
    system, assistant, user = record["attributes"]["gen_ai.input.messages"]
    assert (system["role"], assistant["role"], user["role"]) == ("system", "assistant", "user")
    assert assistant["tool_calls"] == [
        {"function": {"name": "depth", "arguments": '{"where": "below the third pier"}'}}
    ]
    assert user["content"][0] == {"type": "text", "text": "Weigh the anchor"}


def test_tools_and_settings_of_older_conventions() -> None:
    attributes = {
        **FLAT,
        **USER,
        "llm.model_name": "model-1",
        "llm.invocation_parameters": '{"temperature": 0.5, "max_tokens": 9, "response_format": {"title": "log entry"}}',
        "llm.tools.0.tool.json_schema": '{"name": "depth", "description": "Sounds how deep it is"}',
    }
    (call,), _ = rows_of(traces(span("call", "", attributes)))
    assert (call["request_model"], call["request_temperature"], call["request_max_tokens"]) == ("model-1", 0.5, 9)
    assert any("Sounds how deep it is" in text for text in call["context_texts"])
    assert any("log entry" in text for text in call["context_texts"])


def test_events_of_a_span_are_its_turns() -> None:
    said = [
        {"name": "gen_ai.system.message", "attributes": pairs({"content": "You know the tides by heart."})},
        {"name": "gen_ai.user.message", "attributes": pairs({"content": "When is high water?"})},
        {"name": "gen_ai.choice", "attributes": pairs({"content": "At noon."})},
    ]
    (call,), _ = rows_of(traces(span("call", "", USER, events=said)))
    assert (call["prompt_text"], call["context_texts"]) == ("When is high water?", ["You know the tides by heart."])


def test_an_event_of_the_logs_signal_that_holds_a_call() -> None:
    name = "gen_ai.client.inference.operation.details"
    calls, refused = rows_of(
        logs(
            event(name, {**SAID, "gen_ai.request.model": "m"}),
            event("", {"event.name": name, **SAID}, timeUnixNano="0", observedTimeUnixNano=str(START)),
            event(name, {}, body=SAID),
            event("exception", {"exception.message": "no"}),
            resource=USER,
        )
    )
    assert [(call["account_id"], call["prompt_text"]) for call in calls] == [("user-1", "Book the ferry")] * 3
    assert all(call["start_time"].timestamp() == START / 1e9 for call in calls)
    assert refused == [(3, admission.NO_CALL)]


def test_events_of_the_logs_signal_belong_together_by_span() -> None:
    def of(number: int) -> dict[str, str]:
        return {"traceId": "t", "spanId": f"s{number}"}

    calls, refused = rows_of(
        logs(
            event("gen_ai.system.message", {}, {"content": "You are the harbour master."}, **of(1)),
            event("gen_ai.user.message", USER, {"content": "First berth?"}, **of(1)),
            event("gen_ai.user.message", {"user.id": "user-2"}, {"content": "Second berth?"}, **of(2)),
            event("gen_ai.choice", {}, {"message": {"content": "Yes."}}, **of(1)),
            event("gen_ai.choice", {}, {"message": {"content": "Hm."}}, **of(3)),
        )
    )
    assert [(call["account_id"], call["prompt_text"]) for call in calls] == [
        ("user-1", "First berth?"),
        ("user-2", "Second berth?"),
    ]
    assert calls[0]["context_texts"] == ["You are the harbour master."]
    assert refused == [(2, admission.NO_CALL)]


def test_events_without_a_span_belong_together_up_to_the_answer() -> None:
    calls, _ = rows_of(
        logs(
            *(event("gen_ai.user.message", USER, {"content": text}) for text in ("Part one", "Part two")),
            event("gen_ai.choice", {}, {"message": {"content": "Yes."}}),
            event("gen_ai.user.message", USER, {"content": "Next"}),
        )
    )
    assert [call["prompt_text"] for call in calls] == ["Part two", "Next"]


@pytest.mark.parametrize(
    "document",
    [
        {"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "gen_ai.client.token.usage"}]}]}]},
        {"resourceSpans": []},
        {"resourceSpans": "damaged"},
        {"resourceLogs": [{"scopeLogs": [{"logRecords": []}]}]},
        {"something": "else"},
        {},
        traces(7),
    ],
)
def test_no_document_comes_to_nothing(document: dict[str, Any]) -> None:
    assert rows_of(document) == ([], [(0, admission.NO_CALL)])


def test_names_as_protobuf_spells_them_and_a_span_a_line() -> None:
    fields = {"trace_id": "t", "span_id": "s", "start_time_unix_nano": str(START), "attributes": {**MODEL, **USER}}
    for document in (
        {"resource_spans": [{"scope_spans": [{"spans": [fields]}]}]},
        {"batches": [{"instrumentationLibrarySpans": [{"spans": [fields]}]}]},
        fields,
    ):
        (call,), _ = rows_of(document)
        assert (call["prompt_text"], call["start_time"].timestamp()) == ("Book the ferry", START / 1e9)


def test_messages_that_were_uploaded_elsewhere_say_so() -> None:
    calls, refused = rows_of(
        traces(span("call", "", {**USER, "gen_ai.operation.name": "chat", "gen_ai.input.messages_ref": "s3://a/b"}))
    )
    assert (calls, len(refused)) == ([], 1)
    assert refused[0][1].startswith("prompt lies in an object of its own")


def test_names_that_nest_without_end_cost_nothing() -> None:
    deep = "llm.input_messages." + "0." * 50_000 + "content"
    assert len(list(Documents()(traces(span("call", "", {deep: "x", "gen_ai.prompt.999999.content": "y"}))))) == 1
