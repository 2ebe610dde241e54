// Light, dark, or as the system has it.

import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

const KEPT = "potok.theme";
const kept = localStorage.getItem(KEPT);

export const theme = signal<Theme>(kept === "light" || kept === "dark" ? kept : "system");

effect(() => {
  localStorage.setItem(KEPT, theme.value);
  if (theme.value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
});
