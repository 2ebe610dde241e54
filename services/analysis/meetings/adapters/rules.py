"""A judge of meetings made of rules: what was talked of, what was decided, and what was left open."""

import asyncio
import re
from collections.abc import Iterator, Sequence

import razdel

from services.analysis.budget.ports import Budget
from services.analysis.meetings.adapters.decisions import find_decisions
from services.analysis.meetings.adapters.topics import SpokenTurn, Topics
from services.analysis.meetings.domain import (
    MeetingDecision,
    MeetingJudgement,
    MeetingTranscript,
    MeetingTurn,
    speaker_shares,
)

MOST_SPEAKERS = 6
MOST_TOPICS = 6
TOPICS_OF_PART = 3
LONG_MEETING = 120
"""Turns from which on the topics are told in three parts."""
TOLD_DECISIONS = 5
TOLD_QUESTIONS = 2
FEWEST_WORDS, MOST_WORDS = 4, 40
_WORD = re.compile(r"\w+")
_OPEN = re.compile(
    r"""\b(?:(?:ещё|еще|пока|так\ и)\ не\ (?:решили|решено|определились|понятно|ясно|договорились) | открыт(?:ый|ым)\ вопрос | вопрос\ (?:остаётся|остается)\ открыт\w*
        | верн[её]мся\ к\ (?:этому|вопросу) | (?:надо|нужно)\ (?:ещё\ |еще\ )?(?:подумать|обдумать) | подума(?:ем|ю)\ (?:ещё|еще|над|потом) | обсудим\ (?:это\ )?(?:потом|позже|отдельно|в\ следующий|на\ следующ)
        | (?:still|remains|that['’]s)\ an\ open\ question | still\ (?:open|undecided|unclear|need\ to\ (?:decide|figure)) | (?:haven['’]t|not|hasn['’]t\ been|isn['’]t)\ (?:yet\ |been\ )?decided | to\ be\ decided | decide\ (?:that\ |it\ )?(?:later|next\ time|about\ it\ now)
        | come\ back\ to\ (?:that|this|it)\ (?:later|next|another) | leave\ (?:that|it)\ (?:open|for\ (?:now|next)) | not\ sure\ yet | (?:topic|question)\ (?:of|for)\ (?:maybe\ )?(?:of\ )?the\ next\ meeting | another\ time(?=[.]))\b""",
    re.VERBOSE | re.IGNORECASE,
)
"""What people say of what they leave open."""


class MeetingRules:
    """Implements MeetingJudge, deterministic and without any outside call."""

    def __init__(self) -> None:
        self._topics = Topics()

    def name(self, meeting: MeetingTranscript) -> str:
        return "rules-ru" if meeting.language == "ru" else "rules-en"

    async def judge(self, meeting: MeetingTranscript, budget: Budget) -> MeetingJudgement:
        """Judge in a thread, so that the event loop goes on meanwhile."""
        del budget  # rules cost nothing
        return await asyncio.to_thread(self.judge_now, meeting)

    def judge_now(self, meeting: MeetingTranscript) -> MeetingJudgement:
        """Judge a meeting; equal input gives an equal judgement."""
        decisions = tuple(find_decisions(meeting.turns))
        return MeetingJudgement(
            summary=self._summary(meeting, decisions),
            decisions=decisions,
        )

    def _summary(self, meeting: MeetingTranscript, decisions: Sequence[MeetingDecision]) -> str:
        """Say who spoke of what, what was decided in which words, and what was left open."""
        told = _RUSSIAN if meeting.language == "ru" else _ENGLISH
        decided = [each.text for each in decisions]
        open_ = [text for text in _left_open(meeting.turns) if text not in decided]
        parts = [
            told.speakers([share.speaker for share in speaker_shares(meeting.turns)]),
            told.topics(self._talked_of(meeting.turns)),
            told.decisions(decided),
            told.left_open(open_[-TOLD_QUESTIONS:]),
        ]
        return " ".join(part for part in parts if part)

    def _talked_of(self, turns: Sequence[MeetingTurn]) -> list[list[str]]:
        """Return the topics of a meeting, those of a long one in three parts, each once."""
        spoken = [SpokenTurn(speaker=turn.speaker, text=turn.text) for turn in turns]
        if len(spoken) < LONG_MEETING:
            return [topics] if (topics := self._topics.of(spoken, MOST_TOPICS)) else []
        third = len(spoken) // 3
        whole = self._topics.of(spoken, 1)
        parts: list[list[str]] = []
        for part in (spoken[:third], spoken[third : 2 * third], spoken[2 * third :]):
            said = {topic for each in parts for topic in each} | set(whole)
            topics = self._topics.of(part, TOPICS_OF_PART + len(said))
            parts.append([topic for topic in topics if topic not in said][:TOPICS_OF_PART])
        return [whole, *parts]


def _left_open(turns: Sequence[MeetingTurn]) -> Iterator[str]:
    for turn in turns:
        for sentence in razdel.sentenize(turn.text):
            words = len(_WORD.findall(sentence.text))
            if FEWEST_WORDS <= words <= MOST_WORDS and _OPEN.search(sentence.text):
                yield sentence.text


class _Told:
    """How the parts of a summary are put in one language."""

    def __init__(
        self,
        *,
        spoke: str,
        more: str,
        about: str,
        parts: tuple[str, str, str],
        and_: str,
        decided: str,
        nothing: str,
        left: str,
        quotes: tuple[str, str],
    ) -> None:
        self._spoke, self._more, self._about, self._parts = spoke, more, about, parts
        self._and, self._decided, self._nothing, self._left = and_, decided, nothing, left
        self._open, self._close = quotes

    def speakers(self, names: Sequence[str]) -> str:
        if not names:
            return ""
        more = len(names) - MOST_SPEAKERS
        listed = ", ".join(names[:MOST_SPEAKERS])
        return f"{self._spoke}: {listed}{self._more.format(more) if more > 0 else ''}."

    def topics(self, parts: Sequence[Sequence[str]]) -> str:
        if not parts:
            return ""
        whole, thirds = parts[0], parts[1:]
        about = f"{self._about}: {self._listed(whole)}." if whole else ""
        told = [
            template.format(self._listed(part))
            for template, part in zip(self._parts, thirds, strict=False)
            if part
        ]
        then = ", ".join(told)
        return " ".join(filter(None, (about, f"{then[:1].upper()}{then[1:]}." if then else "")))

    def decisions(self, texts: Sequence[str]) -> str:
        if not texts:
            return self._nothing
        more = len(texts) - TOLD_DECISIONS
        return f"{self._decided}: {self._quoted(texts[:TOLD_DECISIONS])}{self._more.format(more) if more > 0 else ''}."

    def left_open(self, texts: Sequence[str]) -> str:
        return f"{self._left}: {self._quoted(texts)}." if texts else ""

    def _listed(self, words: Sequence[str]) -> str:
        first = ", ".join(words[:-1])
        return f"{first} {self._and} {words[-1]}" if first else words[-1]

    def _quoted(self, texts: Sequence[str]) -> str:
        return "; ".join(f"{self._open}{text.rstrip('.')}{self._close}" for text in texts)


_RUSSIAN = _Told(
    spoke="Говорили",
    more=" и ещё {}",
    about="Речь шла о следующем",
    parts=("сначала: {}", "потом: {}", "в конце: {}"),
    and_="и",
    decided="Решили",
    nothing="Решений не слышно.",
    left="Осталось открытым",
    quotes=("«", "»"),
)
_ENGLISH = _Told(
    spoke="Speakers",
    more=" and {} more",
    about="It was about",
    parts=("first {}", "then {}", "and at the end {}"),
    and_="and",
    decided="Decided",
    nothing="No decision could be made out.",
    left="Left open",
    quotes=("“", "”"),
)
