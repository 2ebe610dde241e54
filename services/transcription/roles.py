"""Who speaks in a recording with one channel: a guess by what is said. Pure.

Each turn has signs of the one side or the other: who greets in the name of a firm, asks for a name, offers a time; who
asks a price, says what hurts, takes leave of a wrong number. Signs carry over to the turns beside them as people take
turns: forwards and backwards over a chain of two states (Rabiner, A Tutorial on Hidden Markov Models, 1989, III.A).
What comes out unsure stays unknown, since a wrong guess blames people for what others said.
"""

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace

from services.transcription.domain import Segment, Speaker

SURE = 0.95
"""So probable a side is before it is named."""

_STRONG, _PLAIN = 40.0, 6.0
"""How much likelier a sign is from its side than from the other."""
_AFTER_QUESTION, _AFTER_PAUSE, _AT_ONCE = 0.85, 0.55, 0.4
"""How likely the other side speaks next: after a question, after a pause, else."""
_PAUSE_SECONDS = 0.8
_MOST_WORDS = 20
"""Longer turns may be of two people, between whom a recogniser heard no end of a sentence: nothing is told by them."""
_FIRST_TURNS = 3
"""So many turns into a call people greet."""

_PLACE = (
    r"клиник|стоматолог|поликлиник|медцентр|центр|салон|студи|автосервис|сервис|мастерск|компани|магазин|аптек|отел|"
    r"гостиниц|ресторан|доставк|школ|агентств|консультаци|ветеринар|лаборатори|ателье|банк|фитнес|клуб|регистратур|"
    r"clinic|dental|dentist|salon|studio|garage|service|company|store|shop|pharmacy|hotel|restaurant|delivery|school|"
    r"agency|office|law firm|veterinary|laboratory|bank|fitness|spa|center|centre"
)
_PART = r"администрат|оператор|менеджер|секретар|диспетчер|консультант|специалист|приемщик|receptionist|reception desk"
_GREETING = re.compile(
    rf"^(?=.*({_PLACE}|{_PART}))(?=.*(добрый|доброе|здравств|слуша|меня зовут|good (morning|afternoon|evening)|hello|"
    r"speaking|my name is|how (can|may) i|thank(s| you) for calling))(?!.*(хо(чу|тел|тим)|\bя (из|\w+л|\w+ла)\b|сколько|можно|нужн|надо|"
    r"это (клиника|салон|автосервис|магазин)\?|would like|i want|i need|do you))"
)
"""Whoever names a place or a post and greets, and asks for nothing."""

_OPERATOR_STRONG = re.compile(
    r"чем (я )?(могу|можем)( вам)? (помочь|быть полез)|слушаю вас\b|как (я )?могу к вам обращаться|"
    r"как (вас|к вам|ваше|ваша) (зовут|имя|фамилия|записать|обращаться|представить)|на (какое|чье|ваше) имя|"
    r"(назовите|продиктуйте|оставьте|подскажите|укажите|уточните|напомните)[^.?!]{0,25}\b(ваш|имя|фамили|телефон|номер "
    r"(телефон|договор|заказ)|дату рождения)|ваш(е|а)? (номер|имя|фамили|телефон|контакт)|"
    r"(вам|вас) (будет )?(удобно|подойдет|устроит|записать|интересует|беспокоит)|"
    r"\b(записал|записала|записываю|оформил|оформила|оформляю|перенес|перенесла|переношу|проверю|уточню)\b( вас)?|"
    r"ждем вас|будем (вас )?ждать|могу (вам )?предложить|предлагаю|приношу (свои )?извинения|"
    r"(мы|вам) (вам )?(перезвоним|вышлем|отправим)|хорошего (вам )?дня|спасибо за (звонок|обращение)|"
    r"how (can|may) i help|thank(s| you) for calling|(may|can|could) i (have|get|take|ask)( for)? your|"
    r"what('s| is) your (name|phone|number|email|date of birth|address)|what name|your (full )?name,? please|"
    r"(does|would|will) (that|this|it|\w+) (work|suit|be (ok|okay|good|convenient)) for you|"
    r"(i|we) (can|could) (offer|book|schedule|put you)|i('ve| have) (booked|scheduled|put you|moved)|"
    r"(would|do) you (like|want) (me|us) to|see you (on|at|tomorrow|then)\b.*\bdoctor|is there anything else|"
    r"anything else (i|we) can|we look forward|i apologi[sz]e|let me (check|see|look)|i'll (check|book|transfer)"
)
_OPERATOR_PLAIN = re.compile(
    r"\b(у нас|мы работаем|мы находимся|свободн|есть (время|окно|место|окошко)|прием стоит|стоимость|первичн|"
    r"какая у вас|какой у вас|вы (были|бывали|обращались|записаны)|сколько (вам|ему|ей) лет|оставайтесь на линии|"
    r"минуточку|секундочку|ждем|вас на|понимаю( вас)?|всего (доброго|хорошего)|хорошего дня|of course|we (are|have|work|can|offer)|available|have you (been|visited)|it costs|the price is|"
    r"one moment|hold on|can i take|(\w+|this is \w+|\w+) speaking)\b|^(фамилия|имя)\b.*\?"
)
_CLIENT_STRONG = re.compile(
    r"\b(хочу|хотел|хотела|хотелось)( бы)?\b(?!.*(предложить|уточнить у вас|узнать у вас))|"
    r"мне (бы )?(нужно|нужен|нужна|надо|записаться|к врачу|сказали|посоветовали|перезвонили)|"
    r"сколько (это )?(у вас )?(стоит|стоят|будет стоить|будет)|(почему|что|как) так дорого|дорого(вато)?\b|"
    r"\b(я|мы) (подумаю|подумаем|перезвоню(?! вам)|приду|придем|приедем|приеду|записан|записана|записывал|заказывал|заказала|"
    r"звоню|по поводу|ошибся|ошиблась)|запишите (меня|нас|на)\b|у меня (болит|боль|зуб|вопрос|сломал|машина|собака|кошка|"
    r"кот|ребен|температур)|меня беспокоит|(мне|нам) (удобно|подходит|подойдет)|ошиб(ся|лась) номером|это (клиника|"
    r"салон|автосервис|гараж|магазин|доставка)\?|а (вы|у вас) (можно|делаете|принимаете|есть)|"
    r"\bi('d| would) like to|\bi (want|need) (to|a|an)|\bi('m| am) calling (about|to|because|for)|how much (is|does|do|"
    r"would|will)|that('s| is) (too )?(expensive|a lot|pricey)|i('ll| will) (think about|call (you )?back|be there)|"
    r"my (car|dog|cat|tooth|teeth|son|daughter|child|back|order|phone number is|name is \w+ \w+$)|i (booked|ordered|"
    r"made an appointment|have an appointment)|do you (have|do|offer|accept|take)|wrong number|works for me|"
    r"is there anything (after|before|earlier|later|on)"
)
_CLIENT_PLAIN = re.compile(
    r"\b(спасибо(?! (за (звонок|обращ|ожидан|поним)|что (позвон|обрат)))|мне|у меня|надо|thank you(?! for (calling|your call|"
    r"waiting|holding))|my(?! name is| colleague)|hi|i('d| would) like|а можно|можно ли|а сколько|а когда|а где|а если|моя|моему|моей|мой ребенок|скидк\w+ (есть|будет)|подходит|"
    r"давайте|хорошо, спасибо|спасибо большое|записал[аи]?, спасибо|can i|could i|is it possible|what time|that works|"
    r"sounds good|perfect|great, thank)\b"
)


def guess_speakers(turns: Sequence[Segment]) -> list[Segment]:
    """Return the turns of one channel, each with the side that says it where that is sure."""
    sides = _probabilities(turns)
    return [
        replace(turn, speaker=_side(probability))
        for turn, probability in zip(turns, sides, strict=True)
    ]


def _side(operator: float) -> Speaker:
    if operator >= SURE:
        return Speaker.OPERATOR
    return Speaker.CLIENT if operator <= 1 - SURE else Speaker.UNKNOWN


def _probabilities(turns: Sequence[Segment]) -> list[float]:
    """Return how probable it is of each turn that the operator says it."""
    odds = [_odds(index, turn.text) for index, turn in enumerate(turns)]
    changes = [_change(before, after) for before, after in itertools.pairwise(turns)]
    forwards = _passed(odds, changes)
    backwards = _passed(odds[::-1], changes[::-1])[::-1]
    return [
        _share(before * after / own)  # what the turn itself says is in both
        for before, after, own in zip(forwards, backwards, odds, strict=True)
    ]


def _passed(odds: Sequence[float], changes: Sequence[float]) -> list[float]:
    """Return the odds of each turn by itself and all before it."""
    found: list[float] = []
    for index, own in enumerate(odds):
        if index:
            operator, change = _share(found[-1]), changes[index - 1]
            then = operator * (1 - change) + (1 - operator) * change
            found.append(own * then / (1 - then))
        else:
            found.append(own)
    return found


def _share(odds: float) -> float:
    return odds / (1 + odds)


def _change(before: Segment, after: Segment) -> float:
    if before.text.rstrip().endswith("?"):
        return _AFTER_QUESTION
    pause = after.start_seconds - before.end_seconds > _PAUSE_SECONDS
    return _AFTER_PAUSE if pause else _AT_ONCE


def _odds(index: int, text: str) -> float:
    """Return how much likelier the operator says a turn than the client, by its signs."""
    said = text.lower().replace("ё", "е")
    odds = 1.0
    if len(said.split()) > _MOST_WORDS:
        return odds
    if index < _FIRST_TURNS and _GREETING.search(said):
        odds *= _STRONG
    for signs, weight in (
        (_OPERATOR_STRONG, _STRONG),
        (_OPERATOR_PLAIN, _PLAIN),
        (_CLIENT_STRONG, 1 / _STRONG),
        (_CLIENT_PLAIN, 1 / _PLAIN),
    ):
        if signs.search(said):
            odds *= weight
    return odds
