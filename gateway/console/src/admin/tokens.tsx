// A token of the local issuer is made; it is shown once.

import { Role } from "@potok/web/gen/potok/status/v1/access_pb.ts";
import type { IssueTokenResponse } from "@potok/web/gen/potok/coordinator/v1/token_service_pb.ts";
import { Copy } from "lucide";
import { useRef, useState } from "preact/hooks";
import { tokens } from "../shell/api.ts";
import { useDoing } from "../shell/doing.ts";
import { moment } from "../shell/formats.ts";
import { clients } from "../shell/selection.ts";
import { Choice, Control, onSubmit } from "../ui/form.tsx";
import { Icon } from "../ui/icon.tsx";
import { Card, Notice } from "../ui/parts.tsx";
import { t } from "./texts.ts";

type RoleName = "operator" | "admin" | "service";
const ROLES: Record<RoleName, Role> = { operator: Role.OPERATOR, admin: Role.ADMIN, service: Role.SERVICE };
const LIFETIMES = ["3600", "43200", "604800", "2592000", "31536000"] as const;

export function Tokens() {
  const [role, setRole] = useState<RoleName>("operator");
  const [issued, setIssued] = useState<IssueTokenResponse | undefined>();
  const doing = useDoing(["user_id", "role", "client_ids", "lifetime_seconds"]);

  async function issue(form: HTMLFormElement) {
    const typed = new FormData(form);
    setIssued(undefined);
    const answer = await doing.run(() =>
      tokens.issueToken({
        userId: String(typed.get("user")).trim(),
        role: ROLES[role],
        clientIds: role === "operator" ? typed.getAll("client").map(String) : [],
        lifetimeSeconds: Number(typed.get("lifetime")),
      })
    );
    if (answer) setIssued(answer);
  }

  return (
    <>
      {issued && <Issued issued={issued} onHide={() => setIssued(undefined)} />}
      <Card title={t().issue}>
        <p class="soft small">{t().tokensHint}</p>
        <form class="form" noValidate onSubmit={onSubmit((form) => void issue(form))}>
          <Control label={t().userId} help={t().userIdHelp} refusal={doing.fields.user_id}>
            {(bound) => <input {...bound} name="user" autocomplete="off" maxLength={120} />}
          </Control>
          <Control label={t().lifetime} refusal={doing.fields.lifetime_seconds}>
            {(bound) => (
              <select {...bound} name="lifetime" defaultValue="43200">
                {LIFETIMES.map((each) => <option key={each} value={each} selected={each === "43200"}>{t().lifetimes[each]}</option>)}
              </select>
            )}
          </Control>
          <div class="control wide">
            <span class="small">{t().role}</span>
            <div>
              <Choice<RoleName>
                label={t().role}
                options={(Object.keys(ROLES) as RoleName[]).map((value) => ({ value, label: t().roles[value] }))}
                value={role}
                onChoose={setRole}
              />
            </div>
            <p class="help">{t().roleHelp[role]}</p>
          </div>
          {role === "operator" && (
            <fieldset class="wide checks">
              <legend>{t().clientIds}</legend>
              {(clients.value ?? []).map(({ clientId }) => (
                <label key={clientId}><input type="checkbox" name="client" value={clientId} /> {clientId}</label>
              ))}
              <p class="help">{t().clientIdsHelp}</p>
              {doing.fields.client_ids && <p class="refusal" role="alert">{doing.fields.client_ids}</p>}
            </fieldset>
          )}
          {doing.rest && (
            <div class="wide">
              <Notice tone="bad">{doing.reason === "NO_ISSUER_KEY" ? t().noIssuerKey : doing.rest}</Notice>
            </div>
          )}
          <div class="row wide">
            <button type="submit" class="button primary" disabled={doing.busy}>{doing.busy ? t().issuing : t().issue}</button>
          </div>
        </form>
      </Card>
    </>
  );
}

function Issued({ issued, onHide }: { issued: IssueTokenResponse; onHide: () => void }) {
  const shown = useRef<HTMLTextAreaElement>(null);
  const [copied, setCopied] = useState<"" | "yes" | "no">("");
  async function copy() {
    try {
      await navigator.clipboard.writeText(issued.token);
      setCopied("yes");
    } catch {
      shown.current?.select(); // without TLS, or where the person said no
      setCopied("no");
    }
  }
  return (
    <Card title={t().issuedTitle}>
      <p><strong>{t().issuedText}</strong></p>
      {issued.session && <p class="soft">{t().issuedFor(issued.session.userId, moment(issued.session.expireTime))}</p>}
      <textarea ref={shown} class="mono token" rows={4} readOnly aria-label={t().shownToken} value={issued.token} onFocus={(event) => event.currentTarget.select()} />
      <div class="row">
        <button type="button" class="button primary" onClick={() => void copy()}>
          <Icon of={Copy} />
          {copied === "yes" ? t().copied : t().copy}
        </button>
        <button type="button" class="button quiet" onClick={onHide}>{t().hide}</button>
      </div>
      {copied === "no" && <Notice tone="warn">{t().copyByHand}</Notice>}
    </Card>
  );
}
