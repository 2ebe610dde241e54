"""Which addresses bots are sent to: the hosts of meetings that the bots of a service can join, and no other. Pure."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

import httpx2

from services.kernel.errors import InvalidInput

GOOGLE = ("meet.google.com",)
ZOOM = ("zoom.us", "*.zoom.us", "zoomgov.com", "*.zoomgov.com")
TEAMS = (
    "teams.microsoft.com", "*.teams.microsoft.com", "teams.live.com", "*.teams.live.com",
    "teams.cloud.microsoft", "*.teams.microsoft.us",
)  # fmt: skip
JITSI = ("meet.jit.si",)
WEBEX = ("webex.com", "*.webex.com")
OTHERS = (
    "8x8.vc", "app.slack.com", "calls.vk.com", "dion.vc", "*.dion.vc", "jazz.sber.ru", "*.ktalk.ru",
    "meet.goto.com", "*.mts-link.ru", "salutejazz.ru", "telemost.360.yandex.ru", "telemost.yandex.ru",
    "*.webinar.ru", "whereby.com", "*.whereby.com",
)  # fmt: skip

HOSTS = {
    "generic": (*GOOGLE, *ZOOM, *TEAMS, *JITSI, *WEBEX, *OTHERS),
    "attendee": (*GOOGLE, *ZOOM, *TEAMS),
    "vexa": (*GOOGLE, *ZOOM, *TEAMS, *JITSI),
    "recall": (*GOOGLE, *ZOOM, *TEAMS, *WEBEX, "app.slack.com", "meet.goto.com"),
}
"""The hosts of meetings that the bots of each service can join; `*.` stands for any names before."""

SETTING = "POTOK_BOT_STATUS_MEETING_HOSTS"
_LABEL = r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?"
_HOST = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})*(:[0-9]{{1,5}})?")
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029\u200b-\u200f\ufeff]")
_HTTPS_PORT = 443


def host_pattern(text: str) -> str:
    """Return an entry of the setting as it is compared: `host`, `host:port` or `*.host`; raises ValueError."""
    text = text.strip().lower()
    wild, name = ("*.", text[2:]) if text.startswith("*.") else ("", text)
    if not name.isascii():
        host, colon, port = name.partition(":")
        name = host.encode("idna").decode() + colon + port
    if not _HOST.fullmatch(f"{wild}{name}") or name.replace(".", "").isdigit():
        raise ValueError("write host, host:port or *.host, as meet.example.org")
    return f"{wild}{name}"


class MeetingLinks:
    """The addresses that bots may be sent to: https, at `hosts`."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self._hosts = hosts

    def check(self, meet_url: str) -> None:
        """Refuse what is no address of a meeting; raises InvalidInput."""
        try:
            url = httpx2.URL(meet_url)
            name = url.raw_host.decode("ascii").lower().removesuffix(".")
            port = _HTTPS_PORT if url.port is None else url.port
            written = urlsplit(meet_url).netloc
        except (httpx2.InvalidURL, ValueError):
            raise self._refused("it is no address") from None
        if _UNSEEN.search(meet_url):
            raise self._refused("it has a blank, a backslash or a character that cannot be seen")
        if url.scheme != "https":
            raise self._refused("it does not begin with https://")
        if "@" in written:
            raise self._refused("it has a user or a password before its host")
        if not self._knows(name, port, written):
            where = name if port == _HTTPS_PORT else f"{name}:{port}"
            raise self._refused(f"bots are not sent to {where[:100] or 'no host'}")

    def _knows(self, name: str, port: int, written: str) -> bool:
        if not written.isascii() and name not in self._hosts:
            return False  # it looks like another name
        host = name if port == _HTTPS_PORT else f"{name}:{port}"
        return any(
            host.endswith(each[1:]) and host != each[2:] if each.startswith("*.") else host == each
            for each in self._hosts
        )

    def _refused(self, why: str) -> InvalidInput:
        return InvalidInput(
            f"meet_url: {why}; write it as https://meet.google.com/abc-defg-hij, at one of: "
            f"{', '.join(self._hosts)} (an operator adds others to {SETTING})"
        )
