"""Accounts in protobuf, and what they are added by from it. Pure functions."""

from potok.call_sync.v1 import account_pb2
from potok.call_sync.v1 import account_service_pb2 as account_service

from services.call_sync.accounts.domain import (
    Account,
    AccountKind,
    AccountState,
    Grant,
    GrantKind,
    Integration,
)
from services.kernel.rpc.convert import enum_pairs, timestamp

ACCOUNT_KIND_TO_PB = enum_pairs(AccountKind, account_pb2.AccountKind, "ACCOUNT_KIND")
ACCOUNT_STATE_TO_PB = enum_pairs(AccountState, account_pb2.AccountState, "ACCOUNT_STATE")


def account_to_pb(account: Account) -> account_pb2.Account:
    return account_pb2.Account(
        account_id=account.account_id,
        host=account.host,
        kind=ACCOUNT_KIND_TO_PB[account.kind],
        state=ACCOUNT_STATE_TO_PB[account.state],
        message=account.message,
        resume_time=timestamp(account.resume_at),
        requests_per_second=account.requests_per_second,
        name=account.name,
        time_zone=account.time_zone,
        access_expire_time=timestamp(account.access_expires_at),
    )


def integration_from_pb(message: account_service.Integration) -> Integration:
    return Integration(
        client_id=message.client_id,
        client_secret=message.client_secret,
        redirect_uri=message.redirect_uri,
    )


def grant_from_pb(message: account_service.Integration) -> Grant:
    if message.HasField("code"):
        return Grant(kind=GrantKind.CODE, value=message.code)
    return Grant(kind=GrantKind.REFRESH_TOKEN, value=message.refresh_token)
