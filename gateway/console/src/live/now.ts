// The time, once a second: what counts down or up reads it, nothing else is drawn by it.

import { signal } from "@preact/signals";

/** Milliseconds since 1970. */
export const now = signal(Date.now());

setInterval(() => {
  if (document.visibilityState === "visible") now.value = Date.now();
}, 1000);
document.addEventListener("visibilitychange", () => {
  now.value = Date.now();
});
