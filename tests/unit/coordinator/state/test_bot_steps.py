"""The state machine of bots: who may say what, and that no disorder of observations can break it."""

from datetime import timedelta
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.coordinator.state import bot_steps as bots
from services.coordinator.state import order, sequence
from services.coordinator.state.bot import FINAL, FROM_OUTSIDE, FROM_US, RANK, Bot, BotId
from services.coordinator.state.domain import (
    Execution,
    Run,
)
from services.coordinator.state.meeting_runs import expire_bot, take_bot_report
from services.coordinator.state.order import MEETING
from services.coordinator.state.reports import (
    ItemFailure,
    Verdict,
)
from services.coordinator.state.sequence import take_report
from services.coordinator.state.tenant import (
    Tenant,
)
from services.kernel.errors import WrongState
from services.status.domain import (
    BotState,
    ExecutionNumber,
    ExecutionState,
    Reason,
    RunId,
    RunMode,
    RunState,
    Stage,
    user_owner,
)
from tests.builders.coordinator import NOON, a_bot_report, a_stage_report

OUTSIDE_OPEN = [BotState.INITIALIZED, BotState.CONNECTING, BotState.CONNECTED]
ENDS = [s for s in ExecutionState if s.ended]
BOT = BotId("bot_123")


class UserWithBots:
    """The bots of a user, and numbers for what becomes of their meetings."""

    def __init__(self) -> None:
        self.tenant = Tenant(owner=user_owner("anna"), version=0)
        self.numbers = map(ExecutionNumber, count(1))
        self.run_ids = (RunId(f"run{number}") for number in count(1))
        self.now = NOON

    def report(self, sequence_: int = 1, state: BotState = OUTSIDE_OPEN[0], **fields: object) -> Verdict:  # fmt: skip
        report = a_bot_report(sequence_, state, **fields)  # type: ignore[arg-type]
        run_id = next(self.run_ids)
        verdict, touched = take_bot_report(self.tenant, report, run_id, self.next_number, self.now)
        assert bool(touched) == (verdict is Verdict.APPLIED)
        return verdict

    def next_number(self) -> ExecutionNumber:
        return next(self.numbers)

    @property
    def bot(self) -> Bot:
        return self.tenant.bots[BOT]

    @property
    def run(self) -> Run:
        assert self.bot.run_id
        return self.tenant.runs[self.bot.run_id]

    @property
    def execution(self) -> Execution:
        mine = [e for e in self.tenant.executions.values() if e.run_id == self.bot.run_id]
        return mine[-1]

    def end_stage(
        self,
        state: ExecutionState = ExecutionState.SUCCEEDED,
        *,
        success: int = 0,
        skipped: int = 0,
    ) -> None:
        number = self.execution.number
        report = a_stage_report(number, 99, state, success=success, skipped=skipped)
        judged = take_report(self.tenant, self.execution, report, self.next_number, self.now)
        assert judged.verdict is Verdict.APPLIED


@pytest.mark.parametrize("state", BotState)
@pytest.mark.parametrize("said", BotState)
def test_who_may_say_what_is_a_closed_table(state: BotState, said: BotState) -> None:
    outside, ours = bots.judge_outside(state, said), bots.judge_ours(state, said)

    if said not in FROM_OUTSIDE:
        assert outside is Verdict.ILLEGAL
    if said not in FROM_US:
        assert ours is Verdict.ILLEGAL
    for verdict in (outside, ours):
        if verdict is Verdict.APPLIED:
            assert state not in FINAL
            assert RANK[said] > RANK[state]
        if verdict is Verdict.DUPLICATE:
            assert said is state
    processed = RANK[BotState.TRANSCRIBING] <= RANK[state] < RANK[BotState.DONE]
    if said is BotState.ERROR and state not in FINAL:
        assert ours is Verdict.APPLIED
        assert outside is (Verdict.STALE if processed else Verdict.APPLIED)


def test_a_bot_goes_from_its_first_report_to_the_tasks() -> None:
    world = UserWithBots()
    seen = []
    for number, state in enumerate(OUTSIDE_OPEN, 1):
        assert world.report(number, state) is Verdict.APPLIED
        seen.append(world.bot.state)
    assert world.report(4, BotState.CONNECTED, media_ready=True) is Verdict.APPLIED
    for stage in MEETING:
        assert world.execution.stage is stage
        seen.append(world.bot.state)
        world.end_stage(success=1)
    seen.append(world.bot.state)

    assert seen == [s for s in BotState if s is not BotState.ERROR]
    assert world.run.state is RunState.COMPLETED
    assert not world.tenant.days  # a meeting counts in no ledger


def test_the_run_of_a_meeting_is_of_its_bot_and_day() -> None:
    world = UserWithBots()
    world.report(media_ready=True)

    assert (world.run.owner, world.run.client_id, world.run.bot_id) == ("user:anna", "", BOT)
    assert world.run.range.days == [NOON.date()]
    assert order.run_stages(world.run) == [(stage, RunMode.ALL) for stage in MEETING]
    assert world.run.settings.source == "bot:bot_123"
    assert world.run.settings.playbook == "meeting"
    assert world.run.settings.time_zone == "Europe/Moscow"
    assert world.execution.topic == world.run.topic == BOT


@pytest.mark.parametrize("state", [*OUTSIDE_OPEN, BotState.ERROR])
def test_a_recording_begins_the_meeting_whatever_is_said_beside_it(state: BotState) -> None:
    known, fresh = UserWithBots(), UserWithBots()
    known.report(1, BotState.CONNECTED)

    assert known.report(2, state, media_ready=True) is Verdict.APPLIED
    assert fresh.report(2, state, media_ready=True) is Verdict.APPLIED
    for world in (known, fresh):
        assert world.bot.state is BotState.TRANSCRIBING
        assert not world.bot.error_message


def test_the_recording_begins_the_meeting_once() -> None:
    world = UserWithBots()
    world.report(1, media_ready=True)

    assert world.report(1, media_ready=True) is Verdict.DUPLICATE
    assert world.report(2, media_ready=True) is Verdict.STALE
    assert len(world.tenant.runs) == 1


def test_meetings_of_a_user_go_on_at_the_same_time() -> None:
    world = UserWithBots()
    world.report(1, media_ready=True)
    world.report(1, media_ready=True, bot_id="other")

    assert [run.state for run in world.tenant.runs.values()] == [RunState.ACTIVE] * 2
    assert world.tenant.run is None


def test_a_meeting_that_failed_says_why_its_item_did() -> None:
    world = UserWithBots()
    world.report(1, media_ready=True)
    report = a_stage_report(world.execution.number, 1, ExecutionState.PARTIAL, failed=1)._replace(
        failure=ItemFailure(Reason.BAD_AUDIO, "the recording is damaged")
    )
    take_report(world.tenant, world.execution, report, world.next_number, NOON)

    assert world.run.state is RunState.FAILED
    assert (world.run.reason, world.run.message) == (Reason.BAD_AUDIO, "the recording is damaged")
    assert (world.bot.state, world.bot.error_message) == (
        BotState.ERROR,
        "the recording is damaged",
    )


def test_a_meeting_in_which_nobody_spoke_goes_on_to_its_end() -> None:
    world = UserWithBots()
    world.report(1, media_ready=True)
    world.end_stage(skipped=1)
    for _ in range(2):
        world.end_stage()

    assert world.bot.state is BotState.DONE


def test_a_cancelled_meeting_makes_its_bot_an_error_that_says_so() -> None:
    world = UserWithBots()
    world.report(1, media_ready=True)
    sequence.cancel_run(world.tenant, world.run, "anna", NOON)
    waiting = world.bot.state
    sequence.cancelled(world.tenant, world.execution, NOON)

    assert (waiting, world.bot.state) == (BotState.TRANSCRIBING, BotState.ERROR)
    assert world.bot.error_message.startswith("cancelled")


def test_the_run_of_a_meeting_is_not_retried() -> None:
    world = UserWithBots()
    world.report(1, media_ready=True)
    world.end_stage(ExecutionState.FAILED)

    with pytest.raises(WrongState) as refused:
        order.retry_stages(world.run, [world.execution], None)
    assert refused.value.reason == "RUN_OF_MEETING"


def test_a_bot_that_expires_takes_its_run_along() -> None:
    world = UserWithBots()
    world.report(1, media_ready=True)
    touched = expire_bot(world.tenant, world.bot, "nothing changed for a day", NOON)

    assert touched == [world.run, world.execution, world.bot]
    assert world.run.state is RunState.CANCELLING
    assert world.bot.error_message == "expired: nothing changed for a day"


def test_what_the_service_says_beyond_the_state_is_news() -> None:
    world = UserWithBots()
    world.report(1, BotState.CONNECTING)
    changed_at = world.bot.changed_at
    world.now += timedelta(minutes=1)

    assert world.report(2, BotState.CONNECTING, detail="waiting_room") is Verdict.APPLIED
    assert world.report(3, BotState.CONNECTING, detail="waiting_room") is Verdict.DUPLICATE
    assert world.bot.detail == "waiting_room"
    assert (world.bot.changed_at, world.bot.updated_at) == (changed_at, world.now)


@pytest.mark.parametrize("known", [False, True])
def test_a_bot_that_failed_without_a_word_says_at_least_that(known: bool) -> None:
    world = UserWithBots()
    if known:
        world.report(1, BotState.CONNECTING)
    world.report(2, BotState.ERROR)

    assert "did not say why" in world.bot.error_message


class BotMachine(RuleBasedStateMachine):
    """Poller, callback and our own stages say anything, late, again and in any order."""

    @initialize()
    def begin(self) -> None:
        self.world = UserWithBots()
        self.seen: BotState | None = None
        self.sequence = 0

    @rule(
        sequence_=st.integers(1, 12),
        state=st.sampled_from(BotState),
        media_ready=st.booleans(),
        detail=st.sampled_from(["", "waiting_room"]),
    )
    def the_outside_says(
        self, sequence_: int, state: BotState, media_ready: bool, detail: str
    ) -> None:
        world, known = self.world, BOT in self.world.tenant.bots
        if not known and state not in FROM_OUTSIDE:
            return  # refused at the edge
        before = world.bot.state if known else None
        verdict = world.report(sequence_, state, media_ready=media_ready, detail=detail)
        after = world.bot.state
        if before is None:
            assert verdict is Verdict.APPLIED
        elif before in FINAL or verdict in (Verdict.STALE, Verdict.ILLEGAL):
            assert after is before
            assert verdict is not Verdict.APPLIED
        elif after is not before:
            began = media_ready and after is BotState.TRANSCRIBING
            assert began or (state is after and after in FROM_OUTSIDE)
            assert RANK[before] < RANK[BotState.TRANSCRIBING]
        # The very same report once more never changes anything.
        again = world.report(sequence_, state, media_ready=media_ready, detail=detail)
        assert again is not Verdict.APPLIED
        assert world.bot.state is after

    @precondition(lambda self: self._has_run())
    @rule(
        state=st.sampled_from([ExecutionState.RUNNING, *ENDS]),
        at=st.integers(1, 9),
        failed=st.booleans(),
        data=st.data(),
    )
    def a_stage_reports(
        self, state: ExecutionState, at: int, failed: bool, data: st.DataObject
    ) -> None:
        tenant = self.world.tenant
        execution = tenant.executions[data.draw(st.sampled_from(sorted(tenant.executions)))]
        report = a_stage_report(
            execution.number, at, state, failed=int(failed), success=int(not failed)
        )
        take_report(tenant, execution, report, self.world.next_number, NOON)

    @precondition(lambda self: self._has_run())
    @rule(timer=st.sampled_from(["cancel", "cancelled", "fail"]))
    def a_run_is_stopped(self, timer: str) -> None:
        world = self.world
        match timer:
            case "cancel":
                sequence.cancel_run(world.tenant, world.run, "anna", NOON)
            case "cancelled":
                sequence.cancelled(world.tenant, world.execution, NOON)
            case "fail":
                reason = Reason.STAGE_SILENT
                sequence.fail_execution(world.tenant, world.execution, reason, "silent", NOON)

    @precondition(lambda self: BOT in self.world.tenant.bots)
    @rule()
    def it_expires(self) -> None:
        expire_bot(self.world.tenant, self.world.bot, "long ago", NOON)

    def _has_run(self) -> bool:
        bot = self.world.tenant.bots.get(BOT)
        return bot is not None and bot.run_id is not None

    @invariant()
    def ranks_only_grow_and_what_is_final_stays(self) -> None:
        bot = self.world.tenant.bots.get(BOT)
        if bot is None:
            return
        if self.seen is not None:
            assert RANK[bot.state] >= RANK[self.seen]
            assert self.seen not in FINAL or bot.state is self.seen
            assert bot.sequence >= self.sequence
        assert bool(bot.error_message) <= (bot.state is BotState.ERROR)
        self.seen, self.sequence = bot.state, bot.sequence

    @invariant()
    def a_bot_is_where_its_run_is(self) -> None:
        if not self._has_run():
            return
        bot, run = self.world.bot, self.world.run
        assert len(self.world.tenant.runs) == 1
        mine = [e.stage for e in self.world.tenant.executions.values()]
        assert mine == list(MEETING[: len(mine)])
        if run.state is RunState.ACTIVE:
            assert bot.state is bots.STATE_OF_STAGE[run.stage]
        elif run.state.ended:
            assert bot.final
        if bot.state is BotState.DONE:
            assert run.state is RunState.COMPLETED
            assert run.stage is Stage.TASKS


BotMachine.TestCase.settings = settings(max_examples=300, stateful_step_count=30)
test_no_disorder_breaks_a_bot = BotMachine.TestCase
