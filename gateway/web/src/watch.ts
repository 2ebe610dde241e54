// The watch of the coordinator as one endless stream: it resumes by itself, without a gap or a repeat. The twin of
// client/potok_client/watch.py, in the words of that.

import { Code, ConnectError, type Client } from "@connectrpc/connect";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { ErrorInfoSchema } from "../gen/google/rpc/error_details_pb.ts";
import {
  type CoordinatorService,
  type WatchStatusRequestSchema,
  type WatchStatusResponse,
} from "../gen/potok/coordinator/v1/coordinator_service_pb.ts";
import { EndReason, FrameKind } from "../gen/potok/coordinator/v1/watch_pb.ts";
import type { Change } from "../gen/potok/status/v1/event_pb.ts";

/** Bounds of the limit of a delay between tries, in milliseconds; the delay is drawn from 0 up to it (full jitter). */
export const FIRST_DELAY = 200;
export const LONGEST_DELAY = 10_000;
/** What the server takes where the request names none, in seconds. */
export const DEFAULT_HEARTBEAT = 15;
/** The number of heartbeats for which a stream may be silent before it is given up and resumed. */
export const MISSED_HEARTBEATS = 3;
/** The same for somebody who comes back and wants to see what is true now. */
export const OVERDUE_HEARTBEATS = 1.5;

const NEEDS_SNAPSHOT = new Set(["COMPACTED", "EPOCH_CHANGED", "FUTURE_REVISION", "WATCH_CHANGED"]);
const FOR_GOOD = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.PermissionDenied,
  Code.Unauthenticated,
  Code.Unimplemented,
  Code.FailedPrecondition,
  Code.OutOfRange,
]);

/** One thing that a watch says: changes, a heartbeat, or why nothing comes for the moment. */
export interface Update {
  /** What happened, in order of revision; none in a heartbeat. */
  changes: Change[];
  /** Everything of this watch up to here was delivered. */
  revision: bigint;
  /** Resumes after this update, also in another page. */
  resumeToken: string;
  /** `changes` are the whole current state: forget what was known before. The first update is one. */
  reset: boolean;
  /** The number of older states that delivery LATEST left out. */
  folded: number;
  /** Why the stream was lost, which resumes by itself; empty otherwise. Nothing else is in such an update. */
  lost: string;
}

/** What a watch needs of a client. */
export type Watchable = Pick<Client<typeof CoordinatorService>, "watchStatus">;
export type WatchRequest = MessageInitShape<typeof WatchStatusRequestSchema>;

export interface WatchOptions {
  /** Ends the watch. */
  signal: AbortSignal;
  /** Fires `wake` where looking again is worth it at once: the network is back, the computer has slept. */
  wake?: EventTarget;
}

/** The server broke its promise that revisions only grow: what was folded cannot be trusted. */
export class WatchBroken extends Error {}

/**
 * Yields what happens until `options.signal` aborts.
 *
 * Between two updates with `reset` no change is missing and none comes twice, across lost connections and ended streams.
 * Where the server can no longer resume without loss, the next update has `reset` and the whole state. A snapshot is
 * handed over whole or not at all. `request.resumeToken` goes on where an earlier watch ended.
 *
 * Throws ConnectError for what no retry mends (Unauthenticated, NotFound, ...), WatchBroken when the server contradicts
 * itself. Unlike that of Python it has no patience that ends: whoever looks at a page sees that it is lost, and one that
 * was left open over night goes on by itself in the morning. Nor has it replicas: a browser knows one gateway.
 */
export async function* watch(client: Watchable, request: WatchRequest, options: WatchOptions): AsyncGenerator<Update, void> {
  const { signal } = options;
  const cursor = new Cursor(request.resumeToken ?? "");
  let tries = 0;
  while (!signal.aborted) {
    let why: string;
    try {
      for await (const update of updates(client, request, cursor, options)) {
        yield update;
        tries = 0;
      }
      why = `the server ended the stream: ${cursor.end}`;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof WatchBroken) throw error;
      const refusal = ConnectError.from(error);
      const reason = refusal.findDetails(ErrorInfoSchema)[0]?.reason ?? "";
      if (cursor.token && NEEDS_SNAPSHOT.has(reason)) {
        cursor.token = "";
        continue;
      }
      if (FOR_GOOD.has(refusal.code)) throw refusal;
      why = refusal.rawMessage || Code[refusal.code];
    }
    if (signal.aborted) return;
    yield { changes: [], revision: 0n, resumeToken: "", reset: false, folded: 0, lost: why };
    await pause(delay(tries++), options);
  }
}

/** Returns how many milliseconds to wait after so many tries in vain. */
export function delay(tries: number): number {
  return Math.random() * Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** Math.min(tries, 16));
}

function pause(milliseconds: number, { signal, wake }: WatchOptions): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      wake?.removeEventListener("wake", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
    wake?.addEventListener("wake", done);
    if (signal.aborted) done();
  });
}

/** Yields the updates of one stream from the cursor on; throws what ended it, Unavailable for silence. */
async function* updates(
  client: Watchable,
  request: WatchRequest,
  cursor: Cursor,
  { signal, wake }: WatchOptions,
): AsyncGenerator<Update, void> {
  const call = new AbortController();
  const heartbeat = (request.heartbeatSeconds || DEFAULT_HEARTBEAT) * 1000;
  const fellSilent = () => call.abort(new ConnectError("the server fell silent", Code.Unavailable));
  const leave = () => call.abort(signal.reason);
  /** Since when a frame is waited for; timers stand still while a computer sleeps, so the clock is asked when it wakes. */
  let readingSince: number | undefined;
  const look = () => {
    if (readingSince !== undefined && Date.now() - readingSince > OVERDUE_HEARTBEATS * heartbeat) fellSilent();
  };
  signal.addEventListener("abort", leave);
  wake?.addEventListener("wake", look);
  cursor.begin();
  try {
    const asked = { ...request, resumeToken: cursor.token };
    const frames = client.watchStatus(asked, { signal: call.signal })[Symbol.asyncIterator]();
    while (true) {
      readingSince = Date.now();
      const timer = setTimeout(fellSilent, MISSED_HEARTBEATS * heartbeat);
      let read;
      try {
        read = await frames.next();
      } finally {
        clearTimeout(timer);
        readingSince = undefined;
      }
      if (read.done) return;
      const update = cursor.take(read.value);
      if (update) yield update;
      // Of a server that lacks something, the status that follows says what.
      if (read.value.kind === FrameKind.END && read.value.endReason !== EndReason.UNAVAILABLE) return;
    }
  } catch (error) {
    throw call.signal.aborted ? call.signal.reason : error;
  } finally {
    signal.removeEventListener("abort", leave);
    wake?.removeEventListener("wake", look);
    call.abort(); // or else the server would go on writing
  }
}

/** How far the consumer is, over all streams. */
class Cursor {
  token: string;
  revision = 0n;
  end = "";
  private snapshot: Change[] = [];

  constructor(token: string) {
    this.token = token;
  }

  /** Begins a stream; half a snapshot of the one before is worth nothing. */
  begin(): void {
    this.snapshot = [];
    this.end = "without a word";
    if (!this.token) this.revision = 0n;
  }

  /** Returns what a frame means to the consumer; nothing where it means nothing yet. */
  take(frame: WatchStatusResponse): Update | undefined {
    switch (frame.kind) {
      case FrameKind.SNAPSHOT:
        this.snapshot.push(...frame.changes);
        return undefined;
      case FrameKind.SNAPSHOT_END: {
        const changes = this.snapshot;
        this.snapshot = [];
        return this.moved(frame, changes, true);
      }
      case FrameKind.CHANGES:
      case FrameKind.HEARTBEAT:
        this.check(frame);
        return this.moved(frame, frame.changes, false);
      case FrameKind.END:
        this.token = frame.resumeToken || this.token;
        this.end = EndReason[frame.endReason] ?? "";
        return undefined;
      default:
        return undefined; // a kind that a newer server knows
    }
  }

  private check(frame: WatchStatusResponse): void {
    let last = this.revision;
    for (const change of frame.changes) {
      if (change.revision <= last) throw new WatchBroken(`revision ${change.revision} came after ${last}`);
      last = change.revision;
    }
    if (frame.revision < last) throw new WatchBroken(`the server says ${frame.revision} after ${last}`);
  }

  private moved(frame: WatchStatusResponse, changes: Change[], reset: boolean): Update {
    const { revision, resumeToken, folded } = frame;
    [this.revision, this.token] = [revision, resumeToken];
    return { changes, revision, resumeToken, reset, folded, lost: "" };
  }
}
