"""A judge of meetings that is a language model; a long meeting is read in chunks."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from services.analysis.budget.ports import Budget
from services.analysis.meetings.domain import (
    MOST_DECISIONS,
    MeetingDecision,
    MeetingJudgement,
    MeetingTranscript,
)
from services.llm.domain import Message
from services.llm.ports import LanguageModel
from services.llm.shapes import AnswerShape
from services.llm.transcripts import MEETING_IS_DATA, chunks, meeting_line, transcript_messages
from services.llm.untrusted import plain

_JUDGE = """\
You sum up a meeting for people who were not there. Claim only what was said. It stands between <transcript> and \
</transcript>. {untrusted}

Answer with one JSON object:
- summary: what was talked about and what came of it, in two to five plain sentences, which those who were there would sign. \
No links, no markup. Where it cannot be told what came of it, say so.
- decisions: at most {decisions} things that were settled for all, as "we go with the second supplier"; not what was \
proposed, asked, refused or taken back, not what somebody is to do, and nothing of the meeting itself. None where nothing \
was decided. Each with text, the decision in one sentence, and quote, the words it was taken in, copied letter by letter \
from one turn, at most a sentence, with the "not" that belongs to them. What has no such words is no decision.
Write summary and text in the language with the ISO 639-1 code {language}."""

_SUM_UP = """\
You sum up a long meeting by the summaries of its parts, in their order. They stand between <transcript> and \
</transcript>. {untrusted}

Answer with one JSON object:
- summary: what was talked about and what came of it, in two to five sentences, in the language with the ISO 639-1 \
code {language}."""

Summary = Annotated[str, Field(min_length=1, max_length=3000)]
Short = Annotated[str, Field(min_length=1, max_length=500)]


class Decided(AnswerShape):
    """A decision."""

    text: Short
    quote: Short


class JudgedMeeting(AnswerShape):
    """What came of a meeting, or of a part of one."""

    summary: Summary
    decisions: Annotated[list[Decided], Field(max_length=MOST_DECISIONS)]


class SummedUp(AnswerShape):
    """What came of the whole."""

    summary: Summary


class MeetingModel:
    """Implements MeetingJudge; a chunk has at most `part_characters`."""

    def __init__(self, model: LanguageModel, part_characters: int) -> None:
        self._model = model
        self._part_characters = part_characters

    def name(self, meeting: MeetingTranscript) -> str:
        del meeting
        return self._model.name

    async def judge(self, meeting: MeetingTranscript, budget: Budget) -> MeetingJudgement:
        lines = [meeting_line(turn.speaker, turn.text) for turn in meeting.turns]
        judged = [
            await budget.ask(self._model, _judge_messages(meeting.language, chunk), JudgedMeeting)
            for chunk in chunks(lines, self._part_characters)
        ]
        summaries = [each.summary for each in judged]
        if len(judged) > 1:
            messages = _sum_up_messages(meeting.language, summaries)
            summaries = [(await budget.ask(self._model, messages, SummedUp)).summary]
        return MeetingJudgement(
            summary=summaries[0].strip(),
            decisions=tuple(
                MeetingDecision(text=decided.text.strip(), quote=decided.quote)
                for each in judged
                for decided in each.decisions
            ),
            by_model=True,
        )


def _judge_messages(language: str, lines: Sequence[str]) -> list[Message]:
    return transcript_messages(
        _JUDGE.format(untrusted=MEETING_IS_DATA, decisions=MOST_DECISIONS, language=language), lines
    )


def _sum_up_messages(language: str, summaries: Sequence[str]) -> list[Message]:
    lines = [f"(part {number}: {plain(each)})" for number, each in enumerate(summaries, start=1)]
    return transcript_messages(_SUM_UP.format(untrusted=MEETING_IS_DATA, language=language), lines)
