"""The signatures of webhooks, a scheme for each service; every comparison takes the same time whatever it finds."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from services.kernel.errors import InvalidInput

TOLERANCE = timedelta(minutes=5)
"""How far off a signed time may be."""

Headers = Mapping[str, str]
"""Headers by their names, in lower case."""


def standard(secrets: Sequence[str], headers: Headers, body: bytes, now: datetime) -> bool:
    """Verify a signature of Standard Webhooks and Svix, which Recall.ai uses: `v1,<base64>` over id, time and body.

    Headers are `webhook-…` or, older, `svix-…`; a secret is base64 after `whsec_`; several signatures are a list.
    """
    found = {
        name: headers.get(f"webhook-{name}") or headers.get(f"svix-{name}") or ""
        for name in ("id", "timestamp", "signature")
    }
    if not all(found.values()) or not _is_fresh(found["timestamp"], now):
        return False
    signed = f"{found['id']}.{found['timestamp']}.".encode() + body
    given = [each[3:] for each in found["signature"].split() if each.startswith("v1,")]
    return any(
        _same(_base64_mac(key, signed), signature) for key in _keys(secrets) for signature in given
    )


def attendee(secrets: Sequence[str], headers: Headers, body: bytes) -> bool:
    """Verify a signature of Attendee: base64 over the JSON with sorted keys and no blanks; no time is signed."""
    written = json.dumps(
        read_json(body), sort_keys=True, ensure_ascii=False, separators=(",", ":")
    ).encode(errors="replace")
    given = headers.get("x-webhook-signature", "")
    return any(_same(_base64_mac(key, written), given) for key in _keys(secrets))


def vexa(secrets: Sequence[str], headers: Headers, body: bytes, now: datetime) -> bool:
    """Verify a signature of Vexa: `sha256=<hex>` over time and body; the time may be off by TOLERANCE."""
    time = headers.get("x-webhook-timestamp", "")
    given = headers.get("x-webhook-signature", "")
    if not _is_fresh(time, now):
        return False
    signed = time.encode() + b"." + body
    return any(
        _same("sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest(), given)
        for secret in secrets
        if secret.strip()
    )


def read_json(body: bytes) -> dict[str, Any]:
    """Return the object that a body holds; raises InvalidInput."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidInput("body: it is no JSON") from None
    if not isinstance(found, dict):
        raise InvalidInput("body: it is no JSON object")
    return found


def key_of(secret: str) -> bytes:
    """Return the key that a secret in base64 stands for, after `whsec_` or without; empty where it stands for none."""
    text = secret.strip().removeprefix("whsec_")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _keys(secrets: Sequence[str]) -> list[bytes]:
    return [key for key in map(key_of, secrets) if key]


def _is_fresh(text: str, now: datetime) -> bool:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):  # noqa: PLR2004
        return False
    return abs(now.timestamp() - int(text)) <= TOLERANCE.total_seconds()


def _base64_mac(key: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode(errors="replace"))
