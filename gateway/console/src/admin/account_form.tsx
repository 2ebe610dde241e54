// An account is connected, or given new credentials. What is secret goes in and never comes back out.

import type { Account } from "@potok/web/gen/potok/call_sync/v1/account_pb.ts";
import { useState } from "preact/hooks";
import { accounts } from "../shell/api.ts";
import { useDoing } from "../shell/doing.ts";
import { Choice, Control, onSubmit } from "../ui/form.tsx";
import { Card, Notice } from "../ui/parts.tsx";
import { ACCOUNT_FIELDS, accountRequest, type Grant, type Kind } from "./credentials.ts";
import { t } from "./texts.ts";

type Field = (typeof ACCOUNT_FIELDS)[number];

export function AccountForm({ account, onDone }: { account: Account | undefined; onDone: (accountId?: string) => void }) {
  const [kind, setKind] = useState<Kind>("long_lived");
  const [grant, setGrant] = useState<Grant>("code");
  const doing = useDoing(ACCOUNT_FIELDS);

  async function connect(form: HTMLFormElement) {
    const typed = new FormData(form);
    const value = (field: Field) => (field === "account_id" && account ? account.accountId : String(typed.get(field) ?? "").trim());
    const answer = await doing.run(() => accounts.addAccount(accountRequest(kind, grant, value)));
    if (!answer) return;
    form.reset(); // a secret does not stay in the page
    onDone(answer.account?.accountId);
  }

  const text = (field: Field, label: string, help: string, more: Record<string, unknown> = {}) => (
    <Control label={label} help={help} refusal={doing.fields[field]}>
      {(bound) => <input {...bound} name={field} autocomplete="off" spellcheck={false} {...more} />}
    </Control>
  );
  const secret = (field: Field, label: string, help: string) =>
    text(field, label, help, { type: "password", autocomplete: "new-password" });
  return (
    <Card title={account ? `${t().reconnect}: ${account.accountId}` : t().addAccount}>
      <p class="soft small">{t().accountHint}</p>
      <form class="form" noValidate onSubmit={onSubmit((form) => void connect(form))}>
        {!account && text("account_id", t().accountId, t().accountIdHelp, { placeholder: "clinic" })}
        {text("host", t().host, t().hostHelp, { placeholder: "example.amocrm.ru", defaultValue: account?.host ?? "" })}
        {text("requests_per_second", t().rate, t().rateHelp, {
          inputMode: "decimal",
          placeholder: "5",
          defaultValue: account ? String(account.requestsPerSecond) : "",
        })}
        <div class="control wide">
          <span class="small">{t().kind}</span>
          <div>
            <Choice<Kind>
              label={t().kind}
              options={(["long_lived", "integration"] as const).map((value) => ({ value, label: t().kinds[value] }))}
              value={kind}
              onChoose={setKind}
            />
          </div>
        </div>
        {kind === "long_lived" && <div class="wide">{secret("token", t().token, t().tokenHelp)}</div>}
        {kind === "integration" && (
          <>
            {text("client_id", t().integrationId, t().integrationIdHelp)}
            {secret("client_secret", t().secret, t().secretHelp)}
            {text("redirect_uri", t().redirect, t().redirectHelp, { inputMode: "url" })}
            <div class="control wide">
              <span class="small">{t().grant}</span>
              <div>
                <Choice<Grant>
                  label={t().grant}
                  options={[{ value: "code", label: t().grants.code }, { value: "refresh_token", label: t().grants.refresh }]}
                  value={grant}
                  onChoose={setGrant}
                />
              </div>
            </div>
            <div class="wide">
              {grant === "code" ? secret("code", t().code, t().codeHelp) : secret("refresh_token", t().refresh, t().refreshHelp)}
            </div>
          </>
        )}
        {doing.rest && (
          <div class="wide">
            <Notice tone="bad">{doing.reason === "NO_SECRETS_KEY" ? t().noSecretsKey : doing.rest}</Notice>
          </div>
        )}
        <div class="row wide">
          <button type="submit" class="button primary" disabled={doing.busy}>{doing.busy ? t().connecting : t().connect}</button>
          <button type="button" class="button quiet" onClick={() => onDone()}>{t().cancel}</button>
        </div>
      </form>
    </Card>
  );
}
