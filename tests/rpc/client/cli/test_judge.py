"""`potok judge` as it is typed, against a real server."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from potok.analysis.v1.analysis_service_pb2_grpc import add_AnalysisServiceServicer_to_server

from services.analysis.budget.usecases import Budgets
from services.analysis.calls.adapters.rules.judge import RulesJudge
from services.analysis.calls.judging import Judging
from services.analysis.calls.servicer import AnalysisServicer
from services.analysis.calls.usecases import CallAnalysis
from services.kernel.rpc.server import serving
from tests.builders.analysis import clinic
from tests.command_line import Said, potok
from tests.fakes.analysis import FakeAnalyses, FakeRunUsages
from tests.identity import client_environment, guard

DIALOGUE = "o: Клиника, добрый день.\nc: Запишите меня к врачу.\no: Записала вас на завтра.\n"


@pytest.fixture
async def address() -> AsyncIterator[str]:
    budgets = Budgets(FakeRunUsages())
    judging = Judging(RulesJudge(), budgets)
    servicer = AnalysisServicer(
        CallAnalysis(FakeAnalyses(), _nobody(), judging, {"clinic": clinic()}), budgets
    )
    async with serving(
        "127.0.0.1:0",
        lambda server: add_AnalysisServiceServicer_to_server(servicer, server),
        services=[],
        guard=guard(),
    ) as port:
        yield f"127.0.0.1:{port}"


def _nobody() -> Any:
    """Stand for conversations, which a dialogue does not need."""


async def judged(address: str, *arguments: str, typed: bytes = b"") -> Said:
    return await potok("judge", *arguments, environment=client_environment(address), typed=typed)


async def test_a_dialogue_from_a_file_or_standard_input_is_judged(
    address: str, tmp_path: Path
) -> None:
    file = tmp_path / "dialogue.txt"
    file.write_text(DIALOGUE, encoding="utf-8")

    for arguments, typed in ([str(file)], b""), (["-"], DIALOGUE.encode()):
        code, output, errors = await judged(address, *arguments, typed=typed)

        assert (code, errors) == (0, "")
        analysis = json.loads(output)
        assert (analysis["call_type"], analysis["outcome"]) == ("new_booking", "booked")
        assert "metrics" not in analysis


@pytest.mark.parametrize(
    ("arguments", "typed", "code", "words"),
    [
        (["-"], b"o: Hello\nwhat?", 1, "text: line 2, 'what?', is no turn"),
        (["-", "--playbook", "bakery"], b"o: Hello", 1, "'bakery' is not known"),
        (["-"], b"\xff\xfe", 2, "no text in UTF-8"),
        (["-"], b"o: " + b"x" * 400_000, 2, "longer than 400000 bytes"),
        (["nowhere.txt"], b"", 2, "nowhere.txt: No such file"),
    ],
)
async def test_a_dialogue_that_cannot_be_judged_is_one_line_and_a_code(
    address: str, arguments: list[str], typed: bytes, code: int, words: str
) -> None:
    ended, output, errors = await judged(address, *arguments, typed=typed)

    assert (ended, output) == (code, "")
    assert words in errors
    assert len(errors.splitlines()) == 1
