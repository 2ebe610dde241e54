"""What setting up accounts asks of AmoCRM."""

from services.call_sync.accounts.domain import (
    AccountId,
    AccountTokens,
    CredentialsRefused,
    CrmUnavailable,
    Grant,
    Integration,
)
from services.call_sync.accounts.ports import Description
from services.call_sync.adapters.amocrm.client import AmoClient, TooMuchAsked
from services.call_sync.adapters.amocrm.oauth import (
    GrantRefused,
    NotSent,
    OAuth,
    OutcomeUnknown,
    claims,
    expires_at,
)
from services.call_sync.adapters.amocrm.parsing import Json, embedded_one
from services.call_sync.adapters.amocrm.tokens import AccessTokens
from services.call_sync.domain import SourceUnavailable


class AmoCrm:
    """Implements Crm."""

    def __init__(self, client: AmoClient, tokens: AccessTokens, oauth: OAuth) -> None:
        self._client = client
        self._tokens = tokens
        self._oauth = oauth

    def long_lived(self, token: str) -> AccountTokens:
        token = token.strip()
        try:
            return AccountTokens(access_token=token, access_expires_at=expires_at(claims(token)))
        except ValueError:
            raise CredentialsRefused(
                "long_lived.token: is no token of AmoCRM; copy all of it, three parts with dots between"
            ) from None

    async def authorise(self, host: str, integration: Integration, grant: Grant) -> AccountTokens:
        try:
            return await self._oauth.exchange(host, integration, grant)
        except GrantRefused as error:
            raise CredentialsRefused(
                f"integration: {host} refuses it ({error}): a code holds 20 minutes and once, and "
                "redirect_uri has to be as it is registered"
            ) from error
        except NotSent as error:
            raise CrmUnavailable(f"{host} cannot be reached ({error}); try again") from error
        except OutcomeUnknown as error:
            raise CrmUnavailable(
                f"{host} did not answer ({error}); try again, with a new code if this one is refused"
            ) from error

    async def renew(self, account_id: AccountId) -> None:
        await self._tokens.renew(account_id)

    async def describe(self, account_id: AccountId) -> Description:
        query = [("with", "datetime_settings")]
        try:
            body: Json = await self._client.get(account_id, "account", query) or {}
        except TooMuchAsked as error:
            raise SourceUnavailable(f"{error}; try again later") from error
        zone = embedded_one(body, "datetime_settings").get("timezone")
        return Description(name=str(body.get("name") or ""), time_zone=str(zone or ""))
