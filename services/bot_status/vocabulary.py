"""The words of each service that runs bots, and what they mean, as their documentation and code have them."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.bot_status.domain import Kind, Meaning
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
    "post_processing": PREPARING,
}  # fmt: skip

_VEXA: Mapping[str, Meaning] = {
    **dict.fromkeys(("idle", "scheduled", "requested"), INITIALIZED),
    **dict.fromkeys(("joining", "awaiting_admission", "needs_help"), CONNECTING),
    **dict.fromkeys(("active", "stopping"), CONNECTED),
    "completed": RECORDED,
}

_RECALL: Mapping[str, Meaning] = {
    "ready": INITIALIZED,
    **dict.fromkeys(("joining_call", "in_waiting_room"), CONNECTING),
    **dict.fromkeys(
        ("in_call_not_recording", "recording_permission_allowed", "recording_permission_denied",
         "in_call_recording"), CONNECTED),
    **dict.fromkeys(("call_ended", "recording_done"), PREPARING),
    "media_expired": Meaning(
        kind=Kind.UNRECORDED, message="the recording has expired before it was fetched"),
}  # fmt: skip

SENTENCES: Mapping[str, str] = {
    # Attendee
    "meeting_not_started_waiting_for_host": "the host did not start the meeting",
    "request_to_join_denied": "the request to join was denied",
    "waiting_room_timeout_exceeded": "nobody let the bot in from the waiting room",
    "meeting_not_found": "there is no such meeting",
    "login_required": "the meeting takes signed-in people only",
    "blocked_by_captcha": "a captcha kept the bot out",
    "host_denied_permission": "the host did not allow the recording",
    "request_timed_out": "nobody answered the request to record",
    "auto_leave_silence": "the bot left, since nobody spoke",
    "auto_leave_only_participant_in_meeting": "the bot left, since nobody else was there",
    "auto_leave_max_uptime_exceeded": "the bot left at the longest time it may stay",
    "out_of_credits": "the account of the service that runs bots has no credit left",
    "bot_not_launched": "the service could not launch the bot",
    # Vexa
    "startup_alone": "nobody came to the meeting",
    "left_alone": "everybody else had left",
    "evicted": "the bot was removed from the meeting",
    "awaiting_admission_timeout": "nobody let the bot into the meeting",
    "awaiting_admission_rejected": "the bot was not let into the meeting",
    "join_failure": "the bot could not join the meeting",
    "auth_session_missing": "the meeting takes signed-in people only",
    "max_bot_time_exceeded": "the bot left at the longest time it may stay",
    # Recall.ai
    "timeout_exceeded_waiting_room": "nobody let the bot in from the waiting room",
    "timeout_exceeded_noone_joined": "nobody came to the meeting",
    "timeout_exceeded_everyone_left": "everybody else had left",
    "bot_kicked_from_waiting_room": "the bot was removed from the waiting room",
    "bot_kicked_from_call": "the bot was removed from the meeting",
}
"""Why a bot did not get on, for people."""


def sentence(code: str, otherwise: str) -> str:
    """Return what a code of a service says to people."""
    return SENTENCES.get(code) or (f"{otherwise} ({code})" if code else otherwise)


def plain(raw: str, message: str, own: Mapping[str, PlainWord]) -> Meaning:
    """Return what a status of a plain service means; `own` are the words of its operator, which go first."""
    word = own.get(raw) or (None if raw in _OUR_STATES else PLAIN_WORDS.get(raw))
    if word is None:
        return OURS if raw in _OUR_STATES else NOTHING
    if word is PlainWord.FAILED:
        why = SENTENCES.get(message, message) or "the service that runs the bot reports an error"
        return Meaning(kind=Kind.FAILED, message=why)
    return _PLAIN[word]


def attendee(state: str, recording: str, sub_type: str) -> Meaning:
    """Return what Attendee means by `state`, `recording_state` and the sub-type of the last event."""
    match state:
        case "ended" | "fatal_error" if recording == "complete":
            return RECORDED
        case "ended" if recording in ("failed", "not_started"):
            why = sentence(sub_type, "the meeting was not recorded")
            return Meaning(kind=Kind.UNRECORDED, message=why)
        case "ended":
            return PREPARING
        case "fatal_error":
            why = sentence(sub_type, "the bot failed")
            kind = Kind.UNRECORDED if recording in ("failed", "not_started") else Kind.FAILED
            return Meaning(kind=kind, message=why)
        case "data_deleted":
            return Meaning(
                kind=Kind.UNRECORDED, message="the recording was deleted before it was fetched"
            )
        case _ if state in _OUR_STATES:
            return OURS
        case _:
            return _ATTENDEE.get(state, NOTHING)


def vexa(status: str, reason: str, stage: str) -> Meaning:
    """Return what Vexa means by `status`, `completion_reason` and `failure_stage`."""
    match status:
        case "completed" if reason == "startup_alone":
            return Meaning(kind=Kind.UNRECORDED, message=SENTENCES[reason])
        case "failed":
            why = sentence(reason, "the bot failed")
            kind = Kind.FAILED if stage == "active" else Kind.UNRECORDED
            return Meaning(kind=kind, message=why)
        case _ if status in _OUR_STATES:
            return OURS
        case _:
            return _VEXA.get(status, NOTHING)


def recall(codes: Sequence[str], sub_code: str, *, has_media: bool) -> Meaning:
    """Return what Recall.ai means by the codes of all status changes, in order, and the sub-code of the last.

    The codes are no closed list. After `fatal` a bot can still come to `done`, with what it had recorded.
    """
    if not codes:
        return INITIALIZED
    match codes[-1]:
        case "done" | "fatal" if has_media:
            return RECORDED
        case "done":
            why = sentence(sub_code, "the meeting was not recorded")
            return Meaning(kind=Kind.UNRECORDED, message=why)
        case "fatal":
            was_in = any(code.startswith("in_call") for code in codes)
            kind = Kind.FAILED if was_in else Kind.UNRECORDED
            return Meaning(kind=kind, message=sentence(sub_code, "the bot failed"))
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
