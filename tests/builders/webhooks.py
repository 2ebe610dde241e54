"""Webhooks as their makers sign them: a published example, and the signing code of two makers."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

# The example of Svix's documentation on how to verify.
SVIX_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SVIX_HEADERS = {
    "svix-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "svix-timestamp": "1614265330",
    "svix-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
SVIX_BODY = b'{"test": 2432232314}'
SVIX_NOW = datetime.fromtimestamp(1614265330, UTC)

KEY = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))


def attendee_sign(body: object, secret: str = KEY) -> str:
    """Sign as Attendee's webhook_utils does."""
    canonical = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    mac = hmac.new(base64.b64decode(secret), canonical.encode(), hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()


def vexa_sign(body: bytes, secret: str = "s1", stamp: str = STAMP) -> dict[str, str]:
    """Sign as Vexa's delivery does."""
    mac = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256)
    return {"x-webhook-signature": f"sha256={mac.hexdigest()}", "x-webhook-timestamp": stamp}
