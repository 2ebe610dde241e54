"""The words of each service that runs bots, and what they mean, as their documentation and code have them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from services.bot_status.domain import Kind, Meaning
from services.bot_status.reasons import SENTENCES, UNSAID, reason_of, sentence
from services.kernel.strangers import storable
from services.status.domain import BotState, FastEnum


class PlainWord(FastEnum):
    """The meanings that an operator may give the statuses of a plain service; the values are what is written."""

    INITIALIZED = "initialized"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    LEFT = "left"
    """The bot has left, and its service will hand the recording over."""
    FAILED = "failed"
    IGNORED = "ignored"


INITIALIZED = Meaning(kind=Kind.MOVED, state=BotState.INITIALIZED)
CONNECTING = Meaning(kind=Kind.MOVED, state=BotState.CONNECTING)
CONNECTED = Meaning(kind=Kind.MOVED, state=BotState.CONNECTED)
PREPARING = Meaning(kind=Kind.PREPARING)
RECORDED = Meaning(kind=Kind.RECORDED)
OURS = Meaning(kind=Kind.OURS)
NOTHING = Meaning(kind=Kind.NOTHING)

_OUR_STATES = frozenset({"transcribing", "analyzing_meeting", "creating_tasks", "done"})

_PLAIN = {
    PlainWord.INITIALIZED: INITIALIZED,
    PlainWord.CONNECTING: CONNECTING,
    PlainWord.CONNECTED: CONNECTED,
    PlainWord.LEFT: PREPARING,
    PlainWord.FAILED: Meaning(kind=Kind.FAILED),
    PlainWord.IGNORED: NOTHING,
}
PLAIN_WORDS: Mapping[str, PlainWord] = {
    **dict.fromkeys(
        ("initialized", "created", "new", "pending", "queued", "ready", "requested", "scheduled",
         "staged", "starting"), PlainWord.INITIALIZED),
    **dict.fromkeys(
        ("connecting", "joining", "joining_call", "waiting_room", "in_waiting_room", "lobby",
         "awaiting_admission"), PlainWord.CONNECTING),
    **dict.fromkeys(
        ("connected", "joined", "active", "in_call", "in_meeting", "recording", "in_call_recording",
         "joined_recording", "leaving", "stopping"), PlainWord.CONNECTED),
    **dict.fromkeys(
        ("call_ended", "completed", "ended", "finished", "left", "meeting_ended",
         "post_processing", "processing", "recording_done", "stopped"), PlainWord.LEFT),
    **dict.fromkeys(
        ("error", "failed", "fatal", "fatal_error", "could_not_join", "kicked", "rejected"),
        PlainWord.FAILED),
}  # fmt: skip

_ATTENDEE: Mapping[str, Meaning] = {
    **dict.fromkeys(("ready", "scheduled", "staged"), INITIALIZED),
    **dict.fromkeys(("joining", "waiting_room", "connecting"), CONNECTING),
    **dict.fromkeys(
        ("joined_not_recording", "joined_recording", "joined_recording_paused",
         "joined_recording_permission_denied", "joining_breakout_room", "leaving_breakout_room",
         "leaving", "connected", "disconnecting"), CONNECTED),
}  # fmt: skip

_VEXA: Mapping[str, Meaning] = {
    **dict.fromkeys(("idle", "scheduled", "requested"), INITIALIZED),
    **dict.fromkeys(("joining", "awaiting_admission", "needs_help"), CONNECTING),
    **dict.fromkeys(("active", "stopping"), CONNECTED),
}

_RECALL: Mapping[str, Meaning] = {
    "ready": INITIALIZED,
    **dict.fromkeys(("joining_call", "in_waiting_room"), CONNECTING),
    **dict.fromkeys(
        ("in_call_not_recording", "recording_permission_allowed", "recording_permission_denied",
         "in_call_recording"), CONNECTED),
    "media_expired": Meaning(
        kind=Kind.UNRECORDED, message="the recording has expired before it was fetched"),
}  # fmt: skip

_RECALL_KNOWN = frozenset(_RECALL) | {
    "call_ended", "recording_done", "done", "fatal", "analysis_done", "analysis_failed",
}  # fmt: skip

_CODE = re.compile(r"[A-Za-z0-9]+([_-][A-Za-z0-9]+)+")
_ATTENDEE_IN = ("joined", "recording", "began", "left_breakout")
"""How the types of events begin that happen only in a meeting."""
_RECALL_IN = ("in_call", "recording")
_VEXA_OUTSIDE = frozenset({
    "stopped", "awaiting_admission_timeout", "awaiting_admission_rejected", "join_failure",
    "auth_session_missing", "validation_error", "start_failed",
})  # fmt: skip
"""Reasons for an end of a bot of which nothing else tells that it was in the meeting."""


def plain(raw: str, message: str, own: Mapping[str, PlainWord]) -> Meaning:
    """Return what a status of a plain service means; `own` are the words of its operator, which go first."""
    word = own.get(raw) or (None if raw in _OUR_STATES else PLAIN_WORDS.get(raw))
    if word is None:
        return OURS if raw in _OUR_STATES else NOTHING
    if word is PlainWord.FAILED:
        return Meaning(kind=Kind.FAILED, message=_in_words(message) or UNSAID)
    return _PLAIN[word]


def _in_words(message: str) -> str:
    """Return what a plain service says, which may be a code or a text for people."""
    message = message.strip()
    code = _CODE.fullmatch(message) is not None or message.lower() in SENTENCES
    return sentence(message, "the service that runs the bot") if code else message


def attendee(
    state: str, recording: str, sub_types: Sequence[str], events: Sequence[str] = ()
) -> Meaning:
    """Return what Attendee means by `state`, `recording_state`, and the sub-types and types of the events, in order."""
    outside = recording in ("", "not_started") and not any(
        each.startswith(_ATTENDEE_IN) for each in events
    )
    match state:
        case "ended" | "fatal_error" if recording == "complete":
            return RECORDED
        case "ended" if recording in ("failed", "not_started"):
            why = reason_of(sub_types, "the meeting was not recorded", "Attendee")
            return Meaning(kind=Kind.UNRECORDED, message=why, outside=outside)
        case "ended" if recording in ("in_progress", "paused"):
            return PREPARING
        case "ended":  # a look for the recording tells
            return RECORDED
        case "fatal_error":
            why = reason_of(sub_types, "the bot failed", "Attendee")
            return Meaning(kind=Kind.FAILED, message=why, outside=outside)
        case "data_deleted":
            return Meaning(
                kind=Kind.UNRECORDED, message="the recording was deleted before it was fetched"
            )
        case "post_processing":
            return Meaning(kind=Kind.PREPARING, outside=outside)
        case _ if state in _OUR_STATES:
            return OURS
        case _:
            return _ATTENDEE.get(state, NOTHING)


def vexa(status: str, reason: str, stage: str, *, was_in: bool | None = None) -> Meaning:
    """Return what Vexa means by `status`, `completion_reason` and `failure_stage`.

    `was_in` tells whether the meeting has a time at which the bot came in, None where that is not said. A stage may be
    left over from before the bot came in.
    """
    match status:
        case "completed" if reason in _VEXA_OUTSIDE:
            recorded = reason == "stopped"
            return Meaning(
                kind=Kind.RECORDED if recorded else Kind.FAILED,
                message=reason_of([reason], "", "Vexa"),
                outside=was_in is not True,
            )
        case "completed" if reason == "startup_alone":
            return Meaning(kind=Kind.UNRECORDED, message=SENTENCES[reason])
        case "completed" if reason in ("", "left_alone", "max_bot_time_exceeded"):
            return RECORDED
        case "completed":
            return Meaning(
                kind=Kind.FAILED,
                message=reason_of([reason], "", "Vexa"),
                outside=was_in is False,
            )
        case "failed":
            return Meaning(
                kind=Kind.FAILED,
                message=reason_of([reason], "the bot failed", "Vexa"),
                outside=was_in is False or (was_in is None and stage not in ("", "active")),
            )
        case _ if status in _OUR_STATES:
            return OURS
        case _:
            return _VEXA.get(status, NOTHING)


def recall(codes: Sequence[str], sub_codes: Sequence[str], *, has_media: bool) -> Meaning:
    """Return what Recall.ai means by the codes and sub-codes of all status changes, in order.

    The codes are no closed list. After `fatal` a bot can still come to `done`, with what it had recorded; and what was
    recorded may be there only a while after `done`.
    """
    if not codes:
        return INITIALIZED
    outside = not has_media and not any(code.startswith(_RECALL_IN) for code in codes)
    # A code that nobody knows says nothing, also after the end.
    match next((code for code in reversed(codes) if code in _RECALL_KNOWN), codes[-1]):
        case "done" | "fatal" | "analysis_done" | "analysis_failed" if has_media:
            return RECORDED
        case "done" | "analysis_done" | "analysis_failed":
            why = reason_of(sub_codes, "Recall.ai has no recording of the meeting", "Recall.ai")
            return Meaning(kind=Kind.FAILED, message=why, outside=outside)
        case "fatal":
            why = reason_of(sub_codes, "the bot failed", "Recall.ai")
            return Meaning(kind=Kind.FAILED, message=why, outside=outside)
        case "call_ended" | "recording_done":
            return Meaning(kind=Kind.PREPARING, outside=outside)
        case code if code in _OUR_STATES:
            return OURS
        case code:
            return _RECALL.get(code, NOTHING)


def status_at(answer: Any, path: str) -> str | None:
    """Return the word at a path such as `status.code` or `status_changes[-1].code`, in lower case, or None."""
    found = answer
    for step in path.replace("[-1]", ".-1").split("."):
        match found, step:
            case [*_, last], "-1":
                found = last
            case dict(), _:
                found = found.get(step)
            case _:
                return None
    text = storable(found).strip().lower() if isinstance(found, str) else ""
    return text or None


def has_path_syntax(path: str) -> bool:
    """Tell whether `status_at` can read a path: names joined by dots, `[-1]` for the last of a list."""
    names = path.replace("[-1]", "").split(".")
    return all(name.isidentifier() for name in names)
