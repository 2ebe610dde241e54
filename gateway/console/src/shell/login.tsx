// Where a session begins: with a token, from the address or typed in.

import { useState } from "preact/hooks";
import { language, speak, texts } from "./language.ts";
import { refusalOf } from "./refusals.ts";
import { beginSession, sessionState } from "./session.ts";

const t = texts({
  ru: {
    title: "Вход в Поток",
    expired: "Сеанс истёк. Войдите снова: страница останется там, где была.",
    token: "Токен доступа",
    hint: "Токен выдаёт администратор; на своей машине его печатает команда make token.",
    enter: "Войти",
    other: "English",
  },
  en: {
    title: "Sign in to Potok",
    expired: "Your session has expired. Sign in again: the page stays where it was.",
    token: "Access token",
    hint: "An administrator issues it; on your own machine make token prints one.",
    enter: "Sign in",
    other: "Русский",
  },
});

export function Login() {
  const [refusal, setRefusal] = useState("");
  async function enter(event: SubmitEvent) {
    event.preventDefault();
    const token = new FormData(event.currentTarget as HTMLFormElement).get("token");
    try {
      await beginSession(String(token));
    } catch (error) {
      setRefusal(refusalOf(error));
    }
  }
  return (
    <form onSubmit={(event) => void enter(event)}>
      <img src="./icon.svg" alt="" width="44" height="44" />
      <h1>{t().title}</h1>
      {sessionState.value === "expired" && <p class="soft">{t().expired}</p>}
      <label class="field">
        <span>{t().token}</span>
        <input name="token" type="password" autocomplete="off" required autofocus />
      </label>
      {refusal && <p class="notice" data-tone="bad" role="alert">{refusal}</p>}
      <p class="soft small">{t().hint}</p>
      <button class="button primary" type="submit">{t().enter}</button>
      <button class="button quiet" type="button" onClick={() => speak(language.value === "ru" ? "en" : "ru")}>
        {t().other}
      </button>
    </form>
  );
}
