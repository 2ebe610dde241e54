// The time at the server, once a second: what counts down or up reads it, nothing else is drawn by it.

import { signal } from "@preact/signals";
import { serverNow } from "../shell/server_time.ts";

/** Milliseconds since 1970. */
export const now = signal(serverNow().getTime());

function tick(): void {
  if (document.visibilityState === "visible") now.value = serverNow().getTime();
}

setInterval(tick, 1000);
document.addEventListener("visibilitychange", tick);
