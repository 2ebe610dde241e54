"""What gRPC and Envoy say never reaches people as it is; what services say does."""

import grpc
import pytest
from potok_client.cli.machine_words import in_words

UNAVAILABLE, DEADLINE = grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED


@pytest.mark.parametrize(
    ("code", "said", "words"),
    [
        (
            UNAVAILABLE,
            "upstream connect error or disconnect/reset before headers. reset reason: connection failure",
            "the gateway does not reach the service",
        ),
        (UNAVAILABLE, "no healthy upstream", "the gateway does not reach the service"),
        (DEADLINE, "upstream request timeout", "the gateway does not reach the service"),
        (DEADLINE, "Deadline Exceeded", "no answer came in time"),
        (
            UNAVAILABLE,
            "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:8000: Failed to connect",
            "nobody answers at that address",
        ),
        (UNAVAILABLE, "DNS resolution failed for nowhere:8000", "nobody answers at that address"),
        (UNAVAILABLE, "Socket closed", "the connection was lost"),
        (UNAVAILABLE, "GOAWAY received", "the connection was lost"),
        (
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "CLIENT: Received message larger than max (17825800 vs. 16777216)",
            "ask for less at once",
        ),
        (grpc.StatusCode.UNIMPLEMENTED, "Method not found!", "another version"),
        (grpc.StatusCode.UNAUTHENTICATED, "Jwt is expired", "the token is not good here"),
        (
            UNAVAILABLE,
            "Ssl handshake failed: SSL_ERROR_SSL: WRONG_VERSION_NUMBER",
            "no gateway of Potok",
        ),
        (grpc.StatusCode.UNKNOWN, "", "the call ended as unknown"),
    ],
)
def test_machine_words_become_sentences(code: grpc.StatusCode, said: str, words: str) -> None:
    text = in_words(code, said)

    assert words in text
    assert not said or said not in text


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (UNAVAILABLE, "CALL_SYNC does not answer"),
        (grpc.StatusCode.INVALID_ARGUMENT, "settings.source: there is no account dns"),
        (grpc.StatusCode.NOT_FOUND, "client tls does not exist: set it up first"),
    ],
)
def test_what_a_service_says_is_said(code: grpc.StatusCode, said: str) -> None:
    assert in_words(code, said) == said
