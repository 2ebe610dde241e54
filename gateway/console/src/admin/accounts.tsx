// The accounts that calls are read from: whether they work, and what a person can do where they do not.

import { type Account, AccountKind, AccountState } from "@potok/web/gen/potok/call_sync/v1/account_pb.ts";
import { Plus } from "lucide";
import { useState } from "preact/hooks";
import { accounts } from "../shell/api.ts";
import { useDoing } from "../shell/doing.ts";
import { moment, number } from "../shell/formats.ts";
import { usePages } from "../shell/paging.ts";
import { clients } from "../shell/selection.ts";
import { Icon } from "../ui/icon.tsx";
import { Answered, AsOf, Badge, Card, Dialog, Empty, Notice, type Tone } from "../ui/parts.tsx";
import { AccountForm } from "./account_form.tsx";
import { t } from "./texts.ts";

const TONES: Record<AccountState, Tone> = {
  [AccountState.UNSPECIFIED]: "plain",
  [AccountState.ACTIVE]: "good",
  [AccountState.PAUSED]: "warn",
  [AccountState.REAUTH_REQUIRED]: "bad",
};

export function Accounts() {
  const [adding, setAdding] = useState(false);
  const [removed, setRemoved] = useState("");
  const pages = usePages(
    async (pageToken, signal) => {
      const found = await accounts.listAccounts({ pageSize: 100, pageToken }, { signal });
      return { items: found.accounts, next: found.nextPageToken };
    },
    [],
  );
  return (
    <>
      <div class="row spread">
        <p class="soft">{t().accountHint} <AsOf time={pages.answer.asOf} /></p>
        <button type="button" class="button primary" onClick={() => setAdding(true)}><Icon of={Plus} />{t().addAccount}</button>
      </div>
      {removed && <Notice>{t().removed(removed)}</Notice>}
      {adding && (
        <AccountForm
          account={undefined}
          onDone={(accountId) => {
            setAdding(false);
            if (accountId) pages.answer.again();
          }}
        />
      )}
      <Answered answer={pages.answer}>
        {(found) => (
          <>
            {found.length === 0 && !adding && <Empty>{t().none}</Empty>}
            {found.map((each) => (
              <One
                key={each.accountId}
                account={each}
                onChanged={pages.answer.again}
                onRemoved={() => {
                  setRemoved(each.accountId);
                  pages.answer.again();
                }}
              />
            ))}
          </>
        )}
      </Answered>
      {pages.more && <button type="button" class="button" disabled={pages.asking} onClick={pages.more}>{t().more}</button>}
    </>
  );
}

function One({ account, onChanged, onRemoved }: { account: Account; onChanged: () => void; onRemoved: () => void }) {
  const [entering, setEntering] = useState(false);
  const [removing, setRemoving] = useState(false);
  const [checked, setChecked] = useState<{ works: boolean; message: string } | undefined>();
  const doing = useDoing();
  const { accountId, state } = account;

  async function check() {
    setChecked(undefined);
    const answer = await doing.run(() => accounts.checkAccount({ accountId }));
    if (!answer) return;
    setChecked(answer);
    onChanged();
  }
  async function resume() {
    if (await doing.run(() => accounts.resumeAccount({ accountId }))) onChanged();
  }
  if (entering) {
    return (
      <AccountForm
        account={account}
        onDone={(changed) => {
          setEntering(false);
          if (changed) onChanged();
        }}
      />
    );
  }
  return (
    <Card
      title={account.name || accountId}
      aside={<Badge tone={TONES[state] ?? "plain"}>{t().state[state]}</Badge>}
    >
      <p class="soft">
        {[
          accountId,
          account.host,
          t().kindName[account.kind],
          account.timeZone,
          t().perSecond(number(account.requestsPerSecond, 1)),
          account.accessExpireTime && (account.kind === AccountKind.LONG_LIVED ? t().accessUntil : t().accessRenewed)(moment(account.accessExpireTime)),
        ].filter(Boolean).join(" · ")}
      </p>
      {state !== AccountState.ACTIVE && (
        <Notice tone={TONES[state] === "bad" ? "bad" : "warn"}>
          <strong>{t().stateHint[state]}</strong>
          {account.message}
          {state === AccountState.PAUSED && (
            <span>{account.resumeTime ? t().pauseUntil(moment(account.resumeTime)) : t().pauseForGood}</span>
          )}
        </Notice>
      )}
      {checked && (
        <Notice tone={checked.works ? "plain" : "bad"}>
          <strong>{checked.works ? t().works : t().worksNot}</strong>
          {checked.message}
        </Notice>
      )}
      {doing.rest && <Notice tone="bad">{doing.rest}</Notice>}
      <div class="row">
        <button type="button" class="button small" disabled={doing.busy} onClick={() => void check()}>
          {doing.busy ? t().checking : t().check}
        </button>
        {state === AccountState.PAUSED && (
          <button type="button" class="button small" disabled={doing.busy} onClick={() => void resume()}>{t().resume}</button>
        )}
        <button type="button" class="button small" onClick={() => setEntering(true)}>{t().reconnect}</button>
        <button type="button" class="button small danger" onClick={() => setRemoving(true)}>{t().remove}</button>
      </div>
      {removing && <Removing accountId={accountId} onClose={() => setRemoving(false)} onRemoved={onRemoved} />}
    </Card>
  );
}

function Removing({ accountId, onClose, onRemoved }: { accountId: string; onClose: () => void; onRemoved: () => void }) {
  const doing = useDoing();
  const naming = (clients.value ?? []).filter((each) => each.settings?.source === `amocrm:${accountId}`).map((each) => each.clientId);
  async function remove() {
    if (await doing.run(() => accounts.deleteAccount({ accountId }))) onRemoved();
  }
  return (
    <Dialog
      title={t().removeTitle(accountId)}
      onClose={onClose}
      actions={<button type="button" class="button danger" disabled={doing.busy} onClick={() => void remove()}>{t().remove}</button>}
    >
      <div class="stack">
        <p>{t().removeText}</p>
        {naming.length > 0 && <Notice tone="warn">{t().usedBy(naming.join(", "))}</Notice>}
        {doing.rest && <Notice tone="bad">{doing.rest}</Notice>}
      </div>
    </Dialog>
  );
}
