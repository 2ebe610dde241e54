"""Requests to accounts of AmoCRM, and what follows from each kind of answer."""

import asyncio
import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import NoReturn

import httpx2
import structlog

from services.call_sync.accounts.domain import (
    Account,
    AccountId,
    AccountKind,
    AccountNotFound,
    AccountState,
    NoSecretsKey,
    origin,
)
from services.call_sync.accounts.ports import AccountRepository
from services.call_sync.adapters.amocrm.answer import CrmResponse, NoCrmAnswer, Query, ask
from services.call_sync.adapters.amocrm.limiter import Limiter, Told
from services.call_sync.adapters.amocrm.parsing import Json, embedded, next_query, refusal
from services.call_sync.adapters.amocrm.tokens import AccessTokens
from services.call_sync.domain import SourceInvalid, SourceUnavailable, SourceWaits
from services.call_sync.spellings import Unreadable
from services.kernel.clock import utc_now
from services.kernel.fetch.fetcher import OriginCredentials
from services.status.domain import WaitReason

log = structlog.get_logger()

_API = "/api/v4/"
_TRIES = 4
_MOST_REFUSALS = 5
_LONGEST_WAIT = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(days=1)
_LACKING = (HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
"""The statuses, with JSON, of a part that the account or the token's user does not have."""


class TooMuchAsked(Exception):
    """The account could not gather the answer in time (504): ask for less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How long to wait for an account that does not answer as it should."""

    backoff: timedelta
    """The wait after the first failure; it doubles for each further one, up to 30 times as long."""
    pause: timedelta
    """How long the account is left alone when it keeps asking to slow down."""


@dataclass(slots=True)
class _Tries:
    """What has gone wrong with one request so far."""

    failures: int = 0
    refusals: int = 0
    renewed: bool = False


class AmoClient:
    """Reads accounts by their ids; every request asks anew whether the account may be read."""

    def __init__(
        self,
        http: httpx2.AsyncClient,
        accounts: AccountRepository,
        tokens: AccessTokens,
        limiter: Limiter,
        policy: RetryPolicy,
    ) -> None:
        self._http = http
        self._accounts = accounts
        self._tokens = tokens
        self._limiter = limiter
        self._policy = policy

    async def get(
        self,
        account_id: AccountId,
        path: str,
        query: Query = (),
        *,
        page_of: str = "",
        optional: bool = False,
        told: Told | None = None,
    ) -> Json | None:
        """Return what the account has at a path below /api/v4/, with `page_of` a page of such entries.

        Returns None where there is nothing, and where the path is `optional` and the account does not have this
        part. Who is `told` hears of waits. Raises TooMuchAsked, SourceInvalid where only a person can help, SourceUnavailable, and SourceWaits while
        the account is left alone; the texts name the account.
        """
        tries = _Tries()
        while True:
            account, token = await self._entry(account_id)
            url = f"{origin(account.host)}{_API}{path}"
            await self._limiter.turn(account, told)
            try:
                answer = _as_meant(await ask(self._http, url, query, token))
            except NoCrmAnswer as error:
                await self._back_off(account, tries, str(error))
                continue
            if answer.status == HTTPStatus.OK:
                try:
                    return _readable(answer.body, page_of)
                except Unreadable as error:
                    await self._back_off(account, tries, str(error))
                    continue
            if answer.status == HTTPStatus.NO_CONTENT:
                return None
            log.info(
                "crm_refused",
                account_id=account_id,
                path=path,
                status=answer.status,
                request_id=answer.request_id,
            )
            if optional and answer.is_json and answer.status in _LACKING:
                return None
            await self._recover(account, token, answer, tries)

    async def require_account(self, account_id: AccountId) -> None:
        """Raise SourceInvalid where there is no such account."""
        try:
            await self._accounts.get_account(account_id)
        except AccountNotFound:
            raise _unknown(account_id) from None

    async def list_accounts(self, most: int) -> list[AccountId]:
        """Return the ids of the first accounts."""
        found = await self._accounts.list_accounts(AccountId(""), most)
        return [account.account_id for account in found]

    async def credentials_for(self, account_id: AccountId, link: str) -> OriginCredentials | None:
        """Return the headers for a link to the account's own host, None for any other; raises SourceRefused."""
        home = await self.home(account_id)
        if not link.lower().startswith(f"{home}/"):
            return None
        _, token = await self._entry(account_id)
        return OriginCredentials(origin=home, headers={"Authorization": f"Bearer {token}"})

    async def home(self, account_id: AccountId) -> str:
        """Return the origin of an account; raises SourceRefused."""
        try:
            account = await self._accounts.get_account(account_id)
        except AccountNotFound:
            raise _unknown(account_id) from None
        return origin(account.host)

    async def _entry(self, account_id: AccountId) -> tuple[Account, str]:
        """Return an account and its access token; raises SourceRefused where the account must not be asked."""
        try:
            account, credentials = await self._accounts.get_credentials(account_id)
        except AccountNotFound:
            raise _unknown(account_id) from None
        except NoSecretsKey as error:
            raise SourceInvalid(str(error)) from None
        if account.state is AccountState.PAUSED and account.resume_at:
            raise _paused(account, account.message, WaitReason.ACCOUNT_PAUSED, account.resume_at)
        if account.state is not AccountState.ACTIVE:
            _refuse(account, account.message)
        return account, await self._tokens.fresh(account, credentials)

    async def _recover(
        self, account: Account, token: str, answer: CrmResponse, tries: _Tries
    ) -> None:
        """Do what an answer other than a success asks for; returns when the request may be tried again."""
        match answer.status:
            case status if not tries.renewed and _may_renew(status, account):
                tries.renewed = True
                await self._tokens.renew(account.account_id, refused=token)
            case HTTPStatus.UNAUTHORIZED:
                await self._tokens.give_up(account.account_id, token)
                await self._back_off(account, tries, "HTTP 401")
            case HTTPStatus.PAYMENT_REQUIRED:
                await self._stop(account, "the account is not paid for (HTTP 402): pay AmoCRM")
            case HTTPStatus.FORBIDDEN:
                await self._stop(account, answer.blocked)
            case HTTPStatus.TOO_MANY_REQUESTS:
                await self._slow_down(account, tries, answer.retry_after)
            case HTTPStatus.GATEWAY_TIMEOUT:
                raise TooMuchAsked(f"account {account.account_id}: HTTP 504")
            case status if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
                _refuse(account, f"it leads elsewhere (HTTP {status}); is the host right?")
            case status if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
                _refuse(account, f"AmoCRM refuses the request: HTTP {status} {answer.detail}")
            case status:
                await self._back_off(account, tries, f"HTTP {status}")

    async def _back_off(self, account: Account, tries: _Tries, what: str) -> None:
        tries.failures += 1
        if tries.failures == _TRIES:
            raise SourceUnavailable(
                f"account {account.account_id}: {account.host} does not answer as it should "
                f"({what}); is the host right? If so, try again later"
            )
        await asyncio.sleep(self._wait_seconds(tries.failures))

    async def _slow_down(
        self, account: Account, tries: _Tries, retry_after: timedelta | None
    ) -> None:
        """Slow down everybody who asks the account; leave it alone where that was in vain."""
        tries.refusals += 1
        least = retry_after or timedelta()
        if tries.refusals == _MOST_REFUSALS or least > _LONGEST_WAIT:
            until = utc_now() + min(max(self._policy.pause, least), _LONGEST_PAUSE)
            message = "AmoCRM keeps asking to slow down (HTTP 429)"
            await self._accounts.pause(account.account_id, message, until)
            log.warning("account_paused", account_id=account.account_id, until=until.isoformat())
            raise _paused(
                account,
                message,
                WaitReason.RATE_LIMIT if least > _LONGEST_WAIT else WaitReason.ACCOUNT_PAUSED,
                until,
            )
        wait_seconds = max(least.total_seconds(), self._wait_seconds(tries.refusals))
        await self._limiter.slow_down(account, wait_seconds)

    async def _stop(self, account: Account, message: str) -> NoReturn:
        """Leave the account alone until a person resumes it: who goes on asking is blocked for good."""
        message = f"{message}; then: potok account resume {account.account_id}"
        await self._accounts.pause(account.account_id, message, None)
        log.error("account_stopped", account_id=account.account_id, message=message)
        _refuse(account, message)

    def _wait_seconds(self, nth: int) -> float:
        doubled = self._policy.backoff.total_seconds() * min(2.0 ** (nth - 1), 30)
        return doubled * random.uniform(1, 1.25)  # noqa: S311  # so that waits do not end together


def _may_renew(status: int, account: Account) -> bool:
    """Tell whether new tokens may help. A redirect may mean that the account has moved, which renewing finds out."""
    redirected = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
    return status == HTTPStatus.UNAUTHORIZED or (redirected and account.kind is AccountKind.OAUTH)


def _as_meant(answer: CrmResponse) -> CrmResponse:
    """Return an answer with the status that its body gives it, where an error came as a success."""
    body = answer.body
    status = refusal(body) if answer.status == HTTPStatus.OK and isinstance(body, dict) else None
    return replace(answer, status=status) if status else answer


def _readable(body: object, page_of: str) -> Json:
    """Return the body of a success; raises Unreadable where it is none, or no page of what was asked for."""
    if not isinstance(body, dict):
        raise Unreadable("HTTP 200 with what is no JSON object")
    if page_of:
        try:
            embedded(body, page_of)
            next_query(body)
        except Unreadable as error:
            raise Unreadable(f"HTTP 200, but {error}") from None
    return body


def _unknown(account_id: AccountId) -> SourceInvalid:
    return SourceInvalid(
        f"source: account {account_id} is not known; potok account add {account_id}"
    )


def _paused(account: Account, message: str, reason: WaitReason, until_at: datetime) -> SourceWaits:
    text = f"account {account.account_id} is paused until {until_at:%H:%M} UTC: {message}"
    return SourceWaits(text, reason, until_at)


def _refuse(account: Account, message: str) -> NoReturn:
    raise SourceInvalid(f"account {account.account_id}: {message}")
