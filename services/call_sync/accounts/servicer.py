"""The accounts of AmoCRM over gRPC. No decisions are made here."""

from potok.call_sync.v1 import account_service_pb2 as pb
from potok.call_sync.v1 import account_service_pb2_grpc as pb_grpc

from services.call_sync.accounts.domain import REQUESTS_PER_SECOND, AccountId
from services.call_sync.accounts.mapping import account_to_pb, grant_from_pb, integration_from_pb
from services.call_sync.accounts.usecases import Accounts
from services.kernel.rpc.server import Context
from services.status.mapping import audit_entry_to_pb
from services.status.rpc.access import current_caller

_PAGE_SIZE = 100


class AccountServicer(pb_grpc.AccountServiceServicer):
    """Serves potok.call_sync.v1.AccountService."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def AddAccount(
        self, request: pb.AddAccountRequest, context: Context
    ) -> pb.AddAccountResponse:
        account_id = AccountId(request.account_id)
        rate, actor = REQUESTS_PER_SECOND, current_caller().user
        if request.HasField("requests_per_second"):
            rate = request.requests_per_second
        if request.HasField("long_lived"):
            account = await self._accounts.add_long_lived(
                account_id, request.host, rate, request.long_lived.token, actor
            )
        else:
            account = await self._accounts.add_integration(
                account_id,
                request.host,
                rate,
                integration_from_pb(request.integration),
                grant_from_pb(request.integration),
                actor,
            )
        return pb.AddAccountResponse(account=account_to_pb(account))

    async def GetAccount(
        self, request: pb.GetAccountRequest, context: Context
    ) -> pb.GetAccountResponse:
        account = await self._accounts.get_account(AccountId(request.account_id))
        return pb.GetAccountResponse(account=account_to_pb(account))

    async def ListAccounts(
        self, request: pb.ListAccountsRequest, context: Context
    ) -> pb.ListAccountsResponse:
        page = await self._accounts.list_accounts(
            request.page_size or _PAGE_SIZE, request.page_token
        )
        return pb.ListAccountsResponse(
            accounts=map(account_to_pb, page.items), next_page_token=page.next_page_token
        )

    async def CheckAccount(
        self, request: pb.CheckAccountRequest, context: Context
    ) -> pb.CheckAccountResponse:
        check = await self._accounts.check_account(AccountId(request.account_id))
        return pb.CheckAccountResponse(
            account=account_to_pb(check.account), works=check.works, message=check.message
        )

    async def ResumeAccount(
        self, request: pb.ResumeAccountRequest, context: Context
    ) -> pb.ResumeAccountResponse:
        account = await self._accounts.resume_account(
            AccountId(request.account_id), current_caller().user
        )
        return pb.ResumeAccountResponse(account=account_to_pb(account))

    async def ListAccountAudit(
        self, request: pb.ListAccountAuditRequest, context: Context
    ) -> pb.ListAccountAuditResponse:
        page = await self._accounts.list_audit_entries(
            request.page_size or _PAGE_SIZE, request.page_token
        )
        return pb.ListAccountAuditResponse(
            entries=map(audit_entry_to_pb, page.items), next_page_token=page.next_page_token
        )

    async def DeleteAccount(
        self, request: pb.DeleteAccountRequest, context: Context
    ) -> pb.DeleteAccountResponse:
        await self._accounts.delete_account(AccountId(request.account_id), current_caller().user)
        return pb.DeleteAccountResponse()
