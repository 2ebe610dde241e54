"""Whether words are addressed to the machine that reads them: orders put where data stands. Pure.

A list of how such orders sound in Russian and English. It cannot be whole, so whoever asks here has other means as well;
and it errs towards what people say to one another, since what it names is read by nobody.
"""

import base64
import html
import re
import unicodedata
from collections.abc import Iterator, Sequence

_LATIN, _CYRILLIC = "aceopxykmhbtisj", "асеорхукмнвтіѕј"
_TO_LATIN = str.maketrans(_CYRILLIC + "αορεινԁɡ", _LATIN + "aopeivdg")
_TO_CYRILLIC = str.maketrans(_LATIN[:12], _CYRILLIC[:12])
_DIGITS_TO_LETTERS = str.maketrans("013457@$", "oieastas")
_ANGLES = str.maketrans("‹〈⟨《⟪˂❮›〉⟩》⟫˃❯", "<" * 7 + ">" * 7)
_UNSEEN = ("Cc", "Cf", "Cn", "Co", "Mn")
"""Categories of characters that nobody sees, and of those that are put upon others."""

_LETTER_BY_LETTER = re.compile(r"(?<!\w)(?:\w[ .*_|-]){4,}\w(?!\w)")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}")
_URL_SAFE = str.maketrans("+/", "-_")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}[ :]?){12,}")
_ESCAPED = re.compile(
    r"(?:\\u[0-9a-f]{4}){3}|(?:\\x[0-9a-f]{2}){4}|(?:%[0-9a-f]{2}){5}", re.IGNORECASE
)

_GAP = r"\W+(?:\w+\W+){0,6}?"
"""Up to six words between two."""
_AI = (
    r"(?:language model|llm|ai\b|chat ?gpt|gpt|artificial intelligence|evaluator|summari[sz]er|нейросет\w*|ии\b"
    r"|искусственн\w+ интеллект\w*|языков\w+ модел\w*)"
)
_MACHINE = (
    rf"(?:{_AI}|(?:chat)?bot\b|assistant|dan\b|unrestricted|unfiltered|jailbroken|модель\b|(?:чат-?)?бот\w*|робот\w*"
    r"|ассистент\w*|оценщик\w*|судь[яеёюи]\w*|без (?:правил|ограничени\w+))"
)
_RULES = (
    r"(?:instructions?|prompts?|guidelines|directives|rules|programming|restrictions"
    r"|инструкци\w+|указани[яйе]\w*|промпт\w*|директив\w+|ограничени[яйе]\w*|(?:свои|прежни|предыдущи|все|эти)\w* правил\w*)"
)
_JUDGED = (
    r"(?:operator|agent|employee|receptionist|checklist|criteri\w+|(?:all|every)(?: the)? items?|everything"
    r"|оператор\w*|сотрудни\w+|администратор\w*|чек-?лист\w*|критери\w+|пункт\w*)"
)
_BEST = (
    r"(?:100|hundred|maximum|highest|full marks|perfect|top score|completed|excellent"
    r"|сто\b|сотн\w+|максим\w+|высш\w+|наивысш\w+|отличн\w+|идеальн\w+|выполнен\w*|пройден\w*)"
)
_FIELD = r"(?:outcome|call[ _]type|verdict|исход|статус)"
_RATE = (
    r"(?:rate|score|grade|mark|(?:поставь|выставь|оцени|присвой|засчитай|отметь|проставь)(?:те)?)"
)
_REPORT = r"(?:summary|verdict|outcome|саммари|резюме (?:звонка|встречи)|итог\w* (?:звонка|встречи|разговора))"
_LABEL = (
    r"(?:new_booking|price_inquiry|callback_promised|no_action|not_reached|not_applicable|cannot_be_told|call_type|client_facts"
    r"|\w+_quote)"
)
_TELL = r"(?:answer|respond|reply|output|return|print|say|state|write|напиши|укажи|впиши|вставь|выведи|верни|ответь|скажи)"

_ORDERS = (
    # Forget what you were told.
    rf"\b(?:ignor(?:e|ing)|disregard(?:ing)?|forget|override|bypass|discard){_GAP}(?:all|any|previous|prior|above|your|these|the){_GAP}{_RULES}",
    r"\b(?:all|any|your)\W+(?:previous|prior|above|system)\W+(?:instructions?|prompts?)\b",
    r"\b(?:ignore|disregard|forget)\W+(?:everything|all|anything)\W+(?:\w+\W+){0,4}?(?:above|before|previous|prior|told)\b",
    rf"(?<!не )\b(?:(?:про)?игнорируй|забудь|отбрось|обойди|нарушь|не (?:учитывай|соблюдай|следуй|выполняй))(?:те)?{_GAP}{_RULES}",
    r"(?<!не )\bзабудь(?:те)?\W+(?:об? |обо )?все(?:м|х)?\W+(?:\w+\W+){0,3}?(?:выше|предыдущ\w+|раньше|прежде|до этого)\b",
    # Who speaks, in the marks of prompts.
    r"(?:^|[\n\].!?;:»”\"()|>])\s*(?:system|assistant|developer|система|ассистент)\s*[:>\]]",
    r"\bsystem\W+(?:override|prompts?|instructions?)\b|\bsystem (?:message|notice|command|update)\s*:",
    r"\bсистемн\w+\W+(?:промпт\w*|инструкци\w+|указани\w+)|\bсистемн\w+ (?:сообщени\w+|команд\w+)\s*[:—-]",
    r"\b(?:new|updated|hidden|secret)\W+(?:instructions?|directives?)\b\W*(?::|for\W+(?:you|the)\b)",
    r"\b(?:нов|скрыт|секретн)\w+\W+(?:инструкци|директив)\w+\W*(?::|для\W+(?:тебя|модели|ии|нейросети|анализа)\b)",
    r"<\W*(?:transcript|about|system|user|assistant|instructions?|prompt|quotes|figures|advice|im_\w+)\b|<\|[^|<>]{1,30}\|>",
    r"\[\W*(?:inst|sys|system|assistant)\W*\]|#{2,}\s*(?:system|instruction|response|инструкци|систем)",
    r"\[\s*\d+\s*\]\s*(?:operator|client|unknown|somebody)\s*:",
    r"\b(?:begin|end) of (?:the )?(?:transcript|prompt|system prompt)\b|\bконец\W+(?:транскрипт|стенограмм|расшифровк)",
    # Be somebody else.
    r"\byou are an? (?:\w+ ){0,3}?(?:language model|evaluator|ai (?:model|assistant|judge)|helpful assistant)\b",
    r"\bты\W+(?:\w+\W+){0,2}?(?:ассистент|языковая модель|нейросет\w*|ии\b|судья|оценщик)",
    rf"\b(?:you(?: are|'re|’re)|act|behave|respond)\W+(?:now|as|no longer)\W+(?:\w+\W+){{0,5}}?{_MACHINE}",
    r"\bfrom now on\W+(?:\w+\W+){0,2}?you\W+(?:will|must|shall|only|always|are to)?\W*(?:act|answer|obey|respond|rate|score|judge)\b",
    rf"\bfrom now on\W+you are\W+(?:\w+\W+){{0,4}}?(?:judge|{_MACHINE})",
    rf"\b(?:pretend|imagine|suppose)\W+(?:\w+\W+){{0,3}}?(?:be|you are|you're)\W+(?:\w+\W+){{0,5}}?{_MACHINE}",
    r"\b(?:enter|enable|activate|switch to)\W+(?:\w+\W+)?(?:developer|debug|god|admin) mode\b|\bjailbreak|\bdo anything now\b",
    r"\b(?:включи|активируй|перейди в)\W+(?:\w+\W+)?режим (?:разработчик|отладк|администратор)",
    rf"\b(?:(?:ты|вы)\W+(?:теперь|отныне|больше не)|(?:теперь|отныне)\W+(?:ты|вы)){_GAP}{_MACHINE}",
    rf"\b(?:представь|вообрази)(?:те)?\W+(?:себе\W+)?что\W+(?:ты|вы)\W+(?:\w+\W+){{0,3}}?{_MACHINE}",
    rf"\b(?:притворись|сыграй|веди себя|действуй){_GAP}{_MACHINE}",
    rf"\b(?:if|since)\W+you(?: are|'re|’re)\W+(?:an?\W+)?{_MACHINE}|\bесли ты\W+(?:\w+\W+){{0,2}}?{_MACHINE}",
    rf"\b(?:attention|dear|(?:note|message) (?:to|for)|внимание|сообщение для)\W+(?:\w+\W+){{0,2}}?{_AI}",
    rf"\bуважаем\w+\W+{_MACHINE}",
    # Judge so, answer so.
    rf"\b{_RATE}\b{_GAP}(?:{_JUDGED}{_GAP}{_BEST}|{_BEST}{_GAP}{_JUDGED})",
    r"\b(?:give|award)\W+(?:\w+\W+){0,4}?(?:full|top|highest|maximum|perfect) (?:marks?|scores?|ratings?)\b",
    rf"\b(?:поставь|выставь|оцени|присвой|засчитай|проставь){_GAP}(?:{_BEST}|оценк|балл)",
    r"\b(?:state|write|output|conclude)\W+that\W+(?:the\W+)?(?:client|caller|operator|agent|outcome)\b",
    r"\b(?:считай|отметь|укажи)(?:те)?\W+что\W+(?:\w+\W+){0,2}?(?:клиент|оператор|звонок)",
    r"\b(?:итог|исход|результат)\w*\W+(?:звонка|разговора|встречи)\W+(?:\w+\W+){0,2}?клиент",
    r"\b(?:score|rating|оценка|балл\w*)\s*[=:]\s*\d",
    rf"\b{_LABEL}\b|[{{\[]\s*[\"“”«']\w+[\"“”»']\s*:",
    rf"\b{_FIELD}\W+(?:of this call\W+)?(?:is|=|:|must be|should be|to)\W*(?:booked|rescheduled|ordered)\b",
    r"\b(?:answer|respond|reply|output)\W+(?:\w+\W+){0,3}?(?:this json|json only|only json|verbatim)\b",
    r"\b(?:ответь|верни|выведи)\W+(?:только|этот|следующ\w+)\W+(?:\w+\W+)?(?:json|джейсон\w*)\b",
    rf"\b{_TELL}\W+(?:\w+\W+){{0,5}}?in(?:to)? (?:your|the final) (?:summary|verdict|answer|analysis|report)\b",
    rf"\b{_TELL}\W+(?:\w+\W+){{0,3}}?в\W+{_REPORT}|\bв\W+{_REPORT}\W+(?:\w+\W+)?{_TELL}\b",
    rf"\b{_REPORT}\W+(?:must|should|has to|shall|долж\w+|обязан\w*)\W+(?:\w+\W+)?(?:say|read|contain|include|be|быть|сказать)",
    rf"\b(?:reveal|print|show|repeat|leak|покажи|повтори|раскрой)\W+(?:\w+\W+){{0,3}}?(?:system|your|свои|твои|системн\w+) {_RULES}",
)
_WRITTEN = re.compile(r"```|<!--|<script\b|\]\(\s*(?:https?|javascript):", re.IGNORECASE)
"""Markup, which nobody speaks."""
_ANY_ORDER = tuple(re.compile(order) for order in _ORDERS)


def addresses_machine(text: str) -> bool:
    """Tell whether a text speaks to a machine that reads it, however it is written."""
    if _ESCAPED.search(text):
        return True
    texts = (text, *_decoded(text))
    return any(
        order.search(each) for one in texts for each in _readings(one) for order in _ANY_ORDER
    )


def addressing_turns(turns: Sequence[tuple[str, str]]) -> frozenset[int]:
    """Return which turns, each a speaker and words, speak to a machine, alone or with the speaker's turn before."""
    found: set[int] = set()
    before: dict[str, int] = {}
    for index, (speaker, text) in enumerate(turns):
        last = before.get(speaker)
        if _WRITTEN.search(text) or addresses_machine(text):
            found.add(index)
        elif (
            last is not None and last not in found and addresses_machine(f"{turns[last][1]} {text}")
        ):
            found.update((last, index))
        before[speaker] = index
    return frozenset(found)


def _readings(text: str) -> Iterator[str]:
    """Yield a text as it may be read: without what nobody sees, and look-alikes as what they look like."""
    seen = "".join(
        character
        for character in unicodedata.normalize("NFKC", html.unescape(text))
        if character in "\n\t" or unicodedata.category(character) not in _UNSEEN
    )
    folded = seen.translate(_ANGLES).casefold().replace("ё", "е")
    joined = _LETTER_BY_LETTER.sub(lambda found: re.sub(r"\W|_", "", found[0]), folded)
    latin = joined.translate(_TO_LATIN)
    yield from dict.fromkeys(
        (folded, joined, latin, latin.translate(_DIGITS_TO_LETTERS), joined.translate(_TO_CYRILLIC))
    )


def _decoded(text: str) -> Iterator[str]:
    """Yield what stands in a text in base64 or hexadecimal digits, as far as it is text."""
    for code in _BASE64.findall(text):
        whole = code[: len(code) // 4 * 4].translate(_URL_SAFE)
        yield base64.urlsafe_b64decode(whole).decode(errors="replace")
    for code in _HEX.findall(text):
        digits = re.sub(r"\W", "", code)
        yield bytes.fromhex(digits[: len(digits) // 2 * 2]).decode(errors="replace")
