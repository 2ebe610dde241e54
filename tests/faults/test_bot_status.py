"""bot_status killed in the middle of a meeting: another process goes on where it was."""

import json
from pathlib import Path

from potok.bot_status.v1 import bot_status_service_pb2 as pb
from potok.bot_status.v1.bot_status_service_pb2_grpc import BotStatusServiceStub
from potok.status.v1 import stage_pb2

from deploy.sandbox.behaviour import Behaviour, Shape
from deploy.sandbox.clinic import clinic
from deploy.sandbox.meeting import RECORDING
from tests.bot_status import ANNA
from tests.builders.bot_status import MEETING_URL
from tests.conftest import Database
from tests.fakes.bot_coordinator import FakeBotCoordinator, serving_bot_coordinator
from tests.identity import identity_told, open_channel
from tests.processes import killed_at_last, start_service
from tests.sandbox import running_sandbox
from tests.waiting import until_ready


async def test_a_process_that_is_killed_in_a_meeting_loses_nothing(
    database: Database, free_port: int, tmp_path: Path
) -> None:
    coordinator, address = FakeBotCoordinator(), f"127.0.0.1:{free_port}"
    with running_sandbox(clinic(), Behaviour(bots_shape=Shape.ATTENDEE, bots_speed=1.5)) as sandbox:
        async with serving_bot_coordinator(coordinator) as reports_to:
            settings = {
                **identity_told(database, "bot_status"),
                "LISTEN": address,
                "COORDINATOR": reports_to,
                "PROVIDER": "attendee",
                "API_KEY": "key",
                "URL": f"http://{sandbox.bots}",
                "PRIVATE_HOSTS": json.dumps([sandbox.bots]),
                "RECORDINGS": tmp_path.as_uri(),
                "POLL": "PT0.1S",
                "POLL_TICK": "PT0.05S",
                "LEASE": "PT1S",
            }
            async with (
                killed_at_last(await start_service("bot_status", settings)),
                open_channel(address) as channel,
            ):
                await until_ready(channel)
                request = pb.StartBotRequest(owner=ANNA, meet_url=MEETING_URL, bot_name="Bot")
                bot_id = (await BotStatusServiceStub(channel).StartBot(request)).bot_id
                await coordinator.until_state(bot_id, stage_pb2.BOT_STATE_CONNECTED)
            async with (
                killed_at_last(await start_service("bot_status", settings)),
                open_channel(address) as channel,
            ):
                await coordinator.until_state(bot_id, stage_pb2.BOT_STATE_TRANSCRIBING)
                await until_ready(channel)
                content = b""
                async for piece in BotStatusServiceStub(channel).ReadRecording(
                    pb.ReadRecordingRequest(owner=ANNA, bot_id=bot_id)
                ):
                    content += piece.data

    sequences = [report.sequence for report in coordinator.of(bot_id)]
    assert sequences == sorted(sequences)
    assert content == RECORDING.read_bytes()
