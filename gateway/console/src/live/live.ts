// What the server says as it happens, as this page hears it.

import { computed } from "@preact/signals";
import { coordinator } from "../shell/api.ts";
import { noteRefusal, sessionState } from "../shell/session.ts";
import { serverNow } from "../shell/server_time.ts";
import { mayWatch } from "./attention.ts";
import { follow, type Live, type Surroundings, type Watched } from "./follow.ts";
import { waking } from "./waking.ts";

export type { Connection, Live, Watched } from "./follow.ts";

/** A screen that is hidden has no frames, and one that is drawn has at least four a second. */
function soon(draw: () => void): void {
  const once = () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    draw();
  };
  const frame = requestAnimationFrame(once);
  const timer = setTimeout(once, 250);
}

const page: Surroundings = {
  client: coordinator,
  waking,
  mayWatch,
  hasSession: computed(() => sessionState.value === "here"),
  refused: noteRefusal,
  soon,
  now: serverNow,
};

/** Watches until it is closed; an expired session is waited out, and it goes on where it was. */
export function openLive(watched: Watched): Live {
  return follow(watched, page);
}
