"""The private key of the issuer, from its file, and tokens that are signed by it."""

import contextlib
import json
from pathlib import Path
from uuid import uuid4

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from services.coordinator.settings import CoordinatorSettings
from services.kernel.clock import utc_now
from services.kernel.tokens import ALGORITHM
from services.status.identity import Caller


class KeyIssuer:
    """Implements Issuer by the key of an issuer whose public keys are known."""

    def __init__(self, file: Path, published: Path, *, issuer: str, audience: str) -> None:
        """`file` holds an EC private key, P-256, as PEM, and `published` the key set (JWKS) that it is one of.

        Raises OSError or ValueError.
        """
        self._key = _private_key(file)
        self._key_id = _key_id(self._key.public_key(), published)
        self._claims = {"iss": issuer, "aud": audience}

    def sign(self, caller: Caller) -> str:
        claims = {
            **self._claims,
            "sub": caller.user,
            "roles": sorted(role.value.lower() for role in caller.roles),
            "clients": sorted(caller.clients),
            "iat": int(utc_now().timestamp()),
            "exp": int(caller.expires_at.timestamp()),
            "jti": uuid4().hex,
        }
        return jwt.encode(claims, self._key, ALGORITHM, {"kid": self._key_id})


def issuer_of(settings: CoordinatorSettings) -> KeyIssuer | None:
    """Return the issuer whose key the settings name, if any; ends the process where that is not usable."""
    if settings.issuer_key is None:
        return None
    try:
        return KeyIssuer(
            settings.issuer_key,
            settings.keys / "users.json",
            issuer=settings.issuer,
            audience=settings.audience,
        )
    except (OSError, ValueError) as error:
        raise SystemExit(f"POTOK_COORDINATOR_ISSUER_KEY is not usable: {error}") from None


def _private_key(file: Path) -> ec.EllipticCurvePrivateKey:
    with contextlib.suppress(ValueError, TypeError, UnsupportedAlgorithm):
        key = load_pem_private_key(file.read_bytes(), password=None)
        if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
            return key
    raise ValueError(f"{file} holds no EC private key, P-256, as PEM without a password")


def _key_id(key: ec.EllipticCurvePublicKey, published: Path) -> str:
    """Return under which id a key set has a key: tokens of another key would be good nowhere."""
    try:
        known = jwt.PyJWKSet.from_dict(json.loads(published.read_text())).keys
    except (jwt.PyJWTError, AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"{published} is no set of keys: {error}") from None
    for each in known:
        if isinstance(each.key, ec.EllipticCurvePublicKey) and each.key == key:
            return str(each.key_id)
    raise ValueError(f"its public key is not in {published}")
