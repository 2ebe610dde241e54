// A watch as signals: what is known, and whether it is still being told. It knows no page; live.ts has that.

import { Code, ConnectError } from "@connectrpc/connect";
import { effect, type ReadonlySignal, signal } from "@preact/signals";
import { LONGEST_DELAY, type Update, watch, type Watchable, WatchBroken } from "@potok/web/src/watch.ts";
import { fold, type Known, NOTHING } from "./fold.ts";

export type Connection =
  | { state: "connecting" }
  | { state: "live" }
  /** Nobody looks, so nothing is told; it goes on by itself. */
  | { state: "paused"; since: Date }
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

/** What a page gives to those who follow. */
export interface Surroundings {
  client: Watchable;
  /** Fires `wake` where looking again is worth it at once. */
  waking: EventTarget;
  /** Whether this page may have a stream open. */
  mayWatch: ReadonlySignal<boolean>;
  /** Whether there is a session that counts. */
  hasSession: ReadonlySignal<boolean>;
  /** Is told of a refusal that says that there is none. */
  refused: (error: ConnectError) => void;
  /** Calls back before the next drawing of the screen. */
  soon: (draw: () => void) => void;
  now: () => Date;
}

/** Seconds of quiet after which the server says that it is there. */
export const HEARTBEAT = 3;

/**
 * Watches until it is closed. An expired session and a page that nobody looks at are waited out, and it goes on where it
 * was; where the server contradicts itself, it begins anew.
 */
export function follow(watched: Watched, around: Surroundings): Live {
  const known = signal<Known>(NOTHING);
  const connection = signal<Connection>({ state: "connecting" });
  const heardAt = signal<Date | undefined>(undefined);
  const closing = new AbortController();
  const pending: Update[] = [];
  let resumeToken = "";

  /** Many updates between two frames of the screen are drawn at once. */
  function draw(): void {
    known.value = fold(known.value, pending.splice(0));
  }

  function take(update: Update): void {
    if (update.lost) {
      connection.value = { state: "lost", since: heardAt.value ?? around.now(), why: update.lost };
      return;
    }
    resumeToken = update.resumeToken;
    heardAt.value = around.now();
    if (connection.value.state !== "live") connection.value = { state: "live" };
    if (update.changes.length === 0 && !update.reset) return;
    if (pending.push(update) === 1) around.soon(draw);
  }

  /** Watches as long as this page may; returns after an error that is waited out, throws any other. */
  async function once(): Promise<void> {
    const turn = new AbortController();
    const leave = () => turn.abort();
    closing.signal.addEventListener("abort", leave);
    const stop = around.mayWatch.subscribe((may) => {
      if (!may) leave();
    });
    try {
      const request = { ...watched, resumeToken, heartbeatSeconds: HEARTBEAT };
      for await (const update of watch(around.client, request, { signal: turn.signal, wake: around.waking })) take(update);
    } finally {
      stop();
      closing.signal.removeEventListener("abort", leave);
    }
  }

  async function untilClosed(): Promise<void> {
    while (!closing.signal.aborted) {
      if (!around.mayWatch.peek()) {
        connection.value = { state: "paused", since: heardAt.value ?? around.now() };
        await holds(around.mayWatch, closing.signal);
        continue;
      }
      try {
        await once();
      } catch (error) {
        const since = heardAt.value ?? around.now();
        if (error instanceof WatchBroken) {
          resumeToken = "";
          connection.value = { state: "lost", since, why: error.message };
          await passed(LONGEST_DELAY, closing.signal);
          continue;
        }
        const refusal = ConnectError.from(error);
        connection.value = { state: "ended", since, why: refusal.rawMessage };
        if (refusal.code !== Code.Unauthenticated) return;
        around.refused(refusal);
        await holds(around.hasSession, closing.signal);
      }
    }
  }

  void untilClosed();
  return { known, connection, heardAt, close: () => closing.abort() };
}

/** Waits until a condition holds, or until it is no longer worth waiting. */
function holds(condition: ReadonlySignal<boolean>, leaving: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const left = () => done();
    leaving.addEventListener("abort", left);
    const stop = effect(() => {
      if (condition.value || leaving.aborted) queueMicrotask(done);
    });
    function done(): void {
      stop();
      leaving.removeEventListener("abort", left);
      resolve();
    }
  });
}

function passed(milliseconds: number, leaving: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      leaving.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    leaving.addEventListener("abort", done);
  });
}
