"""What becomes of a bot when things are said of it, in any order, late and repeated."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.bot_status.domain import (
    FOLLOWED,
    RANKS,
    Kind,
    Meaning,
    ObservationVerdict,
    ReportedStatus,
    Source,
)
from services.bot_status.observing import Step, fail, observe, ready
from services.bot_status.patience import Patience
from services.status.domain import BotState
from tests.builders.bot_status import NOW, a_bot

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)

MEANINGS = [
    *(Meaning(kind=Kind.MOVED, state=state) for state in sorted(FOLLOWED, key=RANKS.__getitem__)),
    *(Meaning(kind=kind) for kind in Kind if kind is not Kind.MOVED),
]
SAID = st.builds(
    ReportedStatus, raw_status=st.sampled_from("abc"), meaning=st.sampled_from(MEANINGS)
)


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


@given(SAID)
def test_what_is_said_twice_says_nothing_new(what: ReportedStatus) -> None:
    first = observe(a_bot(), Source.CALLBACK, what, NOW)
    second = observe(first.bot, Source.CALLBACK, what, NOW + MINUTE)

    assert second.bot == first.bot
    assert second.verdict in (
        ObservationVerdict.DUPLICATE,
        ObservationVerdict.STALE,
        ObservationVerdict.ILLEGAL,
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
    bot = a_bot(state=BotState.CONNECTED, failed_at=NOW, failure="it broke", left_at=NOW)

    assert patience.give_up_reason(bot, NOW + 10 * MINUTE) is None
    assert patience.give_up_reason(bot, NOW + 11 * MINUTE) == "it broke"


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
