"""A link that other people gave us, parsed once: what is checked is what is connected to."""

from dataclasses import dataclass

import httpx2

from services.kernel.fetch.errors import BadLink

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Link:
    """An http or https address without a user in it."""

    url: httpx2.URL

    @property
    def name(self) -> str:
        """The host in ASCII, an IPv6 address without brackets."""
        return self.url.raw_host.decode("ascii")

    @property
    def port(self) -> int:
        """The port that is connected to."""
        return _PORTS[self.url.scheme] if self.url.port is None else self.url.port

    @property
    def host(self) -> str:
        """The host and, where it is not the scheme's own, the port."""
        return self.url.netloc.decode("ascii")

    @property
    def origin(self) -> str:
        """Scheme, host and port: all of a link that may be shown."""
        return f"{self.url.scheme}://{self.host}"

    def redirected(self, location: str) -> "Link":
        """Return where a redirect leads; raises BadLink."""
        try:
            return _link(self.url.join(location))
        except (httpx2.InvalidURL, ValueError):
            raise BadLink(f"{self.origin} redirects to what is no link") from None


def parse_link(text: str) -> Link:
    """Parse a link; raises BadLink."""
    try:
        return _link(httpx2.URL(text))
    except (httpx2.InvalidURL, ValueError):
        raise BadLink("the link is no address like https://host/path") from None


def _link(url: httpx2.URL) -> Link:
    link = Link(url)
    if url.scheme not in _PORTS or not link.name or not 0 < link.port < 1 << 16:
        raise ValueError(link.origin)
    if url.userinfo:
        raise BadLink(f"{link.origin}: a link may not hold a user or a password")
    return link
