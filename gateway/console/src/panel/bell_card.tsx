// Whether the end of a long stage is to be heard or seen; off until somebody asks for it.

import { Bell as BellIcon } from "lucide";
import { texts } from "../shell/language.ts";
import { Icon } from "../ui/icon.tsx";
import { announced, bell, chime, notify, permission } from "./bell.ts";

const t = texts({
  ru: {
    title: "Когда этап закончится",
    sound: "Звуковой сигнал",
    notification: "Уведомление браузера",
    denied: "Уведомления запрещены в настройках браузера для этой страницы.",
    never: "Этот браузер показывает уведомления только на защищённых страницах (https).",
    seconds: "Если он длился дольше, секунд",
    hear: "Послушать",
  },
  en: {
    title: "When a stage ends",
    sound: "Play a sound",
    notification: "Notify by the browser",
    denied: "Notifications are denied for this page in the settings of the browser.",
    never: "This browser notifies only on secure pages (https).",
    seconds: "If it took longer than, seconds",
    hear: "Listen",
  },
});

export function BellCard() {
  const { sound, notification, seconds } = bell.value;
  const allowed = permission();
  return (
    <details class="card bell">
      <summary><Icon of={BellIcon} size={16} /> {t().title}</summary>
      <label class="check">
        <input type="checkbox" checked={sound} onChange={(event) => (bell.value = { ...bell.value, sound: event.currentTarget.checked })} />
        {t().sound}
        <button type="button" class="button quiet small" onClick={chime}>{t().hear}</button>
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={notification}
          disabled={allowed === "never" || allowed === "denied"}
          onChange={(event) => void notify(event.currentTarget.checked)}
        />
        {t().notification}
      </label>
      {allowed === "denied" && <p class="soft small">{t().denied}</p>}
      {allowed === "never" && <p class="soft small">{t().never}</p>}
      <label class="field">
        <span>{t().seconds}</span>
        <input
          type="number"
          min={0}
          max={86400}
          value={seconds}
          onChange={(event) => (bell.value = { ...bell.value, seconds: Math.max(0, event.currentTarget.valueAsNumber || 0) })}
        />
      </label>
    </details>
  );
}

/** Tells screen readers when a stage has ended, and nothing between. */
export function Announcer() {
  return <p class="visually-hidden" role="status" aria-live="polite">{announced.value}</p>;
}
