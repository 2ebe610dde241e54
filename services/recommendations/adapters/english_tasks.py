"""What an English sentence says is to be done: promises, requests, duties, by the words before a verb."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.recommendations.adapters.heard import Heard, Said, Who, title_of

_VERBS = (
    *("add", "analyse", "analyze", "approve", "arrange", "ask", "assign", "book", "bring", "build"),
    *(
        "buy",
        "calculate",
        "call",
        "cancel",
        "change",
        "check",
        "choose",
        "clarify",
        "clean",
        "close",
    ),
    *("collect", "compare", "complete", "configure", "confirm", "contact", "coordinate", "create"),
    *("cut", "define", "deliver", "deploy", "design", "document", "draft", "email", "escalate"),
    *(
        "estimate",
        "extend",
        "file",
        "fill",
        "finalise",
        "finalize",
        "find",
        "finish",
        "fix",
        "follow",
    ),
    *("forward", "gather", "get", "give", "handle", "hire", "implement", "improve", "inform"),
    *(
        "install",
        "investigate",
        "invite",
        "invoice",
        "launch",
        "lead",
        "log",
        "look",
        "make",
        "merge",
    ),
    *(
        "message",
        "migrate",
        "monitor",
        "move",
        "notify",
        "onboard",
        "order",
        "organise",
        "organize",
    ),
    *("outline", "own", "pay", "ping", "plan", "post", "prepare", "present", "print", "provide"),
    *("publish", "pull", "put", "reach", "record", "redo", "refactor", "register", "release"),
    *("remind", "remove", "renew", "replace", "report", "research", "reserve", "resolve", "review"),
    *(
        "revise",
        "rewrite",
        "run",
        "schedule",
        "send",
        "set",
        "share",
        "ship",
        "sign",
        "sort",
        "speak",
    ),
    *("submit", "summarise", "summarize", "sync", "take", "talk", "test", "train", "translate"),
    *("update", "upload", "verify", "write"),
)
# Said in the course of a meeting, these verbs are about the meeting: they make a task only with a day.
_OF_THE_MEETING = frozenset(
    (
        *("be", "have", "say", "start", "begin", "go", "admit", "explain", "tell", "show", "leave"),
        *(
            "let",
            "wait",
            "see",
            "think",
            "try",
            "stop",
            "repeat",
            "mention",
            "note",
            "pass",
            "hand",
        ),
        *(
            "know",
            "understand",
            "remember",
            "keep",
            "discuss",
            "talk",
            "decide",
            "continue",
            "hear",
        ),
        *(
            "imagine",
            "hope",
            "wrap",
            "circle",
            "assume",
            "focus",
            "agree",
            "argue",
            "do",
            "not",
            "come",
        ),
        *("like", "love", "need", "want", "get", "look", "meet", "chat", "stay", "use", "consider"),
        *(
            "ask",
            "add",
            "answer",
            "mean",
            "jump",
            "turn",
            "join",
            "just",
            "believe",
            "find",
            "feel",
        ),
    )
)
_WEAK = frozenset(
    ("get", "look", "ask", "add", "find", "have", "do", "talk", "meet", "use", "discuss")
)
"""Of these, what makes a task of others all the same where somebody is asked for it."""
_VAGUE = frozenset(("take", "do", "handle", "own", "get", "write"))
_SOFT = r"(?:(?:also|then|just|definitely|probably|please|now|gladly|happily|quickly|still)\s+)*"
_VERB = r"(?P<verb>[a-z]+)\b"
_ACTION = rf"(?P<verb>{'|'.join(_VERBS)})\b"
_NOT_NAMES = frozenset(
    (
        *(
            "ok",
            "okay",
            "so",
            "well",
            "yes",
            "no",
            "great",
            "right",
            "thanks",
            "sure",
            "fine",
            "also",
        ),
        *(
            "now",
            "then",
            "hi",
            "hello",
            "actually",
            "anyway",
            "and",
            "but",
            "good",
            "perfect",
            "first",
        ),
        *("second", "third", "next", "finally", "today", "tomorrow", "please", "maybe", "agreed"),
        *(
            "morning",
            "everyone",
            "team",
            "guys",
            "folks",
            "all",
            "yeah",
            "yep",
            "cool",
            "nice",
            "i",
        ),
    )
)


@dataclass(frozen=True, slots=True)
class _Rule:
    who: Who
    pattern: re.Pattern[str]
    asking: bool = False


def _rule(who: Who, pattern: str, *, asking: bool = False) -> _Rule:
    return _Rule(who, re.compile(rf"(?<![\w'’]){pattern}", re.IGNORECASE), asking)


_RULES = (
    _rule(Who.ADDRESSEE, rf"(?:can|could|will|would)\s+you\s+{_SOFT}{_VERB}", asking=True),
    _rule(
        Who.ADDRESSEE,
        r"(?:(?:please\s+)?(?:don['’]t\s+forget\s+to|remember\s+to|make\s+sure\s+(?:to|you)|be\s+sure\s+to))"
        rf"\s+{_SOFT}{_VERB}",
    ),
    _rule(Who.ADDRESSEE, rf"i(?:['’]d\s+like|\s+need|\s+want)\s+you\s+to\s+{_SOFT}{_VERB}"),
    _rule(Who.ADDRESSEE, rf"you(?:\s+should|\s+need\s+to|\s+have\s+to|\s+must)\s+{_SOFT}{_VERB}"),
    _rule(Who.ADDRESSEE, rf"please\s+(?:also\s+)?(?!don['’]?t|do\s+not){_VERB}", asking=True),
    _rule(
        Who.SPEAKER,
        r"i(?:['’]ll|\s+will|['’]m\s+going\s+to|\s+am\s+going\s+to|\s+can|\s+need\s+to|\s+have\s+to|\s+must"
        rf"|['’]ve\s+got\s+to|\s+plan\s+to|\s+promise\s+to)\s+{_SOFT}{_VERB}",
    ),
    _rule(Who.SPEAKER, rf"let\s+me\s+{_SOFT}{_ACTION}"),
    _rule(
        Who.NOBODY,
        r"(?:we|someone|somebody)(?:['’]ll\s+have\s+to|\s+need(?:s)?\s+to|\s+(?:also\s+)?ha(?:ve|s)\s+to|\s+must"
        rf"|\s+should)\s+{_SOFT}{_VERB}",
    ),
    _rule(Who.NOBODY, rf"let['’]?s\s+{_SOFT}{_ACTION}"),
    _rule(Who.NOBODY, rf"we(?:['’]ll|\s+will)\s+{_SOFT}{_VERB}"),
)
_ORDER = re.compile(rf"(?:^|[,;:]\s+|[.!]\s+|\band\s+){_SOFT}{_ACTION}")
_UNREAL = re.compile(
    r"\b(?:if|unless|maybe|perhaps|might|wish|wouldn['’]t|would\s+have|could\s+have|should\s+have|don['’]t\s+think"
    r"|don['’]t\s+need|didn['’]t|doesn['’]t|no\s+longer|not\s+sure)\b",
    re.IGNORECASE,
)
_CUT = re.compile(
    r"\s*(?:[;.!?]|,?\s+\b(?:because|so\s+that|since|unless|if|but|which|otherwise|so\s+this|so\s+we|when\s+it)\b"
    r"|,?\s+and\s+(?:i|we|you|he|she|they)\b|,\s+(?:please|and\s+then)\b).*",
    re.IGNORECASE | re.DOTALL,
)
_CONDUCT = re.compile(
    r"move\s+on|get\s+(?:started|going|back|into)|take\s+(?:a\s+)?(?:look|break|step|five)|look\s+at|run\s+through"
    r"|talk\s+(?:about|through)|set\s+(?:that|this|it)\s+aside|put\s+(?:that|this|it)\s+aside|call\s+it",
    re.IGNORECASE,
)
"""What is done in the meeting itself."""
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_DROPPED = frozenset(("me", "us", "please", "then", "also", "too"))
_EMPTY = frozenset(
    (
        *(
            "it",
            "that",
            "this",
            "them",
            "those",
            "these",
            "the",
            "a",
            "an",
            "one",
            "to",
            "for",
            "of",
        ),
        *("on", "in", "at", "by", "with", "from", "up", "out", "care", "so", "now", "and", "about"),
        *("our", "your", "my", "his", "her", "their", "there", "some", "any", "all"),
    )
)


class EnglishTasks:
    """Hears tasks in English sentences."""

    def addressee(self, said: Said) -> str:
        """Return who is called by name, as in `Bob, please ...` or `can you ..., Bob?`; empty for nobody."""
        for match in re.finditer(
            r"(?:^|,\s*|[.!]\s+)(?P<name>[A-Z][\w'’-]+)(?=\s*[,?!.]|$)", said.text
        ):
            name = self._named(match["name"], said.speakers)
            if name and not said.text[match.start() :].startswith((". ", "! ")):
                return name
        return ""

    def hear(self, said: Said) -> Iterator[Heard]:
        """Yield what is to be done by a sentence."""
        found = sorted(self._found(said), key=lambda each: each[0].start())
        for n, (match, who, name) in enumerate(found):
            stop = found[n + 1][0].start() if n + 1 < len(found) else len(said.text)
            yield _heard(said, match, stop, who, name, alone=len(found) == 1)

    def _found(self, said: Said) -> list[tuple[re.Match[str], Who, str]]:
        found: list[tuple[re.Match[str], Who, str]] = []

        def take(match: re.Match[str], who: Who, name: str = "") -> None:
            apart = all(match.start("verb") != other.start("verb") for other, _, _ in found)
            if apart and _real(said, match, who):
                found.append((match, who, name))

        for rule in _RULES:
            for match in rule.pattern.finditer(said.text):
                if rule.asking or not said.asks:
                    take(match, rule.who)
        if not said.asks:
            for match in self._assignments(said):
                take(match, Who.NAMED, self._named(match["name"], said.speakers))
            if self.addressee(said):
                for match in _ORDER.finditer(said.text):
                    take(match, Who.ADDRESSEE)
        return found

    def _assignments(self, said: Said) -> Iterator[re.Match[str]]:
        modal = (
            r"(?:\s+will|['’]ll|\s+needs?\s+to|\s+has\s+to|\s+must|\s+should|\s+is\s+going\s+to)"
        )
        for match in re.finditer(rf"\b(?P<name>[A-Z][\w-]+){modal}\s+{_SOFT}{_VERB}", said.text):
            if self._named(match["name"], said.speakers):
                yield match
        for match in re.finditer(rf"\b(?P<name>[A-Z][\w-]+)\s+to\s+{_ACTION}", said.text):
            if match["name"] in _first_names(said.speakers):
                yield match

    def _named(self, word: str, speakers: Sequence[str]) -> str:
        """Return whom a word names: a speaker, or else what is written as a name and is none of the usual words."""
        found = [name for name in speakers if word in name.split()]
        if found:
            return found[0]
        usual = word.lower() in _NOT_NAMES or word.lower() in _VERBS or word in _PRONOUNS
        return "" if usual or len(word) < _SHORTEST_NAME else word


_SHORTEST_NAME = 3
_PRONOUNS = frozenset(
    (
        "You",
        "They",
        "She",
        "This",
        "That",
        "There",
        "What",
        "Who",
        "Someone",
        "Somebody",
        "Nobody",
        "Everybody",
        "Let",
        "Legal",
    )
)


def _first_names(speakers: Sequence[str]) -> set[str]:
    return {part for name in speakers for part in name.split()}


def _real(said: Said, match: re.Match[str], who: Who) -> bool:
    """Tell whether it is really to be done: not denied, not only thought of, not about the meeting itself."""
    verb = match["verb"].lower()
    if _UNREAL.search(
        said.text[: match.start("verb")].replace("don't forget", "").replace("don’t forget", "")
    ):
        return False
    conduct = who is Who.NOBODY and _CONDUCT.match(said.text, match.start("verb"))
    if conduct or verb in ("not", "never"):
        return False
    if (
        who in (Who.ADDRESSEE, Who.SPEAKER, Who.NAMED)
        and verb in _WEAK
        and _has_object(said, match)
    ):
        return True
    if verb not in _VERBS and who is Who.SPEAKER and match.group().lower().startswith("i can"):
        return False
    promised = match.group().lower().startswith(("we'll", "we’ll", "we will"))
    return (verb not in _OF_THE_MEETING and not promised) or bool(said.dates)


def _has_object(said: Said, match: re.Match[str]) -> bool:
    rest = _CUT.sub("", said.text[match.end("verb") :])
    return any(word.lower() not in _EMPTY | _DROPPED for word in _WORD.findall(rest))


def _heard(
    said: Said, match: re.Match[str], stop: int, who: Who, name: str, *, alone: bool
) -> Heard:
    start = match.end("verb")
    rest = said.text[start:stop]
    cut = _CUT.search(rest)
    rest = rest[: cut.start()] if cut else rest
    words = [
        word
        for word in _WORD.finditer(rest)
        if not said.dated(start + word.start())
        and word.group().lower() not in _DROPPED
        and word.group() not in _first_names(said.speakers) - {name}
    ]
    if words and words[-1].group().lower() in ("and", "on", "by", "in", "at"):
        words.pop()
    verb = match["verb"].lower()
    return Heard(
        who=who,
        name=name,
        verb=verb,
        title=title_of(verb, (word.group() for word in words)),
        objects=frozenset(
            word.group().lower() for word in words if word.group().lower() not in _EMPTY
        ),
        vague=verb in _VAGUE,
        due=said.due(0, len(said.text)) if alone else said.due(match.start(), stop),
    )
