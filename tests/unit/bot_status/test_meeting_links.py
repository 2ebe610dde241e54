"""Which addresses bots are sent to."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bot_status.meeting_links import HOSTS, MeetingLinks, host_pattern
from services.bot_status.settings import ProviderName
from services.kernel.errors import InvalidInput

OWN = ("meet.clinic.example", "*.rooms.example", "jitsi.example:8443", host_pattern("встречи.рф"))
LINKS = MeetingLinks((*HOSTS["generic"], *OWN))


@pytest.mark.parametrize(
    "url",
    [
        "https://meet.google.com/abc-defg-hij",
        "HTTPS://MEET.Google.COM/abc-defg-hij",
        "https://meet.google.com./abc-defg-hij",
        "https://meet.google.com:443/abc-defg-hij?authuser=0#x",
        "https://us02web.zoom.us/j/1234567890?pwd=a@b",
        "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0?context=%7b%7d",
        "https://gov.teams.microsoft.us/meet/123",
        "https://telemost.yandex.ru/j/123",
        "https://clinic.ktalk.ru/abc",
        "https://meet.clinic.example/room",
        "https://a.b.rooms.example/x",
        "https://jitsi.example:8443/room",
        "https://встречи.рф/комната",
    ],
)
def test_meetings_of_known_hosts_are_taken(url: str) -> None:
    LINKS.check(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "meet.google.com/abc",
        "http://meet.google.com/abc-defg-hij",
        "ftp://meet.google.com/abc-defg-hij",
        "javascript:alert(1)//meet.google.com",
        "https://169.254.169.254/latest",
        "http://169.254.169.254/latest",
        "https://[::1]/",
        "https://2852039166/",
        "https://0x7f.1/",
        "https://localhost/",
        "https://meet.google.com.evil.example/abc",
        "https://evilmeet.google.com/abc",
        "https://notzoom.us/j/1",
        "https://zoom.us.evil.example/j/1",
        "https://meet.google.com@evil.example/abc",
        "https://user:pw@meet.google.com/abc",
        "https://@meet.google.com/abc",
        "https://evil.example\\@meet.google.com/abc",
        "https://meet.google.com\\.evil.example/abc",
        "https://meet.google.com:8443/abc",
        "https://meet.google.com:80/abc",
        "https://meet.google.com:x/abc",
        "https://meet.google.com../abc",
        "https://.meet.google.com/abc",
        "https://meet.google.com /abc",
        "https://meet.goo\tgle.com/abc",
        "https://meet.google.com/abc\nhttps://evil.example",
        "https://me\u200bet.google.com/abc",
        "https://mееt.google.com/abc",
        "https://ｍeet.google.com/abc",
        "https://%6deet.google.com/abc",
        "https://rooms.example/x",
        "https://jitsi.example/room",
        "https:///abc",
        "https:meet.google.com/abc",
    ],
)
def test_other_addresses_are_refused_with_what_is_taken(url: str) -> None:
    with pytest.raises(InvalidInput, match=r"meet_url: .*meet\.google\.com.*MEETING_HOSTS"):
        LINKS.check(url)


@given(st.text(max_size=80) | st.text(max_size=40).map(lambda text: f"https://{text}/x"))
def test_no_text_breaks_the_check(text: str) -> None:
    with contextlib.suppress(InvalidInput):
        LINKS.check(text)


def test_each_service_has_its_hosts() -> None:
    assert set(HOSTS) == {each.value for each in ProviderName}
    vexa = MeetingLinks(HOSTS["vexa"])
    vexa.check("https://meet.jit.si/Room")
    with pytest.raises(InvalidInput, match=r"not sent to telemost\.yandex\.ru"):
        vexa.check("https://telemost.yandex.ru/j/1")


@pytest.mark.parametrize(
    "text", ["", "https://x", "a/b", "*", "*.", "a b", "10.0.0.1", "a@b", "host:port", "-a.example"]
)
def test_what_is_no_host_is_no_setting(text: str) -> None:
    with pytest.raises(ValueError, match=r"write host|label"):
        host_pattern(text)
