// Whether what is shown is still being told: seen on every page.

import { connection, heardAt } from "../live/current.ts";
import { timeOfDay } from "./formats.ts";
import { texts } from "./language.ts";

const t = texts({
  ru: {
    connecting: "Соединение…",
    live: "В эфире",
    paused: (time: string) => `Приостановлено, данные на ${time}`,
    lost: (time: string) => `Связь потеряна, данные на ${time}. Переподключение…`,
    ended: (time: string) => `Обновления остановлены, данные на ${time}`,
    last: (time: string) => `последнее слово сервера: ${time}`,
  },
  en: {
    connecting: "Connecting…",
    live: "Live",
    paused: (time: string) => `Paused, as of ${time}`,
    lost: (time: string) => `Connection lost, as of ${time}. Reconnecting…`,
    ended: (time: string) => `Updates have stopped, as of ${time}`,
    last: (time: string) => `last word of the server: ${time}`,
  },
});

export function Pulse() {
  const now = connection.value;
  const said = "since" in now ? t()[now.state](timeOfDay(now.since)) : t()[now.state];
  return (
    <span class="pulse" data-state={now.state} role="status" title={"why" in now ? now.why : t().last(timeOfDay(heardAt.value))}>
      {said}
    </span>
  );
}
