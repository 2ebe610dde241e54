// What the server says as it happens, as signals: what is known, and whether it is still being told.

import { Code, ConnectError } from "@connectrpc/connect";
import { type ReadonlySignal, signal } from "@preact/signals";
import { type Update, watch } from "@potok/web/src/watch.ts";
import { coordinator } from "../shell/api.ts";
import { noteRefusal, sessionState } from "../shell/session.ts";
import { fold, type Known, NOTHING } from "./fold.ts";

export type Connection =
  | { state: "connecting" }
  | { state: "live" }
  /** Nothing comes since then; it is tried again by itself. */
  | { state: "lost"; since: Date; why: string }
  /** Nothing comes and nothing is tried: a new login or another selection is needed. */
  | { state: "ended"; since: Date; why: string };

/** What to watch: one client with the ledger of some days, or, where `clientIds` is empty, all that the user may see. */
export interface Watched {
  clientIds: string[];
  ledger: { startDate: string; endDate: string };
}

export interface Live {
  known: ReadonlySignal<Known>;
  connection: ReadonlySignal<Connection>;
  /** When the last frame came, be it a heartbeat: everything shown was true then. */
  heardAt: ReadonlySignal<Date | undefined>;
  /** Ends it. */
  close: () => void;
}

const waking = new EventTarget();
const wake = () => waking.dispatchEvent(new Event("wake"));
window.addEventListener("online", wake);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") wake();
});

/** Seconds of quiet after which the server says that it is there. */
const HEARTBEAT = 5;

/** Watches until it is closed; an expired session is waited out, and it goes on where it was. */
export function openLive(watched: Watched): Live {
  const known = signal<Known>(NOTHING);
  const connection = signal<Connection>({ state: "connecting" });
  const heardAt = signal<Date | undefined>(undefined);
  const abort = new AbortController();
  const pending: Update[] = [];
  let drawn = false;

  /** Many updates between two frames of the screen are drawn at once. */
  function draw(): void {
    drawn = false;
    known.value = fold(known.value, pending.splice(0));
  }

  function take(update: Update): void {
    if (update.lost) {
      connection.value = { state: "lost", since: heardAt.value ?? new Date(), why: update.lost };
      return;
    }
    heardAt.value = new Date();
    if (connection.value.state !== "live") connection.value = { state: "live" };
    if (update.changes.length === 0 && !update.reset) return;
    pending.push(update);
    if (drawn) return;
    drawn = true;
    if (document.visibilityState === "visible") requestAnimationFrame(draw);
    else setTimeout(draw, 250); // a hidden page has no frames
  }

  async function follow(): Promise<void> {
    let resumeToken = "";
    while (!abort.signal.aborted) {
      try {
        const request = { ...watched, resumeToken, heartbeatSeconds: HEARTBEAT };
        for await (const update of watch(coordinator, request, { signal: abort.signal, wake: waking })) {
          resumeToken = update.resumeToken || resumeToken;
          take(update);
        }
      } catch (error) {
        const refusal = ConnectError.from(error);
        connection.value = { state: "ended", since: heardAt.value ?? new Date(), why: refusal.rawMessage };
        if (refusal.code !== Code.Unauthenticated) return;
        noteRefusal(refusal);
        await sessionIsBack(abort.signal);
      }
    }
  }

  void follow();
  return { known, connection, heardAt, close: () => abort.abort() };
}

function sessionIsBack(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = sessionState.subscribe((state) => {
      if (state === "here") queueMicrotask(done);
    });
    function done(): void {
      stop();
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
