"""Signatures of webhooks: published vectors where there are some, round trips by the signing code of the makers else."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bot_status import signatures
from services.kernel.errors import InvalidInput
from tests.builders.webhooks import (
    KEY,
    NOW,
    SVIX_BODY,
    SVIX_HEADERS,
    SVIX_NOW,
    SVIX_SECRET,
    attendee_sign,
    vexa_sign,
)


def test_the_published_vector_of_standard_webhooks_verifies() -> None:
    assert signatures.standard([SVIX_SECRET], SVIX_HEADERS, SVIX_BODY, SVIX_NOW)


def test_the_newer_names_of_its_headers_verify_and_one_signature_of_several() -> None:
    newer = {name.replace("svix", "webhook"): value for name, value in SVIX_HEADERS.items()}
    newer["webhook-signature"] = f"v1,AAAA v2,BBBB {newer['webhook-signature']}"

    assert signatures.standard(["whsec_AAAA", SVIX_SECRET], newer, SVIX_BODY, SVIX_NOW)


@pytest.mark.parametrize(
    ("change", "body", "off"),
    [
        ({}, b'{"test": 2432232315}', timedelta()),
        ({"svix-id": "msg_other"}, SVIX_BODY, timedelta()),
        ({"svix-timestamp": "1614265331"}, SVIX_BODY, timedelta()),
        ({"svix-timestamp": "1614265330.0"}, SVIX_BODY, timedelta()),
        ({"svix-timestamp": "१६"}, SVIX_BODY, timedelta()),
        ({"svix-signature": ""}, SVIX_BODY, timedelta()),
        (
            {"svix-signature": "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
            SVIX_BODY,
            timedelta(),
        ),
        ({}, SVIX_BODY, timedelta(minutes=5, seconds=1)),
        ({}, SVIX_BODY, -timedelta(minutes=5, seconds=1)),
    ],
)
def test_what_was_changed_or_is_old_does_not(
    change: dict[str, str], body: bytes, off: timedelta
) -> None:
    headers = SVIX_HEADERS | change
    assert not signatures.standard([SVIX_SECRET], headers, body, SVIX_NOW + off)


def test_without_a_secret_nothing_verifies() -> None:
    assert not signatures.standard([], SVIX_HEADERS, SVIX_BODY, SVIX_NOW)
    assert not signatures.standard(["whsec_", "no base64!"], SVIX_HEADERS, SVIX_BODY, SVIX_NOW)
    assert not signatures.attendee([], {"x-webhook-signature": attendee_sign({})}, b"{}")
    assert not signatures.vexa([], vexa_sign(b"{}"), b"{}", NOW)
    for empty in ("", " ", "\n"):
        assert not signatures.vexa([empty], vexa_sign(b"{}", empty), b"{}", NOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), JSON), st.booleans())
def test_attendee_signs_what_a_body_says_however_it_is_written(
    body: dict[str, object], ascii_only: bool
) -> None:
    written = json.dumps(body, ensure_ascii=ascii_only, indent=2).encode()
    headers = {"x-webhook-signature": attendee_sign(body)}

    assert signatures.attendee(["AAAA", KEY], headers, written)
    assert not signatures.attendee([KEY], headers, json.dumps({**body, "more": 1}).encode())


def test_half_a_character_is_no_error() -> None:
    assert not signatures.attendee([KEY], {"x-webhook-signature": "x"}, b'{"a": "\\ud800"}')


@given(st.binary(), st.sampled_from(["s1", "s2"]))
def test_vexa_signs_time_and_body(body: bytes, secret: str) -> None:
    headers = vexa_sign(body, secret)

    assert signatures.vexa(["s1", "s2"], headers, body, NOW)
    assert not signatures.vexa(["s1", "s2"], headers, body + b" ", NOW)
    assert not signatures.vexa(["s3"], headers, body, NOW)
    assert not signatures.vexa(["s1", "s2"], headers, body, NOW + timedelta(minutes=6))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_bad_input(body: bytes) -> None:
    with pytest.raises(InvalidInput, match="body"):
        signatures.attendee([KEY], {"x-webhook-signature": "x"}, body)
