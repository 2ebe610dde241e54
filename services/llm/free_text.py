"""What a model wrote for people: plain sentences, whatever it was made to write. Pure."""

import html
import re
from dataclasses import dataclass

from services.llm.injection import addresses_machine
from services.llm.untrusted import plain

MAX_CHARACTERS = 3000
MAX_READ = 4 * MAX_CHARACTERS
"""Characters of a text that are looked at: with markup it may be longer than what is left of it."""
MOST_PASSES = 8
"""A text that is not plain after so many has nothing for people."""

_LINKED = re.compile(r"!?\[([^\[\]]*)\]\s*(?:\([^()]*\)|\[[^\[\]]*\])")
"""A link in Markdown, of which the words stay."""
_LINK = re.compile(
    r"""(?i:\b[a-z][a-z0-9+.-]*://\S*)
    |(?i:\b(?:javascript|vbscript|data|mailto|tel|sms|file)\s*:\s*\S+)
    |[^\s@]{1,64}@[\w-]+(?:\.[\w-]+)+
    |(?i:\w*www\.\S+)
    |(?i:\b(?:[\w-]+\.)+[a-z]{2,}(?::\d+)?/\S*)
    |\b(?:[\w-]+\.)+(?:com|net|org|info|biz|io|ru|su|рф|ua|by|kz|de|uk|eu|us|cn|top|xyz|site|online|store|shop|club|app
        |dev|ai|me|co|cc|tv|link|click|ly|gg|pro|live|example|test|invalid|xn--[a-z0-9-]+)\b(?:[?\#]\S*)?
    |\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?:/\S*)?""",
    re.VERBOSE,
)
"""With a scheme, an address of mail, a host with a path, one of a usual domain (`ASP.NET` is none), or in numbers."""
_PROGRAM = re.compile(r"<\s*(script|style)\b.*?(?:<\s*/\s*\1\s*>|$)", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[!/?a-zA-Z][^<>]*>?")
_MARKUP = re.compile(
    r"^\s*(?:[#>=+@*-]+|\d+\.)(?=\s|[^\W\d])|[*`|\\{}\[\]]|~~+|__+|(?<=\w)_(?=\w)", re.MULTILINE
)
_REMOVED = (
    (_LINKED, r"\1", "links"),
    (_PROGRAM, " ", "markup"),
    (_TAG, " ", "markup"),
    (_LINK, " ", "links"),
    (_MARKUP, " ", "markup"),
)
_BEFORE_MARK = re.compile(r"\s+([.,!?;:])")
_SENTENCES = re.compile(r"(?<=[.!?…])\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeText:
    """Plain sentences, and what was removed to have them, as in `links`."""

    text: str
    removed: tuple[str, ...]


def plain_sentences(text: str) -> FreeText:
    """Return a text as one line of plain sentences: no link, no markup, no unseen character, no order to a machine."""
    removed: dict[str, None] = {}
    now = text[:MAX_READ]
    for _ in range(
        MOST_PASSES
    ):  # what is taken out may bring together what is no plain sentence either
        before = now
        now = _stripped(now, removed)
        if now == before:
            break
    else:
        now = ""
    kept = _sentences_to_people(now, text[:MAX_READ])
    if kept != now:
        removed["words to a machine"] = None
    if len(kept) > MAX_CHARACTERS or len(text) > MAX_READ:
        removed["what was too long"] = None
        kept = kept[:MAX_CHARACTERS].rsplit(" ", 1)[0]
    return FreeText(text=kept, removed=tuple(removed))


def _stripped(text: str, removed: dict[str, None]) -> str:
    text = html.unescape(text)
    seen = "".join(each for each in text if each.isprintable() or each.isspace())
    if seen != text:
        removed["unseen characters"] = None
    for pattern, put, what in _REMOVED:
        stripped = pattern.sub(put, seen)
        if stripped != seen:
            removed[what] = None
        seen = stripped
    return _BEFORE_MARK.sub(r"\1", plain(seen))


def _sentences_to_people(text: str, written: str) -> str:
    """Return the sentences of a text that do not speak to a machine; none of one that does so as a whole."""
    sentences = _SENTENCES.split(text)
    kept = [each for each in sentences if not addresses_machine(each)]
    as_written = kept == sentences and addresses_machine(written.replace("_", " "))
    return "" if as_written or addresses_machine(" ".join(kept)) else " ".join(kept)
