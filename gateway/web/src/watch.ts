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

export interface WatchOptions {
  /** Ends the watch. */
  signal: AbortSignal;
  /** Fires `wake` where a try is worth it at once, as when the network is back. */
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
 * itself.
 */
export async function* watch(
  client: Pick<Client<typeof CoordinatorService>, "watchStatus">,
  request: MessageInitShape<typeof WatchStatusRequestSchema>,
  options: WatchOptions,
): AsyncGenerator<Update, void> {
  const cursor = new Cursor(request.resumeToken ?? "");
  let tries = 0;
  while (!options.signal.aborted) {
    let why: string;
    try {
      for await (const update of stream(client, request, cursor, options.signal)) {
        tries = 0;
        yield update;
      }
      why = `the server ended the stream: ${cursor.end}`;
    } catch (error) {
      if (options.signal.aborted) return;
      if (error instanceof WatchBroken) throw error;
      const refusal = ConnectError.from(error);
      const reason = refusal.findDetails(ErrorInfoSchema)[0]?.reason ?? "";
      if (cursor.token && NEEDS_SNAPSHOT.has(reason)) {
        cursor.token = "";
        continue;
      }
      if (FOR_GOOD.has(refusal.code)) throw refusal;
      why = refusal.rawMessage;
    }
    if (options.signal.aborted) return;
    yield { changes: [], revision: cursor.revision, resumeToken: cursor.token, reset: false, folded: 0, lost: why };
    await pause(delay(tries++), options);
  }
}

/** How many milliseconds to wait after so many tries in vain. */
function delay(tries: number): number {
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
  });
}

/** One stream, until it ends; one that is silent for too long is given up. */
async function* stream(
  client: Pick<Client<typeof CoordinatorService>, "watchStatus">,
  request: MessageInitShape<typeof WatchStatusRequestSchema>,
  cursor: Cursor,
  signal: AbortSignal,
): AsyncGenerator<Update, void> {
  const silence = new AbortController();
  const patience = (request.heartbeatSeconds || DEFAULT_HEARTBEAT) * MISSED_HEARTBEATS * 1000;
  const expire = () => silence.abort(new ConnectError("the server fell silent", Code.Unavailable));
  let timer = setTimeout(expire, patience);
  cursor.begin();
  try {
    const asked = { ...request, resumeToken: cursor.token };
    for await (const frame of client.watchStatus(asked, { signal: AbortSignal.any([signal, silence.signal]) })) {
      clearTimeout(timer);
      timer = setTimeout(expire, patience);
      const update = cursor.take(frame);
      if (update) yield update;
    }
  } catch (error) {
    throw silence.signal.aborted ? silence.signal.reason : error;
  } finally {
    clearTimeout(timer);
    silence.abort();
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
    if (frame.revision < last) throw new WatchBroken(`frame ${frame.revision} ended before ${last}`);
  }

  private moved(frame: WatchStatusResponse, changes: Change[], reset: boolean): Update {
    this.token = frame.resumeToken || this.token;
    this.revision = frame.revision;
    const { revision, folded } = frame;
    return { changes, revision, resumeToken: this.token, reset, folded, lost: "" };
  }
}
