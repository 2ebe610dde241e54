// The frame around every page, and which page is shown.

import { CalendarDays, ChartColumn, ListChecks, Phone, Play, Search, Settings, Video } from "lucide";
import type { ComponentChildren, ComponentType } from "preact";
import { lazy, Suspense } from "preact/compat";
import { useEffect, useErrorBoundary } from "preact/hooks";
import { Icon } from "../ui/icon.tsx";
import { Empty, Notice } from "../ui/parts.tsx";
import { language, speak, texts } from "./language.ts";
import { Login } from "./login.tsx";
import { Pulse } from "./pulse.tsx";
import { href, segments } from "./router.ts";
import { clientId, clients, loadClients } from "./selection.ts";
import { endSession, isAdmin, noteRefusal, session, sessionState } from "./session.ts";
import { type Theme, theme } from "./theme.ts";

const t = texts({
  ru: {
    panel: "Обработка",
    calendar: "Календарь",
    runs: "Запуски",
    calls: "Звонки",
    search: "Поиск",
    report: "Отчёт",
    meetings: "Встречи",
    admin: "Настройка",
    rooms: "Разделы",
    client: "Клиент",
    leave: "Выйти",
    other: "English",
    theme: "Тема",
    themes: { system: "Как в системе", light: "Светлая", dark: "Тёмная" },
    skip: "К содержанию",
    wait: "Загрузка…",
    unreachable: "Сервер не отвечает. Пробуем снова…",
    broken: "Раздел не открылся: возможно, вышла новая версия.",
    again: "Загрузить заново",
    nobody: "У вас нет доступных клиентов.",
  },
  en: {
    panel: "Processing",
    calendar: "Calendar",
    runs: "Runs",
    calls: "Calls",
    search: "Search",
    report: "Report",
    meetings: "Meetings",
    admin: "Administration",
    rooms: "Sections",
    client: "Client",
    leave: "Sign out",
    other: "Русский",
    theme: "Theme",
    themes: { system: "System", light: "Light", dark: "Dark" },
    skip: "Skip to content",
    wait: "Loading…",
    unreachable: "The server does not answer. Trying again…",
    broken: "This section did not open: there may be a new version.",
    again: "Reload",
    nobody: "There is no client that you may see.",
  },
});

type Room = "panel" | "calendar" | "runs" | "calls" | "search" | "report" | "meetings" | "admin";

const ROOMS: readonly { name: Room; icon: typeof Play; page: ComponentType; adminOnly?: boolean }[] = [
  { name: "panel", icon: Play, page: lazy(() => import("../panel/page.tsx")) },
  { name: "calendar", icon: CalendarDays, page: lazy(() => import("../calendar/page.tsx")) },
  { name: "runs", icon: ListChecks, page: lazy(() => import("../runs/page.tsx")) },
  { name: "calls", icon: Phone, page: lazy(() => import("../calls/page.tsx")) },
  { name: "search", icon: Search, page: lazy(() => import("../calls/search_page.tsx")) },
  { name: "report", icon: ChartColumn, page: lazy(() => import("../report/page.tsx")) },
  { name: "meetings", icon: Video, page: lazy(() => import("../meetings/page.tsx")) },
  { name: "admin", icon: Settings, page: lazy(() => import("../admin/page.tsx")), adminOnly: true },
];

export function App() {
  useEffect(() => {
    document.documentElement.lang = language.value;
  }, [language.value]);
  switch (sessionState.value) {
    case "asking":
      return <Empty>{t().wait}</Empty>;
    case "unreachable":
      return (
        <Empty>
          {t().unreachable}
        </Empty>
      );
    case "none":
      return <main class="login"><Login /></main>;
    case "here":
    case "expired":
      return <Shell />;
  }
}

function Shell() {
  const name = segments.value[0] ?? "panel";
  const rooms = ROOMS.filter((each) => !each.adminOnly || isAdmin.value);
  // A room that one may not enter says so itself.
  const room = ROOMS.find((each) => each.name === name) ?? ROOMS[0]!;
  useEffect(() => {
    loadClients().catch(noteRefusal);
  }, [session.value]);
  useEffect(() => {
    document.title = `${t()[room.name]} · Potok`;
  }, [room, language.value]);
  return (
    <div class="shell">
      <a class="visually-hidden" href="#content" onClick={skip}>{t().skip}</a>
      <aside class="rail">
        <a class="brand" href="#/" aria-label="Potok"><img src="./icon.svg" alt="" /><span>Potok</span></a>
        <nav aria-label={t().rooms}>
          {rooms.map((each) => (
            <a key={each.name} href={href(each.name)} aria-current={each === room ? "page" : undefined}>
              <Icon of={each.icon} />
              {t()[each.name]}
            </a>
          ))}
        </nav>
        <Who />
      </aside>
      <div>
        <header class="bar no-print">
          <ClientChoice />
          <Pulse />
        </header>
        <main class="page" id="content" tabIndex={-1}>
          <Guarded key={room.name}>
            <Suspense fallback={<Empty>{t().wait}</Empty>}><room.page /></Suspense>
          </Guarded>
        </main>
      </div>
      {sessionState.value === "expired" && <ExpiredDialog />}
    </div>
  );
}

/** What goes wrong in a room, as when its file went with an update, is said there; the frame stays. */
function Guarded({ children }: { children: ComponentChildren }) {
  const [error] = useErrorBoundary((why) => console.error(why));
  if (!error) return children;
  return (
    <Notice tone="bad">
      {t().broken}
      <span><button type="button" class="button small" onClick={() => window.location.reload()}>{t().again}</button></span>
    </Notice>
  );
}

function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

function ClientChoice() {
  const known = clients.value;
  if (known?.length === 0) return <span class="soft">{t().nobody}</span>;
  return (
    <select aria-label={t().client} value={clientId.value} onChange={(event) => (clientId.value = event.currentTarget.value)}>
      {(known ?? []).map((each) => <option key={each.clientId} value={each.clientId}>{each.clientId}</option>)}
    </select>
  );
}

function Who() {
  return (
    <div class="who small">
      <span class="soft">{session.value?.userId}</span>
      <select
        aria-label={t().theme}
        value={theme.value}
        onChange={(event) => (theme.value = event.currentTarget.value as Theme)}
      >
        {(["system", "light", "dark"] as const).map((each) => <option key={each} value={each}>{t().themes[each]}</option>)}
      </select>
      <button type="button" class="button quiet small" onClick={() => speak(language.value === "ru" ? "en" : "ru")}>
        {t().other}
      </button>
      <button type="button" class="button quiet small" onClick={() => void endSession()}>{t().leave}</button>
    </div>
  );
}

function ExpiredDialog() {
  useEffect(() => (document.getElementById("expired") as HTMLDialogElement).showModal(), []);
  return <dialog id="expired" class="login" onCancel={(event) => event.preventDefault()}><Login /></dialog>;
}
