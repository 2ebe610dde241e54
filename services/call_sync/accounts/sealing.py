"""Secrets at rest: what a database holds of an account is encrypted (Fernet: AES-128-CBC with HMAC-SHA-256)."""

from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import TypeAdapter

from services.call_sync.accounts.domain import AccountCredentials, AccountId, NoSecretsKey

_SETTING = "POTOK_CALL_SYNC_SECRETS_KEY"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Secrets:
    """The text that is encrypted; it names its account, so that a text moved to another account's row is refused."""

    account_id: AccountId
    credentials: AccountCredentials


_SECRETS = TypeAdapter(_Secrets)


class Seal:
    """Encrypts by the first of its keys and decrypts by any, so that keys can be replaced without a stop."""

    def __init__(self, keys: str) -> None:
        """`keys` are Fernet keys, comma separated, the newest first; with none nothing is sealed or opened.

        Raises ValueError for what is no key.
        """
        self._keys = [Fernet(key.strip()) for key in keys.split(",") if key.strip()]

    def check_key(self) -> None:
        """Make sure that there is a key; raises NoSecretsKey."""
        self._all()

    def seal(self, account_id: AccountId, credentials: AccountCredentials) -> bytes:
        """Return the credentials encrypted; raises NoSecretsKey."""
        secrets = _Secrets(account_id=account_id, credentials=credentials)
        return self._all().encrypt(_SECRETS.dump_json(secrets))

    def open(self, account_id: AccountId, sealed: bytes) -> AccountCredentials:
        """Return what was sealed for the account; raises NoSecretsKey."""
        try:
            secrets = _SECRETS.validate_json(self._all().decrypt(sealed))
        except InvalidToken:
            raise NoSecretsKey(
                f"account {account_id}: its secrets were kept by a key that {_SETTING} does not hold; "
                "put it back behind the newer one, or add the account again"
            ) from None
        if secrets.account_id != account_id:
            raise NoSecretsKey(f"account {account_id}: its secrets are another's; add it again")
        return secrets.credentials

    def is_current(self, sealed: bytes) -> bool:
        """Tell whether the newest key opens it, so that the older keys may go."""
        try:
            self._keys[0].decrypt(sealed)
        except (InvalidToken, IndexError):
            return False
        return True

    def _all(self) -> MultiFernet:
        if not self._keys:
            raise NoSecretsKey(
                f"there is no key to keep secrets by: set {_SETTING} to one, made by "
                'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
            )
        return MultiFernet(self._keys)
