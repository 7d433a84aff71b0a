"""Spans: what the files of tests do not show."""

from gauger.logs.spans import of_document


def test_numbered_messages_come_in_order_of_their_numbers() -> None:
    said = {10: "ten", 2: "two", 0: "zero"}
    attributes = [
        {"key": f"gen_ai.prompt.{number}.content", "value": {"stringValue": text}} for number, text in said.items()
    ]
    document = {"resourceSpans": [{"scopeSpans": [{"spans": [{"attributes": attributes}]}]}]}
    (record,) = of_document(document)
    messages = record["attributes"]["gen_ai.input.messages"]
    assert [message["content"] for message in messages] == ["zero", "two", "ten"]
