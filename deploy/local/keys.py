"""The keys of the local system: of the issuer of development tokens, and of each service. They are made at first start."""

import json
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from deploy.local.folders import data_home, write_private
from deploy.local.services import SERVICES

ISSUER = "issuer"
"""The name of the key that development tokens are signed with."""


def make_keys(folder: Path) -> Path:
    """Make the keys that `folder` lacks, and what is public of them; returns the folder.

    `<name>.pem` are private keys that only their owner can read; `users.json` and `services.json` are the key sets (JWKS)
    that services check tokens by.
    """
    folder.mkdir(parents=True, exist_ok=True)
    issuer = {ISSUER: _public(folder / f"{ISSUER}.pem")}
    services = {name: _public(folder / f"{name}.pem") for name in SERVICES}
    _publish(folder / "users.json", issuer)
    _publish(folder / "services.json", services)
    return folder


def _public(file: Path) -> ec.EllipticCurvePublicKey:
    if not file.exists():
        made = ec.generate_private_key(ec.SECP256R1())
        pem = made.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write_private(file, pem.decode())
    key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key.public_key()


def _publish(file: Path, keys: Mapping[str, ec.EllipticCurvePublicKey]) -> None:
    """Write a key set, unless the file has it already: readers take a file with a new time for a changed one."""
    jwks = [
        ECAlgorithm.to_jwk(key, as_dict=True) | {"kid": name, "use": "sig", "alg": "ES256"}
        for name, key in keys.items()
    ]
    text = json.dumps({"keys": jwks}, indent=1)
    if not file.exists() or file.read_text() != text:
        write_private(file, text)


if __name__ == "__main__":
    print(make_keys(data_home() / "keys") / f"{ISSUER}.pem")
