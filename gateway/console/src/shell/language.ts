// The languages of the console: each room brings its texts in both, and the browser's language is the default.

import { signal } from "@preact/signals";

export type Language = "ru" | "en";

const KEPT = "potok.language";

function initial(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === "ru" || kept === "en") return kept;
  return navigator.language.toLowerCase().startsWith("en") ? "en" : "ru";
}

/** The language that is shown. */
export const language = signal<Language>(initial());

/** Shows another language, and remembers it. */
export function speak(chosen: Language): void {
  localStorage.setItem(KEPT, chosen);
  language.value = chosen;
}

/**
 * Returns a function that gives texts in the language that is shown: `const t = texts({ru: {…}, en: {…}})`, then
 * `t().title`. Whoever calls it is drawn again when the language changes.
 */
export function texts<Texts extends object>(all: { ru: Texts; en: NoInfer<Texts> }): () => Texts {
  return () => all[language.value];
}

/** Returns the form of a word that goes with a number: `plural(n, ["звонок", "звонка", "звонков"])`. */
export function plural(count: number, forms: readonly [string, string, string] | readonly [string, string]): string {
  const rule = new Intl.PluralRules(language.value).select(count);
  if (forms.length === 2) return rule === "one" ? forms[0] : forms[1];
  return rule === "one" ? forms[0] : rule === "few" ? forms[1] : forms[2];
}
