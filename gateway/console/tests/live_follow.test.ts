// What a page says of its connection, before a coordinator that does as the test says.

import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { signal } from "@preact/signals";
import {
  type WatchStatusResponse,
  WatchStatusResponseSchema,
} from "@potok/web/gen/potok/coordinator/v1/coordinator_service_pb.ts";
import { FrameKind } from "@potok/web/gen/potok/coordinator/v1/watch_pb.ts";
import type { WatchRequest } from "@potok/web/src/watch.ts";
import { type Connection, follow, type Surroundings } from "../src/live/follow.ts";

const WATCHED = { clientIds: ["clinic"], ledger: { startDate: "2026-11-01", endDate: "2026-11-30" } };

/** A coordinator whose streams are open until somebody says otherwise. */
class Coordinator {
  readonly asked: WatchRequest[] = [];
  /** How many streams are open. */
  open = 0;
  private heard: ((frame: WatchStatusResponse | ConnectError) => void) | undefined;
  private readonly waiting: (WatchStatusResponse | ConnectError)[] = [];

  say(revision: number, kind = FrameKind.HEARTBEAT, runId = ""): void {
    const events = runId ? [{ subject: { case: "run" as const, value: { runId } } }] : [];
    const changes = runId ? [{ revision: BigInt(revision), events }] : [];
    this.hand(create(WatchStatusResponseSchema, { kind, revision: BigInt(revision), resumeToken: `t${revision}`, changes }));
  }

  refuse(code: Code): void {
    this.hand(new ConnectError("no", code));
  }

  private hand(said: WatchStatusResponse | ConnectError): void {
    if (this.heard) this.heard(said);
    else this.waiting.push(said);
    this.heard = undefined;
  }

  watchStatus(request: WatchRequest, options?: { signal?: AbortSignal }): AsyncIterable<WatchStatusResponse> {
    this.asked.push(request);
    this.open++;
    this.waiting.length = 0;
    const gone = new Promise<never>((_, reject) => {
      options!.signal!.addEventListener("abort", () => {
        this.open--;
        reject(ConnectError.from(options!.signal!.reason));
      });
    });
    gone.catch(() => undefined);
    const next = async () => {
      const said = this.waiting.shift() ?? (await Promise.race([gone, new Promise<WatchStatusResponse | ConnectError>((hear) => {
        this.heard = hear;
      })]));
      if (said instanceof ConnectError) throw said;
      return { done: false as const, value: said };
    };
    return { [Symbol.asyncIterator]: () => ({ next }) };
  }
}

function begun() {
  const [client, waking, mayWatch, hasSession] = [new Coordinator(), new EventTarget(), signal(true), signal(true)];
  let [time, draws] = [0, 0];
  const around: Surroundings = {
    client,
    waking,
    mayWatch,
    hasSession,
    refused: () => (hasSession.value = false),
    soon: (draw) => {
      draws++;
      setImmediate(draw);
    },
    now: () => new Date(++time * 1000),
  };
  const live = follow(WATCHED, around);
  const states: Connection["state"][] = [];
  live.connection.subscribe((connection) => states.push(connection.state));
  return { client, waking, mayWatch, hasSession, live, states, draws: () => draws };
}

/** Lets everything run that can without time passing. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
}

test("it connects, is live, and says as of when", async () => {
  const { client, live, states } = begun();
  assert.equal(live.heardAt.value, undefined);
  client.say(1, FrameKind.SNAPSHOT_END);
  await settled();
  client.say(2);
  await settled();
  assert.deepEqual(states, ["connecting", "live"]);
  assert.equal(live.known.value.complete, true);
  assert.deepEqual(live.heardAt.value, new Date(2000));
  live.close();
  await settled();
  assert.equal(client.open, 0);
});

test("a lost stream is shown with the time of the last word, and goes on by its token", async () => {
  const { client, waking, live, states } = begun();
  client.say(1, FrameKind.SNAPSHOT_END);
  await settled();
  client.refuse(Code.Unavailable);
  await settled();
  assert.deepEqual(live.connection.value, { state: "lost", since: new Date(1000), why: "no" });
  waking.dispatchEvent(new Event("wake"));
  await settled();
  client.say(2, FrameKind.CHANGES, "a");
  await settled();
  assert.deepEqual(client.asked.map((each) => each.resumeToken), ["", "t1"]);
  assert.deepEqual(states, ["connecting", "live", "lost", "live"]);
  assert.ok(live.known.value.runs.has("a"));
  live.close();
});

test("an expired session is waited out, and nothing that is known is lost", async () => {
  const { client, hasSession, live, states } = begun();
  client.say(1, FrameKind.SNAPSHOT_END);
  await settled();
  client.say(2, FrameKind.CHANGES, "a");
  await settled();
  client.refuse(Code.Unauthenticated);
  await settled();
  assert.equal(hasSession.value, false);
  assert.equal(live.connection.value.state, "ended");
  assert.ok(live.known.value.runs.has("a"));
  hasSession.value = true;
  await settled();
  client.say(3);
  await settled();
  assert.deepEqual(client.asked.map((each) => each.resumeToken), ["", "t2"]);
  assert.deepEqual(states, ["connecting", "live", "ended", "live"]);
  live.close();
});

test("what no login mends ends it", async () => {
  const { client, live } = begun();
  client.refuse(Code.PermissionDenied);
  await settled();
  assert.equal(live.connection.value.state, "ended");
  assert.equal(client.asked.length, 1);
});

test("a page that may not watch has no stream, says so, and goes on by its token", async () => {
  const { client, mayWatch, live, states } = begun();
  client.say(1, FrameKind.SNAPSHOT_END);
  await settled();
  mayWatch.value = false;
  await settled();
  assert.equal(client.open, 0);
  assert.deepEqual(live.connection.value, { state: "paused", since: new Date(1000) });
  mayWatch.value = true;
  await settled();
  client.say(2);
  await settled();
  assert.deepEqual(client.asked.map((each) => each.resumeToken), ["", "t1"]);
  assert.deepEqual(states, ["connecting", "live", "paused", "live"]);
  live.close();
});

test("a server that contradicts itself is not believed: the whole state comes anew", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { client, live } = begun();
  client.say(5, FrameKind.SNAPSHOT_END);
  await settled();
  client.say(4, FrameKind.CHANGES, "a");
  await settled();
  assert.equal(live.connection.value.state, "lost");
  t.mock.timers.tick(10_000);
  await settled();
  assert.deepEqual(client.asked.map((each) => each.resumeToken), ["", ""]);
  live.close();
});

test("closed while it waits, it ends", async () => {
  const { client, mayWatch, live } = begun();
  mayWatch.value = false;
  await settled();
  live.close();
  mayWatch.value = true;
  await settled();
  assert.equal(client.open, 0);
});
