"""Conversation: what a whole chat says in this call, and what else it carries.

A chat is resent with every call. What the user says *now* is the last user turn after the model's last answer; all else
in the request (system text, tool definitions, earlier turns, prefilled answers, tool results, injected blocks,
documents) is context, each a text of its own: what is said where nobody looks is the first thing an attacker tries.
A call that only answers a tool is a continuation: the user's turn in it was said before.

Shapes understood: OpenAI chat and responses, Anthropic messages, Gemini contents, Bedrock Converse, OpenTelemetry GenAI
parts, ShareGPT, LangChain. Strings of unknown parts are context as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Literal, NamedTuple

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from gauger.engine.intake.message_parts import Parts, parts_of, role_of, text_leaves, word

# What harnesses put into the user's turn; by element name.
INJECTED = (
    "system-reminder",
    "environment_context",
    "environment_details",
    "user_instructions",
    "additional_data",
    "attached_files",
    "local-command-stdout",
    "command-message",
)
TEXTS_MAX = 32  # context texts of a call; where there are more, neighbours are joined, and none is left out
_SHORT = 24  # characters; shorter texts are joined with their neighbours: alone they say nothing

TEXTS = pa.list_(pa.string())
CUT = "is a chat that is cut off"
UNMARKED = "comes as several texts without roles; say which list holds the roles, or pick one text"
TEMPLATE = "is a stored template's id; its text is not in the log"
APART = "lies in an object of its own, which the row names (inputBodyS3Path); fetch it and write it into the row"
NO_TEXT = "holds no text that can be read: an image, audio, a file or a stored item"
BROKEN = "is in a record that is cut off: half of its JSON is missing"
ELSEWHERE = "gauger.elsewhere"  # the name in a chat's place by which a reader says so


@dataclass(frozen=True)
class Rules:
    """Which of a call's texts is what it says. A column map may change them."""

    turns: Literal["new", "last", "all"] = "new"  # user turns since the model's last answer, the last one, or all
    injected: tuple[str, ...] = INJECTED


class Texts(NamedTuple):  # made twice as fast as a frozen dataclass
    """The texts of a call."""

    prompt: str | None
    context: list[str]  # of a continuation the tool's answer first
    continuation: bool = False
    attachments: int = 0  # that hold no text that can be read
    fault: str | None = None  # why there is no prompt, where more can be said than that it is missing


@dataclass
class _Turn:
    role: str
    parts: Parts
    injected: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What the turn says itself."""
        return "\n".join(self.parts.texts)


DEFAULT = Rules()


def texts_of(messages: Any, system: Any = None, tools: Any = None, rules: Rules = DEFAULT) -> Texts:
    """The texts of a call.

    messages : a chat in any of the shapes above, as objects or as JSON text; any other text is the user's
    system, tools : what a request holds beside its chat; a text, objects, or JSON text
    """
    beside = [*_beside(system), *_beside(tools)] if system or tools else []
    if (plain := _plain(messages, beside, rules)) is not None:
        return plain
    found = _turns(messages, rules)
    if isinstance(found, str):
        return Texts(None, beside, fault=found)
    unread = sum(turn.parts.unread for turn in found)
    spoken = [turn for turn in found if turn.role == "user" and turn.text]
    if not spoken:
        texts = [text for turn in found for text in _all_of(turn)]
        silent = NO_TEXT if found and not texts and any(turn.parts.is_given for turn in found) else None
        return Texts("\n".join(texts) or None, _gathered(beside), attachments=unread, fault=silent)
    if rules.turns == "all":
        prompt = "\n".join(turn.text for turn in spoken)
        rest = [text for turn in found for text in _all_of(turn)[bool(turn.text) :]]
        return Texts(prompt, _gathered([*beside, *rest]), attachments=unread)
    said = spoken[-1]
    answer = [] if rules.turns == "last" else _answered(found, said)
    context = [text for text in beside if text != said.text]  # variables of a template may be both
    for turn in found:
        own = _all_of(turn)
        if turn is said:
            # Several parts of the turn are one text, as a reader sees it, and each a text: one may hide the other.
            own = [*(turn.parts.texts if len(turn.parts.texts) > 1 else []), *own[1:]]
        context += [text for text in own if text not in answer]
    context = _gathered(context)
    return Texts(said.text, ["\n".join(answer), *context] if answer else context, bool(answer), unread)


_PLAIN_ROLES = frozenset({"user", "assistant", "system", "developer"})


def _plain(messages: Any, beside: list[str], rules: Rules) -> Texts | None:
    """The texts of a chat of nothing but plain texts of known roles, which most are; None of any other."""
    if type(messages) is not list or (rules.turns == "all" and len(messages) > 1):
        return None
    texts: list[str] = []
    said = -1  # place of the prompt among the texts
    for message in messages:
        if type(message) is not dict or len(message) != 2:
            return None
        role, text = message.get("role"), message.get("content")
        if type(text) is not str or type(role) is not str or role not in _PLAIN_ROLES:
            return None
        if text and not text.isspace():
            if role == "user":
                if "</" in text:  # may end what a harness injects
                    return None
                said = len(texts)
            texts.append(text)
    if said < 0:
        return None
    prompt = texts.pop(said)
    if len(messages) > 1:
        beside = [text for text in beside if text != prompt]  # variables of a template may be both
    return Texts(prompt, _gathered([*beside, *texts]))


def _answered(turns: Sequence[_Turn], said: _Turn) -> list[str]:
    """What tools answered since the model's last turn, where the user said nothing since: else nothing."""
    end = len(turns)
    while end and turns[end - 1].role == "assistant":  # a prefilled answer belongs to this call
        end -= 1
    start = max((place for place in range(end) if turns[place].role == "assistant"), default=-1) + 1
    if any(turn is said for turn in turns[start:end]):
        return []
    return [text for turn in turns[start:end] for text in turn.parts.results]


def _all_of(turn: _Turn) -> list[str]:
    """Every text of a turn, its own first."""
    own = [turn.text] if turn.text else []
    return [*own, *turn.parts.results, *turn.parts.others, *turn.injected]


def _beside(value: Any) -> list[str]:
    """The texts beside a chat, those of one list or object together, be it JSON text or not."""
    text = "\n".join(text_leaves(value, 1))
    return [text] if text.strip() else []


def _gathered(texts: list[str]) -> list[str]:
    """Texts with short ones joined to their like, at most TEXTS_MAX."""
    texts = [text for text in texts if text and not text.isspace()]
    if len(texts) < 2:
        return texts
    joined: list[str] = []
    for are_short, group in groupby(texts, lambda text: len(text) < _SHORT):
        together = list(group)
        joined += ["\n".join(together)] if are_short else together
    if len(joined) <= TEXTS_MAX:
        return joined
    size = -(-len(joined) // TEXTS_MAX)
    return ["\n".join(joined[start : start + size]) for start in range(0, len(joined), size)]


def _turns(value: Any, rules: Rules, depth: int = 0) -> list[_Turn] | str:
    """The turns of a chat in order, or what is wrong with it."""
    if isinstance(value, str):
        parsed = _parsed(value)
        if parsed is value and _looks_cut(value):
            return CUT
        value = parsed
    if isinstance(value, str):
        return [_turn("user", value, rules)] if value else []
    if isinstance(value, dict):
        if ELSEWHERE in value:
            return APART
        name = next((name for name in (*_CHATS, "prompt", "inputText") if value.get(name) is not None), None)
        if name is not None:
            return _inside(value, name, rules, depth) if depth < _DEPTH_MAX else []
        if "id" in value and "content" not in value and not value.keys() & {"role", "parts", "text", "type"}:
            filled = "\n".join(text_leaves(value.get("variables"), 1))
            return [_turn("user", filled, rules)] if filled else TEMPLATE
        value = [value]
    if not isinstance(value, list):
        return []
    if len(value) == 1 and isinstance(value[0], dict | list) and not (_is_message(value[0])) and depth < _DEPTH_MAX:
        return _turns(value[0], rules, depth + 1)  # a batch of one
    if len(value) > 1 and all(isinstance(one, str) for one in value):
        return UNMARKED
    value = [inner for one in value for inner in (one if isinstance(one, list) else [one])]
    return [_turn("user" if isinstance(one, str) else role_of(one), one, rules) for one in value if one is not None]


def _is_message(value: Any) -> bool:
    """Whether a value is one message, not a chat or a request that holds one."""
    return isinstance(value, dict) and bool(value.keys() & _TOLD or not value.keys() & set(_CHATS))


_TOLD = {"role", "type", "from", "author"}  # a message has one of these, a request none
_DEPTH_MAX = 4  # a chat inside a request inside a log entry; deeper is no log format
_CHATS = ("messages", "contents", "input", "conversation", "conversations")


_SYSTEM = ("system", "systemInstruction", "system_instruction", "instructions", "context")


def _inside(request: dict[str, Any], chat: str, rules: Rules, depth: int) -> list[_Turn] | str:
    """The turns of a chat inside a request, before them its system text, then what else the request says."""
    found = _turns(request[chat], rules, depth + 1)
    if isinstance(found, str):
        return found
    before = [_turn("system", text, rules) for name in _SYSTEM for text in _beside(request.get(name))]
    rest = {name: one for name, one in request.items() if name != chat and name not in _SYSTEM}
    others = Parts(others=text_leaves(rest, 3))
    return [*before, *([_Turn("system", others)] if others.others else []), *found]


def _turn(role: str, message: Any, rules: Rules) -> _Turn:
    turn = _Turn(role, parts_of(message))
    if role == "user":
        kept = []
        for text in turn.parts.texts:
            own, blocks = _without_injected(text, rules.injected)
            kept += [own] if own else []
            turn.injected += blocks
        turn.parts.texts = kept
    return turn


def _without_injected(text: str, names: Sequence[str]) -> tuple[str, list[str]]:
    """A text without the elements of some names, and those elements. One pass a name, whatever the text holds."""
    blocks: list[str] = []
    for name in names:
        opening, closing = f"<{name}", f"</{name}>"
        kept, at = [], 0
        while (start := text.find(opening, at)) >= 0 and (end := text.find(closing, start)) >= 0:
            kept.append(text[at:start])
            at = end + len(closing)
            blocks.append(text[start:at])
        if at:
            # White space behind a block belongs to it; what the user wrote stays as it is.
            head = kept[0] if kept[0].strip() else ""
            text = "".join([head, *(part.lstrip() for part in [*kept[1:], text[at:]])])
    return text, blocks


def _parsed(value: Any) -> Any:
    """The chat that a text holds as JSON, else the text itself: a user may well ask about a piece of JSON."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            parsed = orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
        elements = parsed if isinstance(parsed, list) else [parsed]
        if elements and all(isinstance(one, dict) and (one.keys() & _MARKS or _is_template(one)) for one in elements):
            return parsed
    return value


def _is_template(value: dict[str, Any]) -> bool:
    return word(value.get("id")).startswith("pmpt_")


# A message has one of these; a text that a user pasted may have others ("text", "name", "value").
_MARKS = {"role", "parts", "content", "from", "function", "functionDeclarations", "toolSpec", "variables", *_CHATS}


def _looks_cut(text: str) -> bool:
    """Whether a text begins as a chat does in JSON and does not end."""
    head = text.lstrip()[:64]
    return head[:1] in ("[", "{") and '"role"' in head and not text.rstrip().endswith(("]", "}"))


def said(batch: pa.RecordBatch) -> pa.RecordBatch:
    """An admitted batch with what each call says now as its prompt: of a continuation the tool's answer.

    What the user said before is context then.
    """
    if not {"prompt_text", "context_texts", "continuation"} <= set(batch.schema.names):
        return batch
    prompts, contexts = batch.column("prompt_text").to_pylist(), batch.column("context_texts").to_pylist()
    for row, going_on in enumerate(batch.column("continuation").to_pylist()):
        if going_on and contexts[row] and contexts[row][0]:
            prompts[row], contexts[row] = contexts[row][0], [prompts[row], *contexts[row][1:]]
    arrays = {"prompt_text": pa.array(prompts, pa.string()), "context_texts": pa.array(contexts, TEXTS)}
    places = {name: batch.schema.get_field_index(name) for name in arrays}
    for name, array in arrays.items():
        batch = batch.set_column(places[name], batch.schema.field(places[name]), array)
    return batch


def columns(
    messages: Sequence[Any], systems: Sequence[Any], tools: Sequence[Any], rules: Rules = DEFAULT
) -> dict[str, pa.Array]:
    """The columns that n chats become: ``prompt_text``, ``context_texts``, ``continuation``, ``attachments`` and
    ``prompt_fault``.

    A column that would be null in every row is left out, ``prompt_text`` apart.
    """
    found = [texts_of(*one, rules) for one in zip(messages, systems, tools, strict=True)]
    arrays = {"prompt_text": pa.array([_sound(one.prompt) for one in found], pa.string())}
    if any(one.context for one in found):
        contexts = [[text for text in map(_sound, one.context) if text] or None for one in found]
        arrays["context_texts"] = pa.array(contexts, TEXTS)
    if any(one.continuation for one in found):
        arrays["continuation"] = pa.array([one.continuation for one in found])
    if any(one.attachments for one in found):
        arrays["attachments"] = pa.array([one.attachments or None for one in found], pa.int32())
    if any(one.fault for one in found):
        arrays["prompt_fault"] = pa.array([one.fault for one in found], pa.string())
    return arrays


def _sound(text: str | None) -> str | None:
    """A text that can be written as UTF-8: JSON may hold half of a surrogate pair."""
    if text is None or text.isascii():
        return text
    return text.encode("utf-8", "replace").decode()


def faults(column: pa.Array) -> Iterator[tuple[np.ndarray, str]]:
    """Rows of ``prompt_fault`` (bool, one per row) whose chat gave no prompt, and why."""
    for reason in (CUT, UNMARKED, TEMPLATE, APART, NO_TEXT):
        yield pc.fill_null(pc.equal(column, reason), False).to_numpy(zero_copy_only=False), reason
