// Whether what is shown is still being told: seen on every page.

import { connection, heardAt } from "../live/current.ts";
import { timeOfDay } from "./formats.ts";
import { texts } from "./language.ts";

const t = texts({
  ru: {
    connecting: "Соединение…",
    live: "В эфире",
    lost: (time: string) => `Связь потеряна, данные на ${time}. Переподключение…`,
    ended: (time: string) => `Обновления остановлены, данные на ${time}`,
    last: (time: string) => `последнее слово сервера: ${time}`,
  },
  en: {
    connecting: "Connecting…",
    live: "Live",
    lost: (time: string) => `Connection lost, as of ${time}. Reconnecting…`,
    ended: (time: string) => `Updates have stopped, as of ${time}`,
    last: (time: string) => `last word of the server: ${time}`,
  },
});

export function Pulse() {
  const now = connection.value;
  const said = {
    connecting: () => t().connecting,
    live: () => t().live,
    lost: () => t().lost(timeOfDay(now.state === "lost" ? now.since : undefined)),
    ended: () => t().ended(timeOfDay(now.state === "ended" ? now.since : undefined)),
  }[now.state]();
  const why = now.state === "lost" || now.state === "ended" ? now.why : t().last(timeOfDay(heardAt.value));
  return (
    <span class="pulse" data-state={now.state} role="status" title={why}>
      {said}
    </span>
  );
}
