"""What the words of each service mean: their documentation, as tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bot_status import vocabulary
from services.bot_status.domain import Kind, Meaning
from services.bot_status.reasons import SENTENCES, UNSAID
from services.bot_status.vocabulary import PlainWord
from services.status.domain import BotState

INITIALIZED, CONNECTING, CONNECTED = (
    BotState.INITIALIZED,
    BotState.CONNECTING,
    BotState.CONNECTED,
)


def short(meaning: Meaning) -> object:
    return meaning.state or meaning.kind


@pytest.mark.parametrize(
    ("state", "recording", "means"),
    [
        ("ready", "not_started", INITIALIZED),
        ("scheduled", "not_started", INITIALIZED),
        ("staged", "not_started", INITIALIZED),
        ("joining", "not_started", CONNECTING),
        ("waiting_room", "not_started", CONNECTING),
        ("joined_not_recording", "not_started", CONNECTED),
        ("joined_recording", "in_progress", CONNECTED),
        ("joined_recording_paused", "paused", CONNECTED),
        ("joined_recording_permission_denied", "not_started", CONNECTED),
        ("joining_breakout_room", "in_progress", CONNECTED),
        ("leaving", "in_progress", CONNECTED),
        ("post_processing", "complete", Kind.PREPARING),
        ("ended", "complete", Kind.RECORDED),
        ("ended", "in_progress", Kind.PREPARING),
        ("ended", "not_started", Kind.UNRECORDED),
        ("ended", "failed", Kind.UNRECORDED),
        ("fatal_error", "complete", Kind.RECORDED),
        ("fatal_error", "in_progress", Kind.FAILED),
        ("fatal_error", "not_started", Kind.FAILED),
        ("data_deleted", "complete", Kind.UNRECORDED),
        ("transcribing", "", Kind.OURS),
        ("something_new", "", Kind.NOTHING),
    ],
)
def test_attendee(state: str, recording: str, means: object) -> None:
    assert short(vocabulary.attendee(state, recording, [])) == means


@pytest.mark.parametrize(
    ("sub_types", "says"),
    [
        (["request_to_join_denied"], "the request to join was denied"),
        (["", "request_to_join_denied", ""], "the request to join was denied"),
        (
            ["host_denied_permission", "", "auto_leave_silence", ""],
            "the host did not allow the recording; the bot left, since nobody spoke",
        ),
        (["brand_new"], "Attendee says: brand new"),
        (["Brand New\nreason"], "Attendee says: Brand New reason"),
        (["", ""], "the bot failed"),
        ([], "the bot failed"),
    ],
)
def test_the_last_sub_types_that_attendee_has_set_say_why(sub_types: list[str], says: str) -> None:
    failed = vocabulary.attendee("fatal_error", "in_progress", sub_types)
    ended = vocabulary.attendee("ended", "failed", sub_types)

    assert failed.message == says
    assert ended.message == says.replace("the bot failed", "the meeting was not recorded")


@pytest.mark.parametrize(
    ("state", "recording", "events", "outside"),
    [
        ("fatal_error", "not_started", ["join_requested", "could_not_join_meeting"], True),
        ("fatal_error", "not_started", ["join_requested", "joined_meeting"], False),
        ("fatal_error", "in_progress", [], False),
        ("post_processing", "not_started", ["join_requested", "meeting_ended"], True),
        ("post_processing", "in_progress", ["joined_meeting", "meeting_ended"], False),
        ("ended", "not_started", ["join_requested", "put_in_waiting_room"], True),
    ],
)
def test_events_of_attendee_tell_who_was_in_the_meeting(
    state: str, recording: str, events: list[str], outside: bool
) -> None:
    assert vocabulary.attendee(state, recording, [], events).outside is outside


@pytest.mark.parametrize(
    ("status", "reason", "stage", "means"),
    [
        ("idle", "", "", INITIALIZED),
        ("requested", "", "", INITIALIZED),
        ("joining", "", "", CONNECTING),
        ("awaiting_admission", "", "", CONNECTING),
        ("needs_help", "", "", CONNECTING),
        ("active", "", "", CONNECTED),
        ("stopping", "", "", CONNECTED),
        ("completed", "stopped", "", Kind.RECORDED),
        ("completed", "startup_alone", "", Kind.UNRECORDED),
        ("failed", "join_failure", "joining", Kind.FAILED),
        ("failed", "", "", Kind.FAILED),
        ("completed", "", "", Kind.RECORDED),
        ("completed", "left_alone", "", Kind.RECORDED),
        ("completed", "max_bot_time_exceeded", "", Kind.RECORDED),
        ("completed", "evicted", "", Kind.FAILED),
        ("completed", "join_failure", "", Kind.FAILED),
        ("completed", "auth_session_missing", "", Kind.FAILED),
        ("completed", "awaiting_admission_timeout", "", Kind.FAILED),
        ("completed", "awaiting_admission_rejected", "", Kind.FAILED),
        ("completed", "brand_new", "", Kind.FAILED),
        ("failed", "evicted", "active", Kind.FAILED),
        ("brand_new", "", "", Kind.NOTHING),
    ],
)
def test_vexa(status: str, reason: str, stage: str, means: object) -> None:
    assert short(vocabulary.vexa(status, reason, stage)) == means


@pytest.mark.parametrize(
    ("status", "reason", "stage", "was_in", "outside"),
    [
        ("failed", "join_failure", "joining", None, True),
        ("failed", "join_failure", "joining", True, False),  # a stage from before it came in
        ("failed", "", "", None, False),  # nobody knows
        ("failed", "", "", False, True),
        ("failed", "evicted", "active", None, False),
        ("completed", "stopped", "", None, True),
        ("completed", "stopped", "", True, False),
        ("completed", "awaiting_admission_timeout", "", None, True),
        ("completed", "evicted", "", None, False),
        ("completed", "evicted", "", False, True),
    ],
)
def test_whether_vexa_was_in_the_meeting(
    status: str, reason: str, stage: str, was_in: bool | None, outside: bool
) -> None:
    meaning = vocabulary.vexa(status, reason, stage, was_in=was_in)
    assert meaning.outside is outside
    assert meaning.message or meaning.kind is Kind.RECORDED


@pytest.mark.parametrize(
    ("codes", "sub_codes", "says"),
    [
        (
            ["joining_call", "in_waiting_room", "call_ended", "done"],
            ["", "", "timeout_exceeded_waiting_room", ""],
            "nobody let the bot in from the waiting room",
        ),
        (["in_call_recording", "fatal"], ["", "bot_errored"], "the bot broke"),
        (["in_call_recording", "fatal"], ["", "webex_new"], "Recall.ai says: webex new"),
        (["call_ended", "done"], ["", ""], "Recall.ai has no recording of the meeting"),
    ],
)
def test_the_last_sub_code_that_recall_has_set_says_why(
    codes: list[str], sub_codes: list[str], says: str
) -> None:
    assert vocabulary.recall(codes, sub_codes, has_media=False).message == says


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ("", UNSAID),
        ("the disk is full", "the disk is full"),
        ("request_to_join_denied", "the request to join was denied"),
        ("Evicted", "the bot was removed from the meeting"),
        ("brand_new-code", "the service that runs the bot says: brand new-code"),
    ],
)
def test_a_plain_service_says_why_in_codes_or_in_words(message: str, says: str) -> None:
    assert vocabulary.plain("error", message, {}).message == says


def test_every_code_has_a_sentence_that_reads_as_one() -> None:
    for code, says in SENTENCES.items():
        assert code == code.lower()
        assert "_" not in says
        assert says[-1].isalpha() or says[-1] == "?"


@pytest.mark.parametrize(
    ("codes", "has_media", "means"),
    [
        ([], False, INITIALIZED),
        (["ready"], False, INITIALIZED),
        (["joining_call"], False, CONNECTING),
        (["joining_call", "in_waiting_room"], False, CONNECTING),
        (["in_call_not_recording"], False, CONNECTED),
        (["recording_permission_denied"], False, CONNECTED),
        (["in_call_recording"], False, CONNECTED),
        (["in_call_recording", "call_ended"], True, Kind.PREPARING),
        (["recording_done"], True, Kind.PREPARING),
        (["done"], True, Kind.RECORDED),
        (["done"], False, Kind.FAILED),
        (["joining_call", "fatal"], False, Kind.FAILED),
        (["joining_call", "in_call_recording", "fatal"], False, Kind.FAILED),
        (["joining_call", "in_call_recording", "fatal"], True, Kind.RECORDED),
        (["media_expired"], False, Kind.UNRECORDED),
        (["brand_new"], False, Kind.NOTHING),
        (["in_call_recording", "done", "brand_new"], True, Kind.RECORDED),
        (["in_call_recording", "call_ended", "brand_new"], True, Kind.PREPARING),
        (["in_call_recording", "brand_new", "brand_new"], False, CONNECTED),
    ],
)
def test_recall(codes: list[str], has_media: bool, means: object) -> None:
    assert short(vocabulary.recall(codes, [], has_media=has_media)) == means


@pytest.mark.parametrize(
    ("raw", "means"),
    [
        ("initialized", INITIALIZED),
        ("connecting", CONNECTING),
        ("connected", CONNECTED),
        ("ended", Kind.PREPARING),
        ("error", Kind.FAILED),
        ("transcribing", Kind.OURS),
        ("analyzing_meeting", Kind.OURS),
        ("creating_tasks", Kind.OURS),
        ("done", Kind.OURS),
        ("shiny", Kind.NOTHING),
    ],
)
def test_a_plain_service(raw: str, means: object) -> None:
    assert short(vocabulary.plain(raw, "", {})) == means


def test_the_words_of_the_operator_go_first() -> None:
    own = {"shiny": PlainWord.CONNECTED, "done": PlainWord.LEFT, "connected": PlainWord.IGNORED}

    assert short(vocabulary.plain("shiny", "", own)) == CONNECTED
    assert short(vocabulary.plain("done", "", own)) == Kind.PREPARING
    assert short(vocabulary.plain("connected", "", own)) == Kind.NOTHING


@pytest.mark.parametrize(
    ("path", "answer", "status"),
    [
        ("status", {"status": " Joined "}, "joined"),
        ("status.code", {"status": {"code": "in_call"}}, "in_call"),
        ("status_changes[-1].code", {"status_changes": [{"code": "a"}, {"code": "b"}]}, "b"),
        ("status_changes[-1].code", {"status_changes": []}, None),
        ("status.code", {"status": "joined"}, None),
        ("status", {"status": {"code": "x"}}, None),
        ("status", {"status": ""}, None),
        ("status", [], None),
    ],
)
def test_a_status_is_found_by_its_path(path: str, answer: object, status: str | None) -> None:
    assert vocabulary.has_path_syntax(path)
    assert vocabulary.status_at(answer, path) == status


@given(
    st.sampled_from(["status", "status.code", "status_changes[-1].code"]),
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["status", "code", "status_changes"]), inner)
        ),
        max_leaves=8,
    ),
)
def test_no_answer_breaks_the_search(path: str, answer: object) -> None:
    found = vocabulary.status_at(answer, path)
    assert found is None or found


@given(st.text(), st.text(), st.text())
def test_every_word_means_something(state: str, recording: str, sub_type: str) -> None:
    for meaning in (
        vocabulary.attendee(state, recording, [sub_type], [recording]),
        vocabulary.vexa(state, recording, sub_type),
        vocabulary.recall([recording, state], [sub_type], has_media=False),
        vocabulary.plain(state, sub_type, {}),
    ):
        assert (meaning.state is not None) == (meaning.kind is Kind.MOVED)
