from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.call_sync.adapters.folder import FolderSource
from services.call_sync.domain import CallFacts, CallId, SourceUnavailable, SourceWaits
from services.call_sync.ports import CallSource
from services.call_sync.usecases import CallSync
from services.call_sync.work import CallSyncWork
from services.kernel.clock import utc_now
from services.recordings.domain import (
    AccessDenied,
    FetchFailed,
    NotAudio,
    NotFetched,
    Recording,
    RecordingMissing,
    RecordingNotReady,
    StoreUnavailable,
    TooLarge,
)
from services.stage.domain import (
    DiscoveryFailed,
    DiscoveryWaits,
    Execution,
    Failure,
    Found,
    Item,
    ItemId,
    Later,
    Limits,
    Outcome,
    Skip,
    Success,
)
from services.status.domain import (
    DateRange,
    ExecutionNumber,
    Owner,
    Reason,
    RunMode,
    Stage,
    Wait,
    WaitReason,
)
from tests.builders.call_sync import WAV, a_call
from tests.builders.stage import an_execution
from tests.fakes.call_sync import FakeCalls, FakeRecordings, FakeSource

CLINIC = Owner("client:clinic")
DELAYS = (timedelta(minutes=1), timedelta(minutes=5))
MANIFEST = """call_id,file,start_time,answered
recorded,a.wav,2026-03-01T09:30,
missed,,2026-03-01T09:40,
voicemail,a.wav,2026-03-01T09:45,no
unrecorded,,2026-03-02T10:00,yes
lost,b.wav,2026-03-02T11:00,
april,a.wav,2026-04-01T11:00,
"""


class Folder:
    """A folder of recordings and the work over it, with fakes behind."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.calls = FakeCalls()
        self.recordings = FakeRecordings()
        self.source = FakeSource()
        sources: dict[str, CallSource] = {"folder": FolderSource(), "fake": self.source}
        call_sync = CallSync(self.calls, self.recordings, sources)
        self.work = CallSyncWork(call_sync, Limits(), DELAYS)

    async def discovered(self, source: str = "") -> list[Found]:
        pages = self.work.discover(self.execution(source))
        return [found async for page in pages if not isinstance(page, Wait) for found in page]

    async def outcomes(self) -> dict[str, Outcome]:
        found = await self.discovered()
        items = [Item(item_id=item.item_id, day=item.day, attempt=1) for item in found]
        return {o.item_id: o for o in await self.work.work(self.execution(), items)}

    async def outcome(
        self, call: CallFacts, *, refusal: NotFetched | None = None, attempt: int = 1
    ) -> Outcome:
        """Return what becomes of one call of the fake source."""
        self.source.calls[call.call_id] = call
        self.source.refusal = refusal
        await self.discovered("fake:calls")
        item = Item(item_id=ItemId(call.call_id), day=call.day, attempt=attempt)
        [outcome] = await self.work.work(self.execution("fake:calls"), [item])
        return outcome

    def execution(self, source: str = "") -> Execution:
        execution = an_execution(
            Stage.CALL_SYNC,
            mode=RunMode.ALL,
            range=DateRange(start=date(2026, 3, 1), end=date(2026, 3, 31)),
        )
        settings = replace(execution.settings, source=source or f"folder:{self.path}")
        return replace(execution, settings=settings)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "calls.csv").write_text(MANIFEST)
    (tmp_path / "a.wav").write_bytes(WAV)
    return Folder(tmp_path)


async def test_discovery_finds_the_calls_of_the_range_and_stores_what_they_are(
    folder: Folder,
) -> None:
    found = await folder.discovered()

    written = (folder.path / "a.wav").stat().st_mtime_ns // 1_000_000
    assert found == [
        Found(item_id=ItemId("recorded"), day=date(2026, 3, 1), upstream=written),
        Found(item_id=ItemId("missed"), day=date(2026, 3, 1)),
        Found(item_id=ItemId("voicemail"), day=date(2026, 3, 1), upstream=written),
        Found(item_id=ItemId("unrecorded"), day=date(2026, 3, 2)),
        Found(item_id=ItemId("lost"), day=date(2026, 3, 2)),
    ]
    assert {str(call_id) for _, call_id in folder.calls.stored} == {
        str(item.item_id) for item in found
    }


async def test_a_preview_finds_the_same_and_stores_nothing(folder: Folder) -> None:
    previewed = [each async for page in folder.work.preview(folder.execution()) for each in page]

    assert await folder.calls.get_calls(CLINIC, [CallId(each.item_id) for each in previewed]) == []
    assert previewed == await folder.discovered()


async def test_each_item_ends_as_its_call_deserves(folder: Folder) -> None:
    outcomes = await folder.outcomes()

    assert isinstance(outcomes["recorded"], Success)
    skips = {i: o.reason for i, o in outcomes.items() if isinstance(o, Skip)}
    assert skips == {
        "missed": Reason.MISSED_CALL,
        "voicemail": Reason.MISSED_CALL,
        "unrecorded": Reason.NO_RECORDING,
    }
    failures = {i: o.reason for i, o in outcomes.items() if isinstance(o, Failure)}
    assert failures == {"lost": Reason.RECORDING_MISSING}


async def test_a_stored_success_can_be_read_and_a_changed_file_replaces_it(folder: Folder) -> None:
    for content in (WAV, WAV + b"changed"):
        (folder.path / "a.wav").write_bytes(content)
        outcome = (await folder.outcomes())["recorded"]
        assert isinstance(outcome, Success)
        await folder.work.store(None, folder.execution(), [outcome])

        [call] = await folder.calls.get_calls(CLINIC, [CallId("recorded")])
        assert call.recording is not None
        assert folder.recordings.kept[call.recording.sha256] == content


async def test_a_call_that_comes_to_be_skipped_keeps_its_facts_and_loses_its_recording(
    folder: Folder,
) -> None:
    outcome = (await folder.outcomes())["recorded"]
    assert isinstance(outcome, Success)
    await folder.work.store(None, folder.execution(), [outcome])

    await folder.work.discard(None, CLINIC, [ItemId("recorded")])

    [call] = await folder.calls.get_calls(CLINIC, [CallId("recorded")])
    assert call.recording is None


async def test_a_forgotten_call_is_gone_and_its_item_fails_with_a_way_on(folder: Folder) -> None:
    await folder.discovered()
    await folder.work.forget(None, CLINIC, [ItemId("recorded")])

    item = Item(item_id=ItemId("recorded"), day=date(2026, 3, 1), attempt=1)
    [outcome] = await folder.work.work(folder.execution(), [item])

    assert isinstance(outcome, Failure)
    assert outcome.reason is Reason.INTERNAL
    assert "run CALL_SYNC again" in outcome.message


async def test_a_store_that_is_away_fails_the_item_retryably(folder: Folder) -> None:
    folder.recordings.broken = StoreUnavailable("away")

    outcome = (await folder.outcomes())["recorded"]

    assert isinstance(outcome, Failure)
    assert outcome.reason is Reason.UPSTREAM_UNAVAILABLE


def young(call_id: str = "c1", **changes: Any) -> CallFacts:
    return replace(a_call(call_id), started_at=utc_now() - timedelta(hours=23), **changes)


def old(call_id: str = "c1") -> CallFacts:
    return replace(a_call(call_id), started_at=utc_now() - timedelta(hours=25))


MISSING = RecordingMissing("404", may_come=True)
DENIED = AccessDenied("403", may_come=True)
PAGE = NotAudio("html", may_come=True)


@pytest.mark.parametrize("refusal", [MISSING, DENIED, PAGE, RecordingNotReady("202")])
async def test_the_recording_of_a_young_call_may_come_later(
    folder: Folder, refusal: NotFetched
) -> None:
    outcome = await folder.outcome(young(), refusal=refusal)

    assert outcome == Later(
        item_id=ItemId("c1"),
        reason=Reason.NO_RECORDING_YET,
        message=str(refusal),
        delays=DELAYS,
        wait=Wait(reason=WaitReason.RECORDING),
    )


@pytest.mark.parametrize("refusal", [MISSING, RecordingNotReady("202")])
async def test_a_call_that_has_a_recording_fails_rather_than_loses_it_to_waiting(
    folder: Folder, refusal: NotFetched
) -> None:
    outcome = await folder.outcome(young())
    assert isinstance(outcome, Success)
    await folder.work.store(None, folder.execution(), [outcome])

    outcome = await folder.outcome(young(), refusal=refusal)

    assert outcome == Failure(
        item_id=ItemId("c1"),
        reason=Reason.UPSTREAM_UNAVAILABLE,
        message=str(refusal),
        retry_after=timedelta(minutes=1),
        wait=Wait(reason=WaitReason.RECORDING),
    )


async def test_a_young_call_with_talk_in_it_may_get_its_link_later(folder: Folder) -> None:
    assert isinstance(await folder.outcome(young(recording_link=None)), Later)
    for silent in (None, 0.0):
        call = young(recording_link=None, duration_seconds=silent)
        outcome = await folder.outcome(call)
        assert isinstance(outcome, Skip)
        assert outcome.reason is Reason.NO_RECORDING
    outcome = await folder.outcome(replace(old(), recording_link=None))
    assert isinstance(outcome, Skip)


@pytest.mark.parametrize(
    ("refusal", "attempt", "reason"),
    [
        (MISSING, 1, Reason.RECORDING_MISSING),
        (PAGE, 1, Reason.NOT_AUDIO),
        (DENIED, 1, Reason.UPSTREAM_UNAVAILABLE),
        (DENIED, 2, Reason.ACCESS_DENIED),
    ],
)
async def test_an_old_call_is_not_waited_for(
    folder: Folder, refusal: NotFetched, attempt: int, reason: Reason
) -> None:
    outcome = await folder.outcome(old(), refusal=refusal, attempt=attempt)

    assert isinstance(outcome, Failure)
    assert outcome.reason is reason


async def test_what_cannot_come_later_fails_a_young_call_too(folder: Folder) -> None:
    outcome = await folder.outcome(young(), refusal=TooLarge("much"))

    assert outcome == Failure(item_id=ItemId("c1"), reason=Reason.TOO_LARGE, message="much")


async def test_a_source_that_asks_for_a_pause_gets_it(folder: Folder) -> None:
    pause = timedelta(minutes=2)

    outcome = await folder.outcome(young(), refusal=FetchFailed("429", retry_after=pause))

    assert isinstance(outcome, Failure)
    assert (outcome.reason, outcome.retry_after) == (Reason.UPSTREAM_UNAVAILABLE, pause)
    assert outcome.wait == Wait(reason=WaitReason.RATE_LIMIT)


async def test_a_call_is_read_again_before_its_second_try_and_not_before_its_first(
    folder: Folder,
) -> None:
    call = young(recording_link=None)
    assert isinstance(await folder.outcome(call), Later)
    assert folder.source.reread_ids == []
    folder.source.calls[call.call_id] = replace(call, recording_link="came.wav")
    later_run = ExecutionNumber(8)
    await folder.calls.upsert_calls(CLINIC, later_run, [call])

    item = Item(item_id=ItemId("c1"), day=call.day, attempt=2)
    [outcome] = await folder.work.work(folder.execution("fake:calls"), [item])

    assert folder.source.reread_ids == [CallId("c1")]
    assert isinstance(outcome, Success)
    assert isinstance(outcome.result, Recording)
    assert outcome.result.file_name == "came.wav"


async def test_a_source_that_is_away_while_a_call_is_read_again_changes_nothing(
    folder: Folder,
) -> None:
    folder.source.away = SourceUnavailable("paused")

    assert isinstance(await folder.outcome(young(), attempt=2), Success)


def paused(rest: timedelta) -> SourceWaits:
    return SourceWaits("paused until 12:15", WaitReason.ACCOUNT_PAUSED, utc_now() + rest)


async def test_a_recording_that_only_a_paused_account_can_name_waits_for_the_account(
    folder: Folder,
) -> None:
    folder.source.away = paused(timedelta(minutes=3))

    named = await folder.outcome(young(), attempt=2)
    first = await folder.outcome(young(recording_link=None))
    outcome = await folder.outcome(young(recording_link=None), attempt=2)

    assert isinstance(named, Success)
    assert isinstance(first, Later)
    assert first.wait == Wait(reason=WaitReason.RECORDING)
    assert isinstance(outcome, Later)
    assert (outcome.message, outcome.wait) == (
        "paused until 12:15",
        Wait(reason=WaitReason.ACCOUNT_PAUSED),
    )
    assert timedelta(minutes=2) < outcome.delays[0] <= timedelta(minutes=3)
    assert outcome.delays[1:] == DELAYS[1:]


async def test_a_download_that_a_paused_account_holds_up_says_so(folder: Folder) -> None:
    refusal = FetchFailed(
        "paused", retry_after=timedelta(minutes=3), wait_reason=WaitReason.ACCOUNT_PAUSED
    )

    outcome = await folder.outcome(young(), refusal=refusal)

    assert isinstance(outcome, Failure)
    assert outcome.wait == Wait(reason=WaitReason.ACCOUNT_PAUSED)


async def test_discovery_waits_for_a_source_that_is_left_alone_for_a_while(folder: Folder) -> None:
    folder.source.unreadable = refusal = paused(timedelta(minutes=3))

    with pytest.raises(DiscoveryWaits, match="paused until 12:15") as raised:
        await folder.discovered("fake:calls")

    assert raised.value.wait == Wait(reason=WaitReason.ACCOUNT_PAUSED, until_at=refusal.until_at)


async def test_who_stops_looking_closes_the_listing_of_the_source(folder: Folder) -> None:
    folder.source.calls[CallId("c1")] = young()
    execution = folder.execution("fake:calls")
    for pages in (folder.work.discover(execution), folder.work.preview(execution)):
        closed = folder.source.listings_closed
        await anext(pages)
        await pages.aclose()
        assert folder.source.listings_closed == closed + 1


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("folder", "write it as folder:/absolute/directory"),
        ("folder:", "write it as folder:/absolute/directory"),
        ("ftp:/calls", "'ftp' is no kind of source, there are: fake, folder"),
        ("folder:/nowhere-at-all", "there is no folder"),
    ],
)
async def test_a_source_that_cannot_be_used_fails_discovery(
    folder: Folder, source: str, words: str
) -> None:
    with pytest.raises(DiscoveryFailed, match=words) as raised:
        await folder.discovered(source)

    assert raised.value.reason is Reason.SOURCE_INVALID


@pytest.mark.parametrize(
    ("source", "words", "known"),
    [
        ("folder", "write it as folder:/absolute/directory", ()),
        ("ftp:/calls", "'ftp' is no kind of source, there are: fake, folder", ()),
        ("folder:calls", "no absolute path", ()),
        ("folder:/nowhere-at-all", "there is no folder /nowhere-at-all", ()),
        ("fake:moon", "there is no moon", ("here",)),
    ],
)
async def test_a_source_that_can_never_be_used_is_a_fault_of_the_settings(
    folder: Folder, source: str, words: str, known: tuple[str, ...]
) -> None:
    settings = folder.execution(source).settings
    [fault] = await folder.work.check_settings(settings)

    assert (fault.field, fault.known) == ("source", known)
    assert words in fault.message


async def test_a_source_that_is_there_is_no_fault(folder: Folder, tmp_path: Path) -> None:
    for source in ("fake:here", f"folder:{tmp_path}"):
        assert not await folder.work.check_settings(folder.execution(source).settings)


async def test_recordings_that_do_not_come_in_time_take_no_other_of_their_job_along(
    folder: Folder,
) -> None:
    for name in ("first", "second", "third", "fourth"):
        call = a_call(name, link=name)
        folder.source.calls[call.call_id] = call
    folder.source.hanging = frozenset({"first", "second"})
    folder.work.limits = Limits(job_timeout=timedelta(milliseconds=300))
    found = await folder.discovered("fake:calls")
    items = [Item(item_id=item.item_id, day=item.day, attempt=1) for item in found]

    outcomes = await folder.work.work(folder.execution("fake:calls"), items)

    assert [outcome.item_id for outcome in outcomes] == [item.item_id for item in items]
    late, in_time = outcomes[:2], outcomes[2:]
    assert [o.reason for o in late if isinstance(o, Failure)] == [Reason.TIMEOUT, Reason.TIMEOUT]
    assert all(isinstance(outcome, Success) for outcome in in_time)


async def test_another_listing_of_a_call_is_merged_and_fetches_nothing(folder: Folder) -> None:
    outcome = await folder.outcome(
        replace(a_call("twin"), merged_into=CallId("first")), refusal=FetchFailed("never asked")
    )

    assert isinstance(outcome, Skip)
    assert outcome.reason is Reason.MERGED
    assert "first" in outcome.message
    [found] = await folder.discovered("fake:calls")
    assert found.settled is Reason.MERGED
    previewed = folder.work.preview(folder.execution("fake:calls"))
    assert [each async for page in previewed for each in page] == []


@pytest.mark.parametrize("attempt", [1, 2])
async def test_a_call_that_cannot_be_read_fails_with_what_is_wrong(
    folder: Folder, attempt: int
) -> None:
    outcome = await folder.outcome(replace(a_call("odd"), fault="it has no time"), attempt=attempt)

    assert outcome == Failure(
        item_id=ItemId("odd"), reason=Reason.UNREADABLE, message="it has no time"
    )
    assert folder.source.reread_ids == []


@pytest.mark.parametrize(
    "refusal", [RecordingMissing("not there"), NotAudio("a page", may_come=True)]
)
async def test_a_call_of_no_length_whose_link_leads_to_nothing_was_missed(
    folder: Folder, refusal: NotFetched
) -> None:
    young = replace(a_call("short"), duration_seconds=0, started_at=utc_now())

    outcome = await folder.outcome(young, refusal=refusal)

    assert isinstance(outcome, Skip)
    assert outcome.reason is Reason.MISSED_CALL


async def test_what_is_said_of_a_file_shows_no_number_that_it_is_named_by(folder: Folder) -> None:
    name = "79161234567_in.wav"
    (folder.path / "calls.csv").write_text(f"file,start_time\n{name},2026-03-01T09:00")
    [missing] = (await folder.outcomes()).values()
    page = await folder.outcome(
        replace(a_call("page"), recording_link=f"calls/{name}"),
        refusal=NotAudio(f"{name} is no audio file of a known kind"),
    )

    for outcome in (missing, page):
        assert isinstance(outcome, Failure)
        assert "7******4567_in.wav" in outcome.message
        assert name not in outcome.message
