"""What gRPC and proxies say of a call, in sentences for people. Pure."""

import re

import grpc

_CUT = (
    r"(socket|stream|channel|channel is) (closed|removed|reset)|connection (reset|terminat\w+|timed out)|goaway"
    r"|rst_stream|broken pipe|keepalive|ping timeout|too many pings|transport|cancelled on the server"
)
_SENTENCES = (
    (
        r"upstream (connect|request)|no healthy upstream|upstream.*overflow|remote reset|local reset|cluster not found",
        "the gateway does not reach the service: it is starting, down or overloaded",
    ),
    (r"deadline exceeded", "no answer came in time"),
    (
        r"failed to connect|connection (refused|attempt)|name resolution|\bdns\b|no route to host|network is unreachable",
        "nobody answers at that address",
    ),
    (
        _CUT,
        "the connection was lost",
    ),
    (
        r"message larger than max|received message.*size",
        "the answer is larger than a message may be: ask for less at once",
    ),
    (r"method not found|unimplemented", "the system is of another version: it has no such call"),
    (r"\bjwt|\brbac", "the token is not good here: it has expired, or is of another system"),
    (
        r"content-type|http (status|2)|:status|unexpected http|invalid http|\bssl\b|\btls\b|handshake",
        "what answers there is no gateway of Potok: look at POTOK_ADDRESS",
    ),
)
_SAID_BY_SERVICES = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.OUT_OF_RANGE,
}
"""Statuses that no transport has a reason for."""
_KNOWN = [(re.compile(pattern, re.IGNORECASE), sentence) for pattern, sentence in _SENTENCES]


def in_words(code: grpc.StatusCode, said: str | None) -> str:
    """Return what a status says to people; what a service has said itself is a sentence already."""
    text = (said or "").strip()
    if code in _SAID_BY_SERVICES:
        return text or f"the call ended as {code.name.replace('_', ' ').lower()}"
    for pattern, sentence in _KNOWN:
        if pattern.search(text):
            return sentence
    return text or f"the call ended as {code.name.replace('_', ' ').lower()}"
