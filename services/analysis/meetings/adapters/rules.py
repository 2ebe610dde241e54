"""A judge of meetings made of rules: the sentences that carry most of what was talked about, and decisions by their verbs."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.analysis.budget.ports import Budget
from services.analysis.meetings.domain import (
    MeetingDecision,
    MeetingJudgement,
    MeetingTranscript,
    speaker_shares,
)
from services.analysis.words.lemmas import LemmatisedSentence, Lemmatiser

MOST_SENTENCES = 3
FEWEST_WORDS, MOST_WORDS = 5, 45
"""What is shorter carries nothing by itself, what is longer is no summary."""
MOST_SPEAKERS = 6
SHORTEST_WORD = 4
SETTLED = 2.0
"""How many times as much a decision weighs in the summary."""

_DECISIONS = re.compile(
    r"""\b(?:
        (?:по)?решили | решено | договорились | условились | постановили | утвердили | утверждаем
        | согласовали | одобрили | остановились\ на | останавливаемся\ на | выбираем
        | прин(?:ято|яли)\ решение | приш(?:ли|ла|ёл|ел)\ к\ (?:выводу|решению) | сошлись\ на
        | we(?:'ve|\ have|\ all)?\ (?:just\ )?(?:decided|agreed|settled|chosen|chose|approved)
        | (?:decided|agreed)\ (?:to|that|on) | (?:it'?s|is|was)\ (?:decided|agreed|settled|approved)
        | the\ decision\ is | let'?s\ go\ with | we(?:'ll|\ will|'re\ going\ to)\ go\ with
        | we(?:'re|\ are)\ going\ with | settled\ on
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:не|ни|бы|если|not|never|if|unless|would|haven't|hasn't|didn't|don't)\b[^,;.]{0,20}$",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")
_MIN_DECIDED = 2
"""Words after the verb; `Договорились!` alone decides nothing that can be told."""
_LEAD = re.compile(
    r"^(?:(?:итак|значит|так|ну|хорошо|ладно|окей|ок|всё|все|да|so|ok|okay|right|well|yes|great)\b[\s,.:—–-]*)+",
    re.IGNORECASE,
)
_EMPTY = frozenset(
    """
    это этот который такой весь быть мочь надо нужно есть если чтобы тоже очень сейчас давайте
    давать просто вообще потом можно только когда хорошо наш свой тогда ещё еще один привет доброе
    добрый утро день коллега спасибо пожалуйста that this with have will would what there they then
    just about from which when should could need like think thank good morning hello everyon
    everybodi okay yeah pleas also
    """.split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weighed:
    index: int
    text: str
    weight: float


class MeetingRules:
    """Implements MeetingJudge, deterministic and without any outside call."""

    def __init__(self) -> None:
        self._lemmatiser = Lemmatiser()

    def name(self, meeting: MeetingTranscript) -> str:
        return "rules-ru" if meeting.language == "ru" else "rules-en"

    async def judge(self, meeting: MeetingTranscript, budget: Budget) -> MeetingJudgement:
        """Judge in a thread, so that the event loop goes on meanwhile."""
        del budget  # rules cost nothing
        return await asyncio.to_thread(self.judge_now, meeting)

    def judge_now(self, meeting: MeetingTranscript) -> MeetingJudgement:
        """Judge a meeting; equal input gives an equal judgement."""
        sentences = list(self._sentences(meeting))
        deciding = [index for index, each in enumerate(sentences) if _decides(each)]
        return MeetingJudgement(
            summary=_summary(meeting, _main(sentences, frozenset(deciding)), len(deciding)),
            decisions=tuple(_decision(sentences[index]) for index in deciding),
        )

    def _sentences(self, meeting: MeetingTranscript) -> Iterator[LemmatisedSentence]:
        for turn in meeting.turns:
            yield from self._lemmatiser.sentences(turn.text)


def _decides(sentence: LemmatisedSentence) -> bool:
    text = sentence.text
    match = _DECISIONS.search(text)
    if match is None or text.rstrip().endswith("?"):
        return False
    if _DENIED.search(text[: match.start()]):
        return False
    return len(_WORD.findall(text, match.end())) >= _MIN_DECIDED


def _decision(sentence: LemmatisedSentence) -> MeetingDecision:
    text = _LEAD.sub("", sentence.text).strip() or sentence.text
    return MeetingDecision(text=text[:1].upper() + text[1:], quote=sentence.text)


def _main(sentences: Sequence[LemmatisedSentence], deciding: frozenset[int]) -> list[str]:
    """Return the sentences whose words most others share, in their order."""
    topics = [_topics(sentence) for sentence in sentences]
    spread = Counter(topic for each in topics for topic in each)
    weighed = [
        _Weighed(
            index=index,
            text=sentence.text.strip(),
            weight=sum(spread[topic] - 1 for topic in topics[index])
            / (len(sentence.words) + FEWEST_WORDS)
            * (SETTLED if index in deciding else 1.0),
        )
        for index, sentence in enumerate(sentences)
        if FEWEST_WORDS <= len(sentence.words) <= MOST_WORDS and not sentence.text.endswith("?")
    ]
    chosen: list[_Weighed] = []
    for each in sorted(weighed, key=lambda each: (-each.weight, each.index)):
        if len(chosen) == MOST_SENTENCES:
            break
        if all(topics[each.index] != topics[other.index] for other in chosen):
            chosen.append(each)
    return [each.text for each in sorted(chosen, key=lambda each: each.index)]


def _topics(sentence: LemmatisedSentence) -> frozenset[str]:
    """Return a lemma or stem of each word of a sentence that says what it is about."""
    found = set()
    for word in sentence.words:
        stems = sorted(key for key in word.keys if key[0] not in "=@")
        if stems and _EMPTY.isdisjoint(stems) and len(stems[0]) >= SHORTEST_WORD:
            found.add(stems[0])
    return frozenset(found)


def _summary(meeting: MeetingTranscript, main: Sequence[str], decisions: int) -> str:
    """Say who spoke, what carried the meeting in its own words, and how much was decided."""
    speakers = [share.speaker for share in speaker_shares(meeting.turns)]
    names = ", ".join(speakers[:MOST_SPEAKERS])
    more = len(speakers) - MOST_SPEAKERS
    if meeting.language == "ru":
        if more > 0:
            names += f" и ещё {more}"
        parts = [f"Говорили: {names}."] if names else []
        parts += ["Главное: " + " ".join(f"«{text}»" for text in main)] if main else []
        parts.append(f"Решений: {decisions}." if decisions else "Решений не прозвучало.")
        return " ".join(parts)
    if more > 0:
        names += f" and {more} more"
    parts = [f"Speakers: {names}."] if names else []
    parts += ["The main points: " + " ".join(f"“{text}”" for text in main)] if main else []
    parts.append(f"Decisions: {decisions}." if decisions else "No decision was voiced.")
    return " ".join(parts)
