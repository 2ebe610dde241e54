"""What the words of each service mean: their documentation, as tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bot_status import vocabulary
from services.bot_status.domain import Kind, Meaning
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
        ("fatal_error", "not_started", Kind.UNRECORDED),
        ("data_deleted", "complete", Kind.UNRECORDED),
        ("transcribing", "", Kind.OURS),
        ("something_new", "", Kind.NOTHING),
    ],
)
def test_attendee(state: str, recording: str, means: object) -> None:
    assert short(vocabulary.attendee(state, recording, "")) == means


def test_the_sub_type_of_attendee_says_why() -> None:
    refused = vocabulary.attendee("fatal_error", "not_started", "request_to_join_denied")
    unknown = vocabulary.attendee("fatal_error", "not_started", "brand_new")

    assert refused.message == "the request to join was denied"
    assert unknown.message == "the bot failed (brand_new)"


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
        ("failed", "join_failure", "joining", Kind.UNRECORDED),
        ("failed", "evicted", "active", Kind.FAILED),
        ("brand_new", "", "", Kind.NOTHING),
    ],
)
def test_vexa(status: str, reason: str, stage: str, means: object) -> None:
    assert short(vocabulary.vexa(status, reason, stage)) == means


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
        (["done"], False, Kind.UNRECORDED),
        (["joining_call", "fatal"], False, Kind.UNRECORDED),
        (["joining_call", "in_call_recording", "fatal"], False, Kind.FAILED),
        (["joining_call", "in_call_recording", "fatal"], True, Kind.RECORDED),
        (["media_expired"], False, Kind.UNRECORDED),
        (["brand_new"], False, Kind.NOTHING),
    ],
)
def test_recall(codes: list[str], has_media: bool, means: object) -> None:
    assert short(vocabulary.recall(codes, "", has_media=has_media)) == means


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
        vocabulary.attendee(state, recording, sub_type),
        vocabulary.vexa(state, recording, sub_type),
        vocabulary.recall([recording, state], sub_type, has_media=False),
        vocabulary.plain(state, sub_type, {}),
    ):
        assert (meaning.state is not None) == (meaning.kind is Kind.MOVED)
