"""Where people decide something: by words that settle it, by votes, and by a proposal that is agreed to."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import razdel

from services.analysis.meetings.domain import MeetingDecision, MeetingTurn
from services.llm.transcripts import seconds_at

MIN_DECIDED = 2
"""Words beside those that settle it; `Договорились!` alone decides nothing that can be told."""
SHORT_WORDS = 6
"""A sentence of so many words is about the one before it."""
NEAR = 3
"""A yes comes within so many sentences."""
RECAP = 0.08
"""In the first part of a meeting what `was decided` is what an earlier one did."""
LONG_MEETING = 60
"""Turns from which on a meeting begins with a recap."""

_FLAGS = re.VERBOSE | re.IGNORECASE
_SETTLES = re.compile(
    r"""\b(?:
        (?:по)?решили | решено | договорились | условились | постанов(?:или|им|ляем|лено) | утвердили | утверждаем | утверждено
        | согласовали | одобрили | остановились\ на | останавливаемся\ на | выбираем | на\ том\ и\ порешим | так\ и\ решим
        | прин(?:ято|яли|имаем)\ решение | приш(?:ли|ла|ёл|ел)\ к\ (?:выводу|решению) | сошлись\ на
        | (?:ладно|хорошо|всё|итого|итак|значит|в\ общем|короче|тогда)[\s,.]+(?:тогда\ |значит\ |мы\ |так\ |что\ )*(?:не\ )?(?:
            бер[её]м|дела[её]м|сдела[её]м|оставля[её]м|оставим|едем|переходим\ на|перенос(?:им|ится)|запускаем|закрываем|закрыва[её]тся|покупаем|берём|меняем|заменим
            |отказываемся|откладыва[её]м|ставим|ста[вн]ем|убираем|нанима[её]м|буд(?:ем|ет)\ |повышаем|снижаем|работаем|проводим|ид[её]м\ с|выход(?:им|ной))
        | we(?:['’]ve|\ have|\ all)?\ (?:just\ |all\ )?(?:decided|agreed|settled)\b(?!\ to\ disagree) | we(?:['’]ve|\ have)?\ approved\ the\ (?:budget|minutes|plan|report|proposal|agenda)
        | (?<=^)(?:decided|agreed)(?=[:,]|\ (?:to|that|on)\b) | (?:it|that)(?:['’]?s|\ is|\ was)\ (?:decided|agreed|settled|approved)
        | we(?:['’]re|\ are)\ (?:all\ )?agreed | agreed\ then
        | the\ decision\ is(?=[\ ,:]) | settled\ on
        | let['’]?s\ (?:just\ )?(?:go|stick)\ (?:with|for) | we(?:['’]ll|\ will|['’]re\ going\ to|['’]re\ gonna)\ (?:just\ )?(?:go|stick)\ (?:with|for)
        | (?:so|then|okay|ok|right|alright)[\s,]+(?:(?:yeah|then|okay|i\ guess|basically|now|um|uh)[\s,]+)*we(?:['’]re|\ are)?\ (?:go|going|stick|sticking)\ (?:with|for)
        | (?:fine|ok|okay|right|all\ right|alright|deal|done|good)[.,!]\s*(?:\w+[.,]?\s+){0,2}(?:we(?:['’]ll|\ will)|let['’]?s)\ (?=have\ the|have\ a|do\ the|do\ it\ on|keep|drop|take\ the|buy|use|hire|make\ it|move\ (?:it|the)|open|close\ the|cancel|postpone|push|ship)
    )""",
    _FLAGS,
)
_VOTED = re.compile(
    r"""\b(?:
        motion\ (?:is\ |has\ been\ )?(?:carried|passed|adopted|agreed|approved|defeated|lost) | (?:it\ is|it['’]s|is)\ (?:so\ )?(?:carried|adopted|resolved)
        | carried(?:\ unanimously|\ on\ division)?(?=[.!]|$) | passed\ unanimously | unanimous(?:ly)?(?=[.!,]|$) | the\ (?:ayes|noes|nays)\ have\ it | motion\ agreed\ to
        | единогласно | большинством(?:\ голосов)? | принято(?=[.!]|$) | решение\ принято | голосование\ закрыто | все\ за(?=[.!,]|$)
    )""",
    _FLAGS,
)
_AGREES = re.compile(
    r"""^(?:(?:ну|да|yeah|yes|okay|ok|right|all\ right|so|and|всё|так|хорошо|отлично|fine)[\s,.!]+)*(?:
        агре | договорились | решено | так\ и\ (?:сделаем|запишем|решим|поступим) | по\ рукам | на\ том\ и\ порешим | быть\ по\ сему | принято\ единогласно
        | agreed | deal | settled | that['’]s\ (?:decided|settled|agreed) | that['’]?s\ that\ decided | let['’]?s\ do\ (?:that|it) | we(?:['’]ll|\ will)\ do\ that | done\ deal | it['’]s\ a\ deal | sounds\ like\ a\ plan
    )(?=[\s.,!]|$)""",
    _FLAGS,
)
_PROPOSES = re.compile(
    r"""\b(?:давай(?:те)? | предлага\w+ | может(?:,|\ быть)?\ (?:тогда\ )?\w+ем | пусть | тогда | будем | оставим | берём | лучше
        | let['’]?s | how\ about | what\ if | i\ (?:suggest|propose|move|vote)\b | we\ (?:could|should|can|might|go)\b | i['’]d\ (?:say|suggest|go) | why\ don['’]t\ we | shall\ we | should\ we
        | all\ in\ favou?r | moved\ (?:by|that) | the\ motion | кто\ за | голосуем | ставлю\ на\ голосование)\b""",
    _FLAGS,
)
_CONDUCT = re.compile(
    r"""\b(?:let['’]?s|we(?:['’]ll|\ will)?|давай(?:те)?)\ (?:just\ |then\ |now\ |сначала\ |уже\ |ещё\ )*(?:move|start|begin|get\ (?:going|started|on|back)|go\ (?:on|through|back|over|round|around|to|forward|ahead)|look|see|talk|hear|wrap|finish|stop
        |discuss|take\ a\ (?:look|break|vote)|come\ back|continue|not\b|say|begin|make\ a\ start|vote|wait
        |начн|начин|продолж|перейд|переход|посмотр|обсуд|послуш|законч|закругл|расход|вернёмся|вернемся|дальше|следующ|по\ поряд|по\ задач|подожд|прервёмся|голосов|подума)""",
    _FLAGS,
)
"""What people do in the meeting itself."""
_DENIED = re.compile(
    r"\b(?:не|ни|бы|если|пока|кто|что|когда|как|not|never|if|unless|until|till|once|whether|when|would|haven['’]t|hasn['’]t|hadn['’]t|didn['’]t|don['’]t|isn['’]t|aren['’]t|wasn['’]t|yet\s+to|has\s+to\s+be|needs?\s+to\s+be|can\s+be|those\s+who|who\s+have|what|which|the\s+\w+\s+we|i\s+thought|glad|because|since|given|everything)\b[^,;.]{0,20}$|\bthe\s+\w+\s*$|\b(?:that|like)\s*$",
    re.IGNORECASE,
)
_EARLIER = re.compile(
    r"\b(?:last\s+(?:time|meeting|week|month|year)|previous(?:ly)?|earlier|before|prior|already|originally|back\s+then|at\s+that\s+point|yesterday|ago|had\s+(?:decided|agreed|chosen)|in\s+(?:january|february|march|april|may|june|july|august|september|october|november|december)"
    r"|в\s+прошл\w+|прошл\w+|раньше|ранее|ещё\s+в|еще\s+в|вчера|тогда\s+ещё|уже\s+(?:давно\s+)?(?:решил|утверд|договор|соглас)\w*|месяц\s+назад|в\s+(?:январ|феврал|март|апрел|мае|июн|июл|август|сентябр|октябр|ноябр|декабр)\w*\b(?!\s*[-–—:]))",
    re.IGNORECASE,
)
"""What was decided another time."""
_MOTION = re.compile(r"\bmotion\b", re.IGNORECASE)
_PAST = re.compile(r"\b(?:decided|agreed|settled|решили|договорились)\b", re.IGNORECASE)
_ASKS = re.compile(
    r"^(?:do|does|did|should|shall|can|could|would|what|how|why|who|is|are|if)\b", re.IGNORECASE
)
_HESITATES = re.compile(r"(?<![\w-])(?:u[hm]+|er+m?|m+|э+|эм+)(?![\w-])[,.]?\s*", re.IGNORECASE)
_LONGEST_SENTENCE = re.compile(r"(?:\S+\s+){0,79}\S+")
"""A longer one is taken in pieces."""
_WORD = re.compile(r"\w+")
_LEAD = re.compile(
    r"^(?:(?:итак|значит|так|ну|хорошо|ладно|окей|ок|всё|все|да|so|ok|okay|right|well|yes|great|fine|um|uh|alright)\b[\s,.:—–-]*)+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spoken:
    """A sentence and where it stands in its turn."""

    turn: int
    start: int
    stop: int
    text: str


def find_decisions(turns: Sequence[MeetingTurn]) -> Iterator[MeetingDecision]:
    """Yield the decisions of a meeting in their order, each with the words it was taken in."""
    sentences = list(_sentences(turns))
    recap = RECAP * len(turns) if len(turns) >= LONG_MEETING else 0
    used: set[tuple[int, int]] = set()
    for n, sentence in enumerate(sentences):
        asks = sentence.text.rstrip().endswith("?") and not _tagged(sentence.text)
        if asks or _ASKS.match(sentence.text):
            continue
        for said in _decided(sentences, n, recap):
            if (said.turn, said.start) not in used:
                used.add((said.turn, said.start))
                yield _decision(turns, said)


def _sentences(turns: Sequence[MeetingTurn]) -> Iterator[_Spoken]:
    for index, turn in enumerate(turns):
        for sentence in razdel.sentenize(turn.text):
            for part in _LONGEST_SENTENCE.finditer(sentence.text):
                start = sentence.start + part.start()
                yield _Spoken(
                    turn=index, start=start, stop=start + len(part.group()), text=part.group()
                )


def _tagged(text: str) -> bool:
    return (
        re.search(r",\s*(?:yes|right|okay|да|так|верно)\?$", text.strip(), re.IGNORECASE)
        is not None
    )


def _decided(sentences: Sequence[_Spoken], n: int, recap: float) -> Iterator[_Spoken]:
    """Yield what a sentence decides: itself, or what was proposed before it and is now agreed."""
    sentence = sentences[n]
    text = sentence.text
    if _EARLIER.search(text):
        return
    words = len(_WORD.findall(text))
    if match := _VOTED.search(text):
        if not _DENIED.search(text[: match.start()]):
            yield from _voted(sentences, n)
    elif match := _SETTLES.search(text):
        was = _PAST.search(match.group()) and sentence.turn < recap
        if was or _DENIED.search(text[: match.start()]) or _CONDUCT.search(text):
            return
        if words - len(_WORD.findall(match.group())) >= MIN_DECIDED:
            yield sentence
        elif words < SHORT_WORDS:
            yield from _proposal(sentences, n)
    elif words <= SHORT_WORDS and _AGREES.search(text):
        yield from _proposal(sentences, n)


def _voted(sentences: Sequence[_Spoken], n: int) -> Iterator[_Spoken]:
    """Yield a vote with what it was about: the proposal before it in the same turn."""
    turn = [each for each in sentences[max(0, n - NEAR) : n] if each.turn == sentences[n].turn]
    words = len(_WORD.findall(sentences[n].text))
    for before in reversed(turn):
        words += len(_WORD.findall(before.text))
        if _PROPOSES.search(before.text) or words > SHORT_WORDS:
            yield _Spoken(turn=before.turn, start=before.start, stop=sentences[n].stop, text="")
            return
    proposed = list(_proposal(sentences, n))
    yield from proposed
    if not proposed and (words > SHORT_WORDS or _MOTION.search(sentences[n].text)):
        yield sentences[n]


def _proposal(sentences: Sequence[_Spoken], n: int) -> Iterator[_Spoken]:
    """Yield what was proposed in the sentences right before a yes."""
    for before in reversed(sentences[max(0, n - NEAR) : n]):
        if sentences[n].turn - before.turn >= NEAR:
            return
        if _PROPOSES.search(before.text):
            conduct = _CONDUCT.search(before.text) or _EARLIER.search(before.text)
            if not conduct and len(_WORD.findall(before.text)) > MIN_DECIDED:
                yield before
            return


def _decision(turns: Sequence[MeetingTurn], said: _Spoken) -> MeetingDecision:
    turn = turns[said.turn]
    quote = turn.text[said.start : said.stop]
    text = _LEAD.sub("", _HESITATES.sub("", quote)).strip() or quote
    return MeetingDecision(
        text=text[:1].upper() + text[1:],
        quote=quote,
        quote_speaker=turn.speaker,
        quote_start_seconds=seconds_at(turn.starts, said.start),
    )
