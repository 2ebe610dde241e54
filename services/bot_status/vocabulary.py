"""The words of each service that runs bots, and what they mean, as their documentation and code have them."""

import re
from collections.abc import Iterable, Mapping, Sequence
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

SENTENCES: Mapping[str, str] = {
    # Attendee
    "meeting_not_started_waiting_for_host": "the host did not start the meeting",
    "request_to_join_denied": "the request to join was denied",
    "waiting_room_timeout_exceeded": "nobody let the bot in from the waiting room",
    "meeting_not_found": "there is no such meeting",
    "login_required": "the meeting takes signed-in people only",
    "bot_login_attempt_failed": "the bot could not sign in",
    "blocked_by_captcha": "a captcha kept the bot out",
    "unable_to_connect_to_meeting": "the bot could not connect: is the password in the link right?",
    "authorized_user_not_in_meeting_timeout_exceeded":
        "the user whom the bot needs there did not come to the meeting",
    "zoom_authorization_failed": "Zoom did not take the credentials of the service that runs bots",
    "zoom_meeting_status_failed": "Zoom refused the bot",
    "zoom_sdk_internal_error": "Zoom failed",
    "zoom_app_cannot_join_anonymously": "Zoom lets this bot in only on behalf of a signed-in user",
    "unpublished_zoom_app": "the Zoom app of the service may join meetings of its own account only",
    "host_denied_permission": "the host did not allow the recording",
    "request_timed_out": "nobody answered the request to record",
    "host_client_cannot_grant_permission": "the host's program cannot allow a recording",
    "webinar_attendee_needs_panelist_promotion":
        "the bot was a listener of a webinar, and only panelists may record",
    "user_requested": "the bot was asked to leave",
    "auto_leave_silence": "the bot left, since nobody spoke",
    "auto_leave_only_participant_in_meeting": "the bot left, since nobody else was there",
    "auto_leave_max_uptime_exceeded": "the bot left at the longest time it may stay",
    "auto_leave_could_not_enable_closed_captions":
        "the bot left, since it could not turn captions on",
    "out_of_credits": "the account of the service that runs bots has no credit left",
    "bot_not_launched": "the service could not launch the bot",
    "process_terminated": "the bot's process was ended",
    "heartbeat_timeout": "the bot's process was heard of no more",
    "rtmp_connection_failed": "the bot could not send its stream",
    "ui_element_not_found": "the bot did not find its way in the meeting's page",
    "attendee_internal_error": "Attendee itself failed",
    "global_runtime_timeout": "the bot ran longer than its service lets any run",
    # Vexa
    "stopped": "the bot was asked to leave",
    "startup_alone": "nobody came to the meeting",
    "left_alone": "everybody else had left",
    "evicted": "the bot was removed from the meeting",
    "awaiting_admission_timeout": "nobody let the bot into the meeting",
    "awaiting_admission_rejected": "the bot was not let into the meeting",
    "join_failure": "the bot could not join the meeting",
    "auth_session_missing": "the meeting takes signed-in people only",
    "validation_error": "the service that runs bots did not take what it was told of the meeting",
    "max_bot_time_exceeded": "the bot left at the longest time it may stay",
    "start_failed": "the service could not launch the bot",
    # Recall.ai, at the end of a call
    "call_ended_by_host": "the host ended the meeting",
    "call_ended_by_platform_idle": "the platform ended the meeting, since nobody was there",
    "call_ended_by_platform_max_length": "the platform ended the meeting at its longest length",
    "call_ended_by_platform_waiting_room_timeout": "nobody let the bot in from the waiting room",
    "timeout_exceeded_waiting_room": "nobody let the bot in from the waiting room",
    "timeout_exceeded_noone_joined": "nobody came to the meeting",
    "timeout_exceeded_everyone_left": "everybody else had left",
    "timeout_exceeded_silence_detected": "the bot left, since nobody spoke",
    "timeout_exceeded_only_bots_detected_using_participant_names":
        "the bot left, since only bots were there",
    "timeout_exceeded_only_bots_detected_using_participant_events":
        "the bot left, since only bots were there",
    "timeout_exceeded_in_call_not_recording": "the bot was in the meeting and could not record",
    "timeout_exceeded_in_call_recording": "the bot left at the longest time it may record",
    "timeout_exceeded_recording_permission_denied": "the host did not allow the recording",
    "timeout_exceeded_max_duration": "the bot left at the longest time it may stay",
    "bot_kicked_from_waiting_room": "the bot was removed from the waiting room",
    "bot_kicked_from_call": "the bot was removed from the meeting",
    "bot_received_leave_call": "the bot was asked to leave",
    # Recall.ai, where recording was not allowed
    "zoom_local_recording_disabled": "the host's Zoom does not allow local recordings",
    "zoom_local_recording_request_disabled": "the host's Zoom lets nobody ask to record",
    "zoom_local_recording_request_disabled_by_host": "the host lets nobody ask to record",
    "zoom_bot_in_waiting_room": "the bot was put back into the waiting room",
    "zoom_host_not_present": "the host was not there to allow the recording",
    "zoom_local_recording_request_denied_by_host": "the host did not allow the recording",
    "zoom_local_recording_denied": "the host did not allow the recording",
    "zoom_local_recording_grant_not_supported": "the host's program cannot allow a recording",
    "zoom_sdk_key_blocked_by_host_admin": "the host's administrator does not allow the bot",
    # Recall.ai, where a bot broke
    "bot_errored": "the bot broke",
    "meeting_not_started": "the meeting was not started",
    "meeting_requires_registration": "the meeting takes registered people only",
    "meeting_requires_sign_in": "the meeting takes signed-in people only",
    "meeting_link_expired": "the link to the meeting has expired",
    "meeting_link_invalid": "the link to the meeting is wrong",
    "meeting_password_incorrect": "the password of the meeting is wrong",
    "meeting_locked": "the meeting is locked",
    "meeting_full": "the meeting is full",
    "meeting_ended": "the meeting had ended already",
    "failed_to_launch_in_time": "the service could not launch the bot in time",
    "zoom_sdk_credentials_missing": "the service that runs bots has no credentials for Zoom",
    "zoom_sdk_update_required": "the service that runs bots needs a newer Zoom",
    "zoom_sdk_app_not_published":
        "the Zoom app of the service may join meetings of its own account only",
    "zoom_email_blocked_by_admin": "the host's administrator blocks the bot's address",
    "zoom_registration_required": "the meeting takes registered people only",
    "zoom_captcha_required": "a captcha kept the bot out",
    "zoom_account_blocked": "Zoom has blocked the bot's account",
    "zoom_invalid_join_token": "Zoom did not take the bot's token",
    "zoom_invalid_signature": "Zoom did not take the credentials of the service that runs bots",
    "zoom_internal_error": "Zoom failed",
    "zoom_join_timeout": "Zoom did not let the bot in in time",
    "zoom_email_required": "the meeting takes only people who give an address",
    "zoom_web_disallowed": "the host does not let people in by a browser",
    "zoom_connection_failed": "the bot could not connect to Zoom",
    "zoom_error_multiple_device_join": "the bot's account was in the meeting already",
    "zoom_meeting_not_accessible": "the meeting is not open to the bot",
    "zoom_meeting_host_inactive": "the host's account is not active",
    "zoom_invalid_webinar_invite": "the invitation to the webinar is wrong",
    "zoom_another_meeting_in_progress": "the host is in another meeting",
    "google_meet_internal_error": "Google Meet failed",
    "google_meet_sign_in_failed": "the bot could not sign in to Google",
    "google_meet_sign_in_captcha_failed": "a captcha kept the bot from signing in to Google",
    "google_meet_bot_blocked": "Google Meet blocked the bot",
    "google_meet_sso_sign_in_failed": "the bot could not sign in to Google",
    "google_meet_sign_in_missing_login_credentials": "the bot has no credentials for Google",
    "google_meet_sign_in_missing_recovery_credentials": "the bot has no credentials for Google",
    "google_meet_sso_sign_in_missing_login_credentials": "the bot has no credentials for Google",
    "google_meet_sso_sign_in_missing_totp_secret": "the bot has no credentials for Google",
    "google_meet_video_error": "Google Meet failed",
    "google_meet_meeting_room_not_ready": "the meeting was not ready",
    "google_meet_login_not_available": "no account was free for the bot to sign in to Google",
    "google_meet_permission_denied_breakout": "the bot may not enter the breakout room",
    "google_meet_knocking_disabled": "the meeting lets nobody ask to join",
    "microsoft_teams_sign_in_credentials_missing": "the bot has no credentials for Teams",
    "microsoft_teams_call_dropped": "Teams ended the bot's call",
    "microsoft_teams_sign_in_failed": "the bot could not sign in to Teams",
    "microsoft_teams_internal_error": "Teams failed",
    "microsoft_teams_captcha_error": "a captcha kept the bot out",
    "microsoft_teams_bot_not_invited": "the meeting takes invited people only",
    "microsoft_teams_breakout_room_unsupported": "the bot cannot enter breakout rooms of Teams",
    "microsoft_teams_event_not_started_for_external": "the event was not open to guests yet",
    "microsoft_teams_2fa_required": "the bot's account needs a second factor to sign in to Teams",
    "webex_join_meeting_error": "the bot could not join the meeting",
}  # fmt: skip
"""Why a bot did not get on, for people: what the services document, and what is in their code."""

UNSAID = "the service that runs the bot reports an error"

_MOST_WORDS = 200
_CODE = re.compile(r"[A-Za-z0-9]+([_-][A-Za-z0-9]+)+")
_ATTENDEE_IN = ("joined", "recording", "began", "left_breakout")
"""How the types of events begin that happen only in a meeting."""
_RECALL_IN = ("in_call", "recording")
_VEXA_OUTSIDE = frozenset({
    "stopped", "awaiting_admission_timeout", "awaiting_admission_rejected", "join_failure",
    "auth_session_missing", "validation_error", "start_failed",
})  # fmt: skip
"""Reasons for an end of a bot of which nothing else tells that it was in the meeting."""


def reason_of(codes: Iterable[str], otherwise: str, service: str) -> str:
    """Return why a bot has ended, by the codes that its service set, in their order: the last two are told.

    A later one often says only how the bot left, and an earlier one why there was nothing to stay for.
    """
    said = list(dict.fromkeys(_said(code, service) for code in codes if code))
    return "; ".join(said[-2:]) or otherwise


def _said(code: str, service: str) -> str:
    words = " ".join(re.split(r"[\s_]+", code)).strip()[:_MOST_WORDS]
    return SENTENCES.get(code.strip().lower()) or f"{service} says: {words}"


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
    return _said(message, "the service that runs the bot") if code else message


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
    match codes[-1]:
        case "done" | "fatal" | "analysis_done" | "analysis_failed" if has_media:
            return RECORDED
        case "done" | "analysis_done" | "analysis_failed":
            why = reason_of(sub_codes, "the meeting was not recorded", "Recall.ai")
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
