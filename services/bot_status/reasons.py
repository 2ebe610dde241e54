"""Why a bot did not get on, for people: the codes of each service, as they are documented and in their code. Pure."""

import re
from collections.abc import Iterable, Mapping

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

UNSAID = "the service that runs the bot reports an error"

_MOST_WORDS = 200


def reason_of(codes: Iterable[str], otherwise: str, service: str) -> str:
    """Return why a bot has ended, by the codes that its service set, in their order: the last two are told.

    A later one often says only how the bot left, and an earlier one why there was nothing to stay for.
    """
    said = list(dict.fromkeys(sentence(code, service) for code in codes if code))
    return "; ".join(said[-2:]) or otherwise


def sentence(code: str, service: str) -> str:
    """Return what a code says; one that nobody knows is shown as words, with who said it."""
    words = " ".join(re.split(r"[\s_]+", code)).strip()[:_MOST_WORDS]
    return SENTENCES.get(code.strip().lower()) or f"{service} says: {words}"
