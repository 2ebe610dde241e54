// Asking until there is an answer.

import { Code, ConnectError } from "@connectrpc/connect";
import { delay } from "@potok/web/src/watch.ts";
import { waking } from "../live/waking.ts";

const IN_VAIN = new Set([Code.Unauthenticated, Code.PermissionDenied, Code.Unimplemented, Code.InvalidArgument]);

/**
 * Tries until it succeeds, and calls `onFailure` each time it does not; a page that wakes up tries at once. Throws what no
 * other try mends.
 */
export async function insist(attempt: () => Promise<void>, onFailure?: () => void): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (IN_VAIN.has(ConnectError.from(error).code)) throw error;
      onFailure?.();
      await awake(1_000 + delay(tries));
    }
  }
}

function awake(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      waking.removeEventListener("wake", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    waking.addEventListener("wake", done);
  });
}
