// Administration: clients, accounts, tokens, and who did what.

import { href, segments } from "../shell/router.ts";
import { isAdmin } from "../shell/session.ts";
import { Notice } from "../ui/parts.tsx";
import { Accounts } from "./accounts.tsx";
import "./admin.css";
import { Audit } from "./audit.tsx";
import { Clients } from "./clients.tsx";
import { t } from "./texts.ts";
import { Tokens } from "./tokens.tsx";

const TABS = { clients: Clients, accounts: Accounts, tokens: Tokens, audit: Audit };
type Tab = keyof typeof TABS;

export default function Page() {
  if (!isAdmin.value) {
    return (
      <>
        <h1>{t().title}</h1>
        <Notice tone="warn"><strong>{t().refused}</strong>{t().refusedHint}</Notice>
      </>
    );
  }
  const asked = segments.value[1] ?? "clients";
  const tab: Tab = asked in TABS ? (asked as Tab) : "clients";
  const Shown = TABS[tab];
  return (
    <>
      <header class="page-head"><h1>{t().title}</h1></header>
      <nav class="tabs" aria-label={t().sections}>
        {(Object.keys(TABS) as Tab[]).map((each) => (
          <a key={each} href={href("admin", each)} aria-current={each === tab ? "page" : undefined}>{t().tabs[each]}</a>
        ))}
      </nav>
      <Shown />
    </>
  );
}
