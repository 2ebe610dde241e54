"""What becomes of a bot when things are said of it, in any order, late and repeated."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bot_status import observing
from services.bot_status.domain import (
    FOLLOWED,
    RANKS,
    Bot,
    Kind,
    Meaning,
    ObservationVerdict,
    ReportedStatus,
    Source,
)
from services.bot_status.observing import Step, fail, hold, ready
from services.bot_status.patience import Patience
from services.bot_status.reasons import UNSAID
from services.status.domain import BotState
from tests.builders.bot_status import NOW, a_bot

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)

MEANINGS = [
    *(Meaning(kind=Kind.MOVED, state=state) for state in sorted(FOLLOWED, key=RANKS.__getitem__)),
    *(Meaning(kind=kind) for kind in Kind if kind is not Kind.MOVED),
]
SAID = st.builds(
    ReportedStatus,
    raw_status=st.sampled_from(["transcribing", "done", "analyzing_meeting"]),
    meaning=st.sampled_from(MEANINGS),
)


def observe(
    bot: Bot, source: Source, what: ReportedStatus, now: datetime, *, searchable: bool = False
) -> Step:
    return observing.observe(bot, source, what, now, Patience(), searchable=searchable)


def reported(state: BotState, raw: str = "") -> ReportedStatus:
    return ReportedStatus(
        raw_status=raw or state.value.lower(), meaning=Meaning(kind=Kind.MOVED, state=state)
    )


@given(st.lists(SAID | st.sampled_from(["ready", "fail", *BotState]), max_size=25))
def test_whatever_is_said_states_grow_and_what_is_final_or_ours_stays(
    story: "list[ReportedStatus | str | BotState]",
) -> None:
    bot = a_bot()
    for number, event in enumerate(story):
        before, now = bot, NOW + number * SECOND
        match event:
            case ReportedStatus():
                step = observe(bot, Source.POLL, event, now)
            case "ready":
                step = ready(bot, now)
            case "fail":
                step = fail(bot, "why", now)
            case BotState():
                # The coordinator's state grows, too, whatever of ours it has seen.
                public = max(bot.public_state or event, event, key=RANKS.__getitem__)
                step = Step(bot=replace(bot, public_state=public))
            case _:
                raise AssertionError(event)
        bot = step.bot
        assert RANKS[bot.state] >= RANKS[before.state]
        assert bot.state in (*FOLLOWED, BotState.ERROR)
        if not before.followed:
            assert bot.state is before.state
            assert not step.told
        if isinstance(event, ReportedStatus) and event.meaning.state and before.followed:
            behind = RANKS[event.meaning.state] < RANKS[before.state]
            assert (step.verdict is ObservationVerdict.STALE) == (
                behind or before.left_at is not None
            )
        assert bot.media_ready or not before.media_ready
        assert bot.sequence == before.sequence + step.told
        assert not (step.told and step.verdict)
        if not step.told and not isinstance(event, BotState):
            held = bot.failed_at is not None and before.failed_at is None
            assert (step.verdict is None) == held
        assert (bot.failed_at is None) == (bot.held_until is None)
        if bot.failed_at and bot.state is not BotState.ERROR and bot.followed:
            assert bot.failure


@given(SAID)
def test_what_is_said_twice_says_nothing_new(what: ReportedStatus) -> None:
    first = observe(a_bot(), Source.CALLBACK, what, NOW)
    second = observe(first.bot, Source.CALLBACK, what, NOW + MINUTE)

    assert second.bot == first.bot
    assert second.verdict in (
        ObservationVerdict.DUPLICATE,
        ObservationVerdict.STALE,
        ObservationVerdict.ILLEGAL,
        ObservationVerdict.IGNORED,
    )


def test_a_detail_is_told_and_the_plain_word_is_none() -> None:
    waiting = observe(a_bot(), Source.POLL, reported(BotState.CONNECTING, "waiting_room"), NOW).bot
    plain = observe(a_bot(), Source.POLL, reported(BotState.CONNECTING), NOW).bot

    assert (waiting.detail, plain.detail) == ("waiting_room", "")


def test_a_meeting_belongs_to_the_day_on_which_it_began() -> None:
    bot = observe(a_bot(), Source.POLL, reported(BotState.CONNECTED), NOW).bot
    later = observe(
        bot, Source.POLL, reported(BotState.CONNECTED, "recording"), NOW + 600 * MINUTE
    ).bot

    assert bot.day == later.day == date(2026, 11, 27), "at 20:30 UTC it is 01:30 in Almaty"
    assert later.joined_at == NOW


def test_each_place_has_its_patience() -> None:
    patience = Patience()
    told = {
        BotState.INITIALIZED: (15, "has not gone to the meeting for 15 minutes"),
        BotState.CONNECTING: (30, "nobody has let the bot into the meeting for 30 minutes"),
        BotState.CONNECTED: (240, "the bot has been in the meeting for 4 hours"),
    }
    for state, (minutes, text) in told.items():
        end = NOW + minutes * MINUTE
        bot = a_bot(state=state, answered_at=end)
        assert patience.give_up_reason(bot, end) is None
        assert text in (patience.give_up_reason(bot, end + SECOND) or "")
        assert patience.give_up_reason(replace(bot, failures=1), end + SECOND) is None


def test_a_recording_is_waited_for_after_the_end_of_the_meeting() -> None:
    patience = Patience()
    bot = a_bot(state=BotState.CONNECTED, left_at=NOW, answered_at=NOW)

    assert patience.give_up_reason(bot, NOW + 60 * MINUTE) is None
    assert "no recording" in (patience.give_up_reason(bot, NOW + 61 * MINUTE) or "")
    assert patience.give_up_reason(replace(bot, media_ready=True), NOW + 61 * MINUTE) is None


def test_a_failure_is_told_when_nothing_came_after_it() -> None:
    patience = Patience()
    bot = hold(a_bot(state=BotState.CONNECTED, joined_at=NOW), "it broke", NOW, patience.failed).bot

    assert (
        bot.detail == "it broke; a recording of it is waited for until 2026-11-27 01:40 Asia/Almaty"
    )
    assert not patience.is_over(bot, NOW + 9 * MINUTE, asked=True)
    assert patience.is_over(bot, NOW + 10 * MINUTE, asked=True)
    assert not patience.is_over(bot, NOW + 10 * MINUTE, asked=False), "nobody has looked"
    assert patience.is_over(bot, NOW + 800 * MINUTE, asked=False)
    assert patience.give_up_reason(bot, NOW + 800 * MINUTE) is None, "one reason is enough"
    assert (fail(bot, "it broke", NOW).bot.detail, ready(bot, NOW).bot.detail) == ("", "")


def test_a_failure_of_an_older_release_ends_in_its_time_too() -> None:
    bot = a_bot(state=BotState.CONNECTED, failed_at=NOW, failure="it broke")
    assert not Patience().is_over(bot, NOW + 9 * MINUTE, asked=True)
    assert Patience().is_over(bot, NOW + 10 * MINUTE, asked=True)


@pytest.mark.parametrize("searchable", [True, False])
@pytest.mark.parametrize("joined", [True, False])
@pytest.mark.parametrize("outside", [True, False])
@pytest.mark.parametrize("kind", [Kind.FAILED, Kind.UNRECORDED])
def test_no_end_is_told_before_a_recording_was_looked_for(
    kind: Kind, outside: bool, joined: bool, searchable: bool
) -> None:
    bot = a_bot(state=BotState.CONNECTED, joined_at=NOW) if joined else a_bot()
    what = ReportedStatus(
        raw_status="x", meaning=Meaning(kind=kind, message="it broke", outside=outside)
    )
    after = observe(bot, Source.POLL, what, NOW, searchable=searchable).bot

    if joined or searchable:
        assert after.state is bot.state
        assert after.failure == "it broke"
        certain = kind is Kind.UNRECORDED or (outside and not joined)
        assert after.held_until == (NOW if certain else NOW + 10 * MINUTE)
    else:
        assert after.state is BotState.ERROR


@pytest.mark.parametrize("searchable", [True, False])
def test_a_bot_that_nobody_looked_at_for_an_hour_may_have_been_in_its_meeting(
    searchable: bool,
) -> None:
    failed = Meaning(kind=Kind.FAILED, message="it broke", outside=True)
    what = ReportedStatus(raw_status="error", meaning=failed)
    now = NOW + 60 * MINUTE
    bot = observe(a_bot(), Source.POLL, what, now, searchable=searchable).bot

    assert (bot.state, bot.held_until) == (BotState.INITIALIZED, now + 10 * MINUTE)


def test_a_bot_that_gets_on_was_not_ended() -> None:
    stuck = hold(a_bot(), "it has not gone to the meeting", NOW, 60 * MINUTE).bot
    for what in (
        reported(BotState.CONNECTED),
        ReportedStatus(raw_status="completed", meaning=Meaning(kind=Kind.RECORDED)),
    ):
        bot = observe(stuck, Source.POLL, what, NOW + MINUTE, searchable=True).bot
        assert (bot.state, bot.failed_at, bot.failure) == (BotState.CONNECTED, None, "")


def test_a_recording_that_is_said_to_be_there_lifts_a_failure_once() -> None:
    recorded = ReportedStatus(raw_status="done", meaning=Meaning(kind=Kind.RECORDED))
    bot = observe(a_bot(), Source.POLL, recorded, NOW, searchable=True).bot
    refused = hold(bot, "the recording cannot be had", NOW, 10 * MINUTE).bot
    again = observe(refused, Source.POLL, recorded, NOW + MINUTE, searchable=True).bot

    assert again.held_until == refused.held_until


def test_why_it_failed_is_told_once_it_is_known() -> None:
    bot = a_bot(state=BotState.CONNECTED, joined_at=NOW)
    for message in (UNSAID, "the host did not allow the recording", "something else"):
        failed = Meaning(kind=Kind.FAILED, message=message)
        what = ReportedStatus(raw_status="error", meaning=failed)
        bot = observe(bot, Source.POLL, what, NOW).bot

    assert bot.failure == "the host did not allow the recording"
    assert bot.detail.startswith("the host did not allow the recording; ")


@pytest.mark.parametrize(
    ("kind", "raw", "means"),
    [
        (Kind.FAILED, "error", BotState.ERROR),
        (Kind.UNRECORDED, "data_deleted", BotState.ERROR),
        (Kind.RECORDED, "done", BotState.CONNECTED),
        (Kind.PREPARING, "ended", BotState.CONNECTED),
        (Kind.OURS, "analyzing_meeting", BotState.ANALYZING_MEETING),
        (Kind.NOTHING, "shiny", None),
    ],
)
def test_what_people_read_a_word_as(kind: Kind, raw: str, means: BotState | None) -> None:
    what = ReportedStatus(raw_status=raw, meaning=Meaning(kind=kind))
    assert observing.state_meant(what) is means


def test_an_unknown_word_is_ignored_and_no_repeat() -> None:
    what = ReportedStatus(raw_status="shiny", meaning=Meaning(kind=Kind.NOTHING))
    assert observe(a_bot(), Source.CALLBACK, what, NOW).verdict is ObservationVerdict.IGNORED


def test_a_silent_service_is_given_up_at_last() -> None:
    patience = Patience()
    bot = a_bot(failures=99)

    assert patience.give_up_reason(bot, NOW + 700 * MINUTE) is None
    assert "12 hours" in (patience.give_up_reason(bot, NOW + 721 * MINUTE) or "")


@given(st.integers(0, 10_000), st.floats(0, 1), st.integers(0, 7200) | st.none())
def test_pauses_grow_with_failures_and_end_at_the_longest(
    failures: int, jitter: float, retry_after: int | None
) -> None:
    patience = Patience()
    asked = None if retry_after is None else timedelta(seconds=retry_after)
    pause = patience.pause(failures, asked, lambda: jitter)

    if not failures:
        assert pause == patience.interval
        return
    assert patience.interval < pause <= patience.longest_pause
    if asked is not None:
        assert pause >= min(asked, patience.longest_pause)
