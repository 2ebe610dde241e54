"""How English sentences give somebody something to do, as patterns around a verb."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from services.recommendations.meetings.adapters.english.words import (
    CONCRETE,
    CONCRETE_PHRASES,
    VAGUE,
)
from services.recommendations.meetings.adapters.sentences import Force, Who

_SOFT = (
    r"(?:(?:also|then|definitely|probably|please|now|gladly|happily|quickly|still|personally|go\s+ahead\s+and|try\s+(?:to|and)|"
    r"have\s+to|need\s+to|just)\s+)*"
)
_VERB = r"(?P<verb>[a-z]+(?:-[a-z]+)?)\b"
_CONCRETE = (
    rf"(?P<verb>(?=(?:{'|'.join(sorted(CONCRETE))})\b|{CONCRETE_PHRASES})[a-z]+(?:-[a-z]+)?)\b"
)
_NAME = r"(?P<name>[A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+)?)"
_PAIR = rf"{_NAME}(?:\s+and\s+(?P<other>[A-Z][\w-]+|I|you))?"
_WILL = r"(?:\s+(?:will|shall|can\s+then|is\s+going\s+to|are\s+going\s+to|is\s+gonna|are\s+gonna|gonna)|['’]ll|['’]s\s+(?:going\s+to|gonna))"


@dataclass(frozen=True, slots=True)
class Rule:
    """Whom a pattern gives something to do, and how; `asking` also in a question."""

    who: Who
    force: Force
    pattern: re.Pattern[str]
    asking: bool = False


def _rule(who: Who, force: Force, pattern: str, *, asking: bool = False) -> Rule:
    return Rule(who, force, re.compile(rf"(?<![\w'’]){pattern}", re.IGNORECASE), asking)


RULES = (
    _rule(
        Who.ADDRESSEE,
        Force.ASKED,
        rf"(?:can|could|will|would)\s+you(?:\s+(?:two|both|guys))?\s+(?:maybe\s+|perhaps\s+)?{_SOFT}{_VERB}",
        asking=True,
    ),
    _rule(
        Who.ADDRESSEE,
        Force.ASKED,
        rf"(?:do\s+you\s+think\s+you\s+(?:can|could)|are\s+you\s+(?:able|happy|ok|okay)\s+to|would\s+you\s+be\s+(?:able|happy)\s+to"
        rf"|(?:can|could)\s+i\s+(?:get|ask)\s+you\s+to|might\s+you)\s+{_SOFT}{_VERB}",
        asking=True,
    ),
    _rule(
        Who.ADDRESSEE,
        Force.ASKED,
        r"(?:(?:please\s+)?(?:don['’]t\s+forget\s+to|remember\s+to|make\s+sure\s+(?:to|you)|be\s+sure\s+to))"
        rf"\s+{_SOFT}{_VERB}",
    ),
    _rule(
        Who.ADDRESSEE,
        Force.ASKED,
        rf"i(?:['’]d\s+like|\s+need|\s+want)\s+you\s+to\s+{_SOFT}{_VERB}",
    ),
    _rule(
        Who.ADDRESSEE,
        Force.ASKED,
        r"you(?:['’]ll|\s+will|\s+are\s+going\s+to|['’]re\s+going\s+to|['’]re\s+gonna|\s+should|\s+need\s+to|\s+have\s+to|\s+must)"
        rf"\s+{_SOFT}{_VERB}",
    ),
    _rule(
        Who.ADDRESSEE,
        Force.ASKED,
        rf"please\s+(?:also\s+)?(?!don['’]?t|do\s+not){_VERB}",
        asking=True,
    ),
    _rule(
        Who.SPEAKER,
        Force.PROMISED,
        r"i(?:\s+(?:still|also|really))?(?:['’]ll|\s+will|['’]m\s+(?:going\s+to|gonna)|\s+am\s+(?:going\s+to|gonna)"
        rf"|\s+promise\s+to|\s+plan\s+to)\s+{_SOFT}{_VERB}",
    ),
    _rule(
        Who.SPEAKER,
        Force.OFFERED,
        rf"(?:i(?:\s+(?:still|also|really))?\s+(?:can|could)|let\s+me)\s+{_SOFT}{_VERB}",
        asking=True,
    ),
    _rule(
        Who.SPEAKER,
        Force.NEEDED,
        r"i(?:\s+(?:still|also|really))?(?:\s+(?:should|need\s+to|have\s+to|must|gotta)|['’]ve\s+got\s+to|['’]d\s+better)"
        rf"\s+{_SOFT}{_VERB}",
    ),
    _rule(Who.SPEAKER, Force.OFFERED, rf"(?:shall|should)\s+i\s+{_SOFT}{_VERB}", asking=True),
    _rule(
        Who.SPEAKER, Force.OFFERED, rf"(?:do\s+you\s+)?want\s+me\s+to\s+{_SOFT}{_VERB}", asking=True
    ),
    _rule(
        Who.NOBODY,
        Force.NEEDED,
        r"(?:(?:we|someone|somebody|one\s+of\s+(?:us|you)(?:\s+\w+)?|who)(?:['’]ll\s+(?:have|need)\s+to|\s+will\s+(?:have|need)\s+to|\s+(?:also\s+)?needs?\s+to"
        r"|\s+(?:also\s+)?ha(?:ve|s)(?:\s+got)?\s+to|\s+must|\s+should|\s+ought\s+to|['’]s\s+(?:got\s+to|gotta|going\s+to)|\s+gotta)"
        rf"|(?:someone|somebody|who|anyone|anybody)\s+(?:can|could|wants\s+to|is\s+going\s+to)|(?:can|could)\s+(?:someone|somebody|anyone|anybody))\s+{_SOFT}{_VERB}",
        asking=True,
    ),
    _rule(Who.NOBODY, Force.NEEDED, rf"let['’]?s\s+{_SOFT}{_VERB}"),
    _rule(
        Who.NOBODY,
        Force.NEEDED,
        rf"(?:we(?:['’]ll|\s+will|['’]re\s+(?:going\s+to|gonna))|who(?:['’]ll|\s+will))\s+{_SOFT}{_VERB}",
        asking=True,
    ),
)
PROGRESSIVE = re.compile(
    r"(?<![\w'’])(?P<subject>(?:[Ww]ould|[Dd]o)\s+you\s+mind|[Mm]ind|[Hh]ow\s+about\s+you\s+start|[Ii]['’]m|[Ii]\s+am|[Yy]ou(?:['’]ll|\s+will)\s+be|[Ii](?:['’]ll|\s+will)\s+be|"
    r"(?P<name>[A-Z][\w-]+)(?:['’]s|\s+is|\s+will\s+be))\s+(?:also\s+)?(?P<verb>[a-z]+ing)\b"
)
CALL = re.compile(
    r"(?:^|(?<!\bto)(?<!\bwith)(?<!\bfrom)(?<!\bfor)(?<!\bof),\s*|\.\s+)(?:(?:and|so|okay|ok|then|well|but|hey|right)\s+)*(?P<name>[A-Z][\w'’-]+)(?=\s*[,?!.—–]|$)"
)
CALLED_FIRST = re.compile(
    r"^(?:(?:[Aa]nd|[Ss]o|[Oo]kay|[Oo]k|[Tt]hen|[Bb]ut|[Ww]ell)[\s,]+)*(?P<name>[A-Z][\w'’-]+)\s+(?=(?:can|could|will|would)\s+you\b|please\b|you\b)"
)
ASSIGNMENT = re.compile(
    rf"\b{_PAIR}(?P<will>{_WILL}|\s+(?:needs?|has|have)\s+to|\s+must|\s+should)\s+{_SOFT}{_VERB}"
)
NOTE = re.compile(rf"(?:^|[,;:.–—]\s+|\band\s+){_PAIR}\s+to\s+{_CONCRETE}")
"""As in `Bob to send the offer`, as a secretary reads it out."""
ORDER = re.compile(rf"(?:^|[,;:–—]\s+|[.!]\s+|\b(?:and|then)\s+){_SOFT}{_CONCRETE}", re.IGNORECASE)
FRAME = re.compile(
    r"\b(?:action\s+(?:item|point)s?(?:\s+(?:for\s+\w+|here|is|are|number\s+\w+))*\s*(?:[:,–—-]|\bis\b|\bto\b)"
    r"|your\s+(?:job|task|homework|action|assignment)\s+(?:is|will\s+be)(?:\s+to)?|(?:that|this|it)(?:['’]s|\s+is)\s+on\s+you\s+to"
    rf"|i(?:['’]m|\s+am)\s+(?:putting|assigning)\s+you\s+(?:on|to))\s+(?:to\s+)?{_SOFT}{_VERB}",
    re.IGNORECASE,
)
"""What says of itself that it is a task."""
UNREAL = re.compile(
    r"\b(?:if|unless|maybe|perhaps|might|wish|wouldn['’]t|would\s+have|could\s+have|should\s+have|don['’]t\s+(?:think|need|want|have)|not\s+sure"
    r"|because|although|didn['’]t|doesn['’]t|no\s+longer|no\s+need|nobody|until|imagine|suppose|instead\s+of\s+having)\b",
    re.IGNORECASE,
)
"""What is only thought of, where one of these comes before it."""
GENERAL = re.compile(
    r"\b(?:that|what|which|where|when|whenever|because|['’]?cause|cuz|as|like|how|than|all|thing|said|says|told|thought|think|guess|seems?|means?"
    r"|people|users?|anyone|or|then|but|case|way|why|whether)\s+(?:\w+\s+){0,2}$",
    re.IGNORECASE,
)
"""Before `you have to` or `we should`: it is said of anybody, or why something is so."""
YOU = re.compile(
    r"you(?!(?:['’]ll|\s+will)\s+(?:have\s+to|be)\b)(?:\s+|['’])(?!.*\bwork$)", re.IGNORECASE
)
"""What is said of you may be said of anybody, but for `you will have to` and `you will work on`."""
CUT = re.compile(
    r"\s*(?:[;.!?–—]|,?\s+\b(?:because|'cause|cause|cuz|so\s+that|since|unless|if|but|which|otherwise|so\s+this|so\s+we|so\s+you|when\s+it"
    r"|before\s+(?:we|the|i|you|anyone)|after\s+(?:we|the|this)|as\s+soon\s+as)\b|,?\s+and\s+(?:i|we|you|he|she|they)\b|,\s+(?:please|and\s+then|okay|ok|right)\b"
    r"|,\s+(?:not|no|actually|wait|sorry)\b|,\s+(?:i|we|you|he|she|they|it|that)(?:['’]\w+|\s)|,?\s+right\s+after\b|,\s+the\s+(?=\w+\s+(?:is|was)\b)).*",
    re.IGNORECASE | re.DOTALL,
)
REASON = re.compile(
    r"\b(?:because|cause|cuz|so\s+(?:that|we|you|i|they)|since|which|but)\b|[.?!]\s", re.IGNORECASE
)
"""After it no day is one until when."""
NOW = re.compile(
    r"\bjust\s+(?:quickly\s+)?(?=\w+$)|\b(?:right\s+now|for\s+a\s+second|for\s+a\s+minute|a\s+moment|a\s+second|real\s+quick)\b",
    re.IGNORECASE,
)
LATER = re.compile(
    r"\b(?:after\s+(?:the|this)\s+(?:meeting|call)|(?:for|before|by|until|at)\s+(?:our\s+|the\s+)?next\s+(?:meeting|time|call|week|standup|sync)|(?:over|at)\s+the\s+weekend|on\s+(?:my|the)\s+way\s+(?:home|back|in)"
    r"|(?:send|email|mail|forward|text|ping)\s+(?:it\s+|that\s+|them\s+|this\s+)?(?:to\s+)?(?:me|us|you|everyone|everybody)|get\s+back\s+to|later\s+(?:today|on|this)"
    r"|first\s+thing|when\s+i\s+get\s+back|before\s+(?:lunch|the\s+weekend|christmas|we\s+launch))\b",
    re.IGNORECASE,
)
"""What puts something after the meeting, beside a day."""
AS_OFFER = re.compile(
    r"\bif\s+(?:you|anyone|anybody|everyone|we|that)\b|\bor\s+(?:i|we|you)\s+(?:can|could)\b",
    re.IGNORECASE,
)
CONCRETE_HERE = re.compile(rf"(?:{'|'.join(sorted(CONCRETE))})\b|{CONCRETE_PHRASES}", re.IGNORECASE)
LETS = re.compile(r"\blet['’]?s\s+(?:\w+\s+)?$", re.IGNORECASE)
_VOWELS = frozenset("aeiou")


def _gerunds() -> Iterator[tuple[str, str]]:
    for verb in (*CONCRETE, *VAGUE, "call", "ask", "work", "set", "get", "put"):
        yield f"{verb}ing", verb
        if verb.endswith("e"):
            yield f"{verb[:-1]}ing", verb
        if verb[-1] not in _VOWELS and verb[-2] in _VOWELS:
            yield f"{verb}{verb[-1]}ing", verb


PLAIN = dict(_gerunds())
"""The plain form of verbs, as of `sending`."""
