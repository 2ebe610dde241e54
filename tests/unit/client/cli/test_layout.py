"""Sentences and commands at any width: lines break between words, and a command that was broken can be copied."""

import io
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from potok.status.v1 import stage_pb2
from potok.status.v1.event_pb2 import Change
from potok.status.v1.progress_pb2 import ItemCounts, StageProgress, Wait
from potok_client import Update, View
from potok_client.cli.layout import command_lines, lines_of
from potok_client.cli.screen import picture
from potok_client.cli.terminal import table
from rich.console import Console
from rich.text import Text

from tests.builders.events import BEGAN, a_run_event, a_stage_event, stamp

WORDS = st.lists(st.text("abc-/0123", min_size=1, max_size=50), min_size=1, max_size=12)


@given(words=WORDS, width=st.integers(20, 120))
def test_a_command_in_several_lines_is_the_same_command_to_a_shell(
    words: list[str], width: int
) -> None:
    lines = list(command_lines(" ".join(words), width, "  "))

    assert shlex.split("\n".join(lines).replace("\\\n", "")) == words  # as a shell joins lines
    assert all(len(line) <= width or len(line.split()) <= 2 for line in lines)


def test_quotes_of_a_command_stay_together() -> None:
    command = 'potok advice close clinic 3f2a --comment "not our way of doing it" --dismiss'

    assert any('"not our way of doing it"' in line for line in command_lines(command, 40, "  "))


@given(words=WORDS, width=st.integers(10, 120))
def test_prose_loses_no_word_and_breaks_none(words: list[str], width: int) -> None:
    lines = [line.plain for line in lines_of(Text(" ".join(words)), width, "  ")]

    assert " ".join(lines).split() == words
    assert all(len(line) <= width or len(line.split()) == 1 for line in lines)


def drawn(width: int) -> list[str]:
    wait = Wait(reason=stage_pb2.WAIT_REASON_RECORDING, until_time=stamp(90))
    progress = StageProgress(
        items=ItemCounts(success=3, pending=6, failed=2, skipped=5), discovered=True, wait=wait
    )
    view = View()
    events = [a_run_event(), a_stage_event(progress=progress, items_per_second=2.0)]
    view.apply(Update(changes=(Change(events=events, time=stamp(0)),)))
    out = Console(width=width, record=True, file=io.StringIO())
    out.print(picture(view, list(view.runs.values()), BEGAN))
    return [line.rstrip() for line in out.export_text().splitlines()]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_what_a_stage_waits_for_has_the_whole_width(width: int) -> None:
    [line] = [line for line in drawn(width) if "waits:" in line]

    assert "recordings are not ready at the source, until" in line


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_column_with_nothing_in_it_has_no_heading(width: int) -> None:
    rows = table("stage", "calls", "cost at most", numbers=("calls", "cost at most"))
    rows.add_row("transcription", "4", "")
    out = Console(width=width, record=True, file=io.StringIO())
    out.print(rows)

    assert "cost at most" not in out.export_text()
