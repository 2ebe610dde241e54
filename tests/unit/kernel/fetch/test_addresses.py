import pytest

from services.kernel.fetch.addresses import Host, is_listed, is_public, parse_host, resolve
from services.kernel.fetch.errors import BadLink
from services.kernel.fetch.link import parse_link


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.0.9",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "100.100.100.200",
        "169.254.169.254",
        "168.63.129.16",
        "192.0.0.192",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "fec0::1",
        "ff02::1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::8.8.8.8",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "3fff::1",
        "5f00::1",
        "100::1",
    ],
)
def test_an_address_that_is_not_on_the_public_internet_is_told(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.216.34", "2a00:1450:4010::1", "64:ff9b::8.8.8.8"]
)
def test_an_address_of_the_public_internet_is_told(address: str) -> None:
    assert is_public(address)


def test_hosts_are_listed_with_one_port_or_with_all() -> None:
    hosts = {parse_host("PBX.local:8080"), parse_host("10.0.0.5"), parse_host("[fd00::1]:80")}

    assert hosts == {Host("pbx.local", 8080), Host("10.0.0.5", None), Host("fd00::1", 80)}
    assert is_listed("pbx.local", 8080, hosts)
    assert not is_listed("pbx.local", 80, hosts)
    assert not is_listed("x.pbx.local", 8080, hosts)
    assert is_listed("10.0.0.5", 5038, hosts)
    assert is_listed("fd00::1", 80, hosts)


@pytest.mark.parametrize("text", ["", "http://pbx", "pbx/x", "pbx:", "pbx:0", "a@pbx", "fd00::1"])
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write it as host or host:port"):
        parse_host(text)


@pytest.mark.parametrize(
    ("text", "name", "port", "origin"),
    [
        ("https://Host.Example/a?b=1", "host.example", 443, "https://host.example"),
        ("http://host:8080/", "host", 8080, "http://host:8080"),
        ("http://host:80/", "host", 80, "http://host"),
        ("https://[2a00::1]/x", "2a00::1", 443, "https://[2a00::1]"),
        ("http://пример.рф/x", "xn--e1afmkfd.xn--p1ai", 80, "http://xn--e1afmkfd.xn--p1ai"),
    ],
)
def test_a_link_says_where_it_leads(text: str, name: str, port: int, origin: str) -> None:
    link = parse_link(text)

    assert (link.name, link.port, link.origin) == (name, port, origin)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s3cret",
        "ftp://host/s3cret",
        "file:///s3cret",
        "http:///s3cret",
        "http://host:0/s3cret",
        "http://host:65536/s3cret",
        "http://host:x/s3cret",
        "http://[::1/s3cret",
        "http://user@host/s3cret",
        "http://user:s3cret@host/",
        "http://host\\@evil/s3cret",
        "http://host/\ns3cret",
    ],
)
def test_what_is_no_link_is_refused_without_its_secrets(text: str) -> None:
    with pytest.raises(BadLink) as raised:
        parse_link(text)

    assert "s3cret" not in str(raised.value)
    assert raised.value.__cause__ is None


async def test_the_many_ways_to_write_loopback_are_resolved_before_they_are_judged() -> None:
    for name in ("localhost", "127.1", "2130706433", "0x7f000001", "::1", "0177.0.0.1"):
        addresses = await resolve(name, 80)
        assert addresses
        assert not any(map(is_public, addresses))
