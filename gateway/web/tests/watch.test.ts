// The watch against a coordinator that does as the test says: the twin of tests/rpc/client/test_watch.py.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "../gen/google/rpc/error_details_pb.ts";
import { type WatchStatusResponse, WatchStatusResponseSchema } from "../gen/potok/coordinator/v1/coordinator_service_pb.ts";
import { EndReason, FrameKind } from "../gen/potok/coordinator/v1/watch_pb.ts";
import {
  delay,
  FIRST_DELAY,
  LONGEST_DELAY,
  MISSED_HEARTBEATS,
  type Update,
  watch,
  type Watchable,
  WatchBroken,
  type WatchRequest,
} from "../src/watch.ts";

type Frame = MessageInitShape<typeof WatchStatusResponseSchema>;
type Step = Frame | ConnectError | "hang";

function frame(kind: FrameKind, revision: number, ...changes: number[]): Frame {
  return {
    kind,
    revision: BigInt(revision),
    resumeToken: `t${revision}`,
    changes: changes.map((each) => ({ revision: BigInt(each) })),
  };
}

const part = (revision: number) => ({ ...frame(FrameKind.SNAPSHOT, revision, revision), resumeToken: "" });
const complete = (revision: number) => frame(FrameKind.SNAPSHOT_END, revision);
const changes = (...revisions: number[]) => frame(FrameKind.CHANGES, revisions.at(-1)!, ...revisions);
const heartbeat = (revision: number) => frame(FrameKind.HEARTBEAT, revision);
const end = (revision: number, endReason = EndReason.AGE) => ({ ...frame(FrameKind.END, revision), endReason });

function refusal(code: Code, reason = ""): ConnectError {
  return new ConnectError("no", code, undefined, [{ desc: ErrorInfoSchema, value: { reason, domain: "potok" } }]);
}

/** Counts who listens, so that one who forgets to leave is found. */
class Listened extends EventTarget {
  listeners = 0;
  override addEventListener(...given: Parameters<EventTarget["addEventListener"]>): void {
    this.listeners++;
    super.addEventListener(...given);
  }
  override removeEventListener(...given: Parameters<EventTarget["removeEventListener"]>): void {
    this.listeners--;
    super.removeEventListener(...given);
  }
}

/** Plays one script a stream; the last one again and again. */
class Scripted implements Watchable {
  readonly tokens: string[] = [];
  /** The calls whose caller has gone. */
  gone = 0;
  private readonly scripts: Step[][];

  constructor(...scripts: Step[][]) {
    this.scripts = scripts;
  }

  watchStatus(request: WatchRequest, options?: { signal?: AbortSignal }): AsyncIterable<WatchStatusResponse> {
    this.tokens.push(request.resumeToken ?? "");
    const script = this.scripts.length > 1 ? this.scripts.shift()! : this.scripts[0]!;
    const signal = options!.signal!;
    signal.addEventListener("abort", () => this.gone++);
    const played = play(script, signal);
    return { [Symbol.asyncIterator]: () => ({ next: () => played.next() }) }; // nobody can return, as in Connect
  }
}

async function* play(script: Step[], signal: AbortSignal): AsyncGenerator<WatchStatusResponse, void> {
  for (const step of script) {
    if (step instanceof ConnectError) throw step;
    if (step === "hang") {
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(ConnectError.from(signal.reason))));
    } else {
      yield create(WatchStatusResponseSchema, step);
    }
  }
}

/** Watches up to the first update that is `until`; time passes as fast as somebody waits for it. */
async function collected(
  t: TestContext,
  server: Watchable,
  until: (update: Update) => boolean,
  request: WatchRequest = { clientIds: ["clinic"] },
): Promise<Update[]> {
  t.mock.method(globalThis, "setTimeout", (done: () => void) => setImmediate(done));
  t.mock.method(globalThis, "clearTimeout", clearImmediate);
  const [abort, wake, found] = [new AbortController(), new Listened(), [] as Update[]];
  try {
    for await (const update of watch(server, request, { signal: abort.signal, wake })) {
      found.push(update);
      if (until(update)) break;
    }
  } finally {
    assert.equal(wake.listeners, 0, "somebody still listens");
  }
  return found;
}

const upTo = (revision: number) => (update: Update) => update.revision >= BigInt(revision);
const seen = (updates: Update[]) => updates.flatMap((update) => update.changes.map((change) => Number(change.revision)));
const losses = (updates: Update[]) => updates.map((update) => update.lost).filter(Boolean);

test("a snapshot is one update and what follows is newer", async (t) => {
  const server = new Scripted([part(7), part(7), complete(7), changes(8, 9), "hang"]);
  const updates = await collected(t, server, upTo(9));
  assert.deepEqual(
    updates.map((each) => [each.reset, each.revision, each.changes.length]),
    [[true, 7n, 2], [false, 9n, 2]],
  );
});

test("a stream that ends is resumed from its last frame", async (t) => {
  const server = new Scripted([complete(1), changes(2), end(3)], [changes(4), "hang"]);
  const updates = await collected(t, server, upTo(4));
  assert.deepEqual(server.tokens, ["", "t3"]);
  assert.deepEqual(seen(updates), [2, 4]);
  assert.deepEqual(losses(updates), ["the server ended the stream: AGE"]);
});

test("a server that lacks something says what after its last frame", async (t) => {
  const away = new ConnectError("the database is away", Code.Unavailable);
  const server = new Scripted([complete(1), end(1, EndReason.UNAVAILABLE), away], [changes(2), "hang"]);
  assert.deepEqual(losses(await collected(t, server, upTo(2))), ["the database is away"]);
});

test("after the last frame of a token nothing more is waited for", async (t) => {
  const expired = [complete(1), end(2, EndReason.TOKEN_EXPIRED), "hang" as const];
  const server = new Scripted(expired, [refusal(Code.Unauthenticated)]);
  await assert.rejects(collected(t, server, upTo(9)), { code: Code.Unauthenticated });
  assert.deepEqual(server.tokens, ["", "t2"]);
});

test("half a snapshot is thrown away and taken anew", async (t) => {
  const server = new Scripted([part(5), refusal(Code.Unavailable)], [part(6), complete(6), "hang"]);
  assert.deepEqual(seen(await collected(t, server, upTo(6))), [6]);
  assert.deepEqual(server.tokens, ["", ""]);
});

for (const [code, reason] of [
  [Code.OutOfRange, "COMPACTED"],
  [Code.FailedPrecondition, "EPOCH_CHANGED"],
  [Code.FailedPrecondition, "FUTURE_REVISION"],
  [Code.InvalidArgument, "WATCH_CHANGED"],
] as const) {
  test(`where no resume is possible (${reason}) the whole state comes anew`, async (t) => {
    const lost = [complete(50), changes(51), refusal(Code.Unavailable)];
    // The new log may be younger than the old one.
    const server = new Scripted(lost, [refusal(code, reason)], [part(3), complete(3), changes(4), "hang"]);
    const updates = await collected(t, server, (update) => update.revision === 4n);
    assert.deepEqual(server.tokens, ["", "t51", ""]);
    assert.deepEqual(updates.filter((each) => each.reset).map((each) => each.revision), [50n, 3n]);
  });
}

test("a refused snapshot is not asked for for ever", async (t) => {
  const server = new Scripted([refusal(Code.OutOfRange, "COMPACTED")]);
  await assert.rejects(collected(t, server, upTo(1), { resumeToken: "old" }), { code: Code.OutOfRange });
  assert.deepEqual(server.tokens, ["old", ""]);
});

test("what no retry mends is thrown", async (t) => {
  const server = new Scripted([refusal(Code.NotFound)]);
  await assert.rejects(collected(t, server, upTo(1)), { code: Code.NotFound });
  assert.equal(server.tokens.length, 1);
});

for (const [name, wrong] of Object.entries({
  repeated: changes(3),
  twice: changes(5, 5),
  backwards: changes(6, 5),
  "a heartbeat in the past": heartbeat(3),
})) {
  test(`revisions that do not grow are not handed over: ${name}`, async (t) => {
    const server = new Scripted([complete(4), wrong, "hang"]);
    await assert.rejects(collected(t, server, (update) => update.changes.length > 0), WatchBroken);
    assert.equal(server.gone, 1);
  });
}

test("a heartbeat moves the token", async (t) => {
  const server = new Scripted([complete(4), heartbeat(9), refusal(Code.Unavailable)], [changes(10), "hang"]);
  await collected(t, server, upTo(10));
  assert.deepEqual(server.tokens, ["", "t9"]);
});

test("a frame of a newer server is passed over", async (t) => {
  const unknown = { kind: 99 as FrameKind, revision: 5n };
  const server = new Scripted([complete(1), unknown, changes(2), "hang"]);
  assert.deepEqual(seen(await collected(t, server, upTo(2))), [2]);
});

test("the server is told when the reader goes", async (t) => {
  const server = new Scripted([complete(1), "hang"]);
  await collected(t, server, upTo(1));
  assert.equal(server.gone, 1);
});

test("a watch that is ended while it waits for a frame ends at once, and quietly", async () => {
  const [abort, server] = [new AbortController(), new Scripted([complete(1), "hang"])];
  const updates = watch(server, {}, { signal: abort.signal });
  await updates.next();
  const waiting = updates.next();
  abort.abort();
  assert.deepEqual(await waiting, { done: true, value: undefined });
  assert.equal(server.gone, 1);
});

test("a silent stream is given up after three heartbeats and resumed", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const [abort, server] = [new AbortController(), new Scripted([complete(1), "hang"], [changes(2), "hang"])];
  const updates = watch(server, { heartbeatSeconds: 2 }, { signal: abort.signal });
  await updates.next();
  const next = updates.next();
  await settled();
  t.mock.timers.tick(MISSED_HEARTBEATS * 2000 - 1);
  await settled();
  assert.equal(server.gone, 0);
  t.mock.timers.tick(1);
  assert.equal((await next).value?.lost, "the server fell silent");
  assert.equal(server.gone, 1);

  const resumed = updates.next();
  await settled();
  t.mock.timers.tick(LONGEST_DELAY);
  assert.equal((await resumed).value?.revision, 2n);
  assert.deepEqual(server.tokens, ["", "t1"]);
  abort.abort();
});

test("a reader that takes its time is no silence of the server", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const [abort, wake, server] = [new AbortController(), new EventTarget(), new Scripted([complete(1), changes(2), "hang"])];
  const updates = watch(server, { heartbeatSeconds: 2 }, { signal: abort.signal, wake });
  await updates.next();
  t.mock.timers.tick(60_000);
  wake.dispatchEvent(new Event("wake"));
  assert.equal((await updates.next()).value?.revision, 2n);
  abort.abort();
});

test("who comes back from sleep is not told that all is well until the timers notice", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const [abort, wake, server] = [new AbortController(), new EventTarget(), new Scripted([complete(1), "hang"])];
  const updates = watch(server, { heartbeatSeconds: 5 }, { signal: abort.signal, wake });
  await updates.next();
  const next = updates.next();
  await settled();
  wake.dispatchEvent(new Event("wake"));
  await settled();
  assert.equal(server.gone, 0, "a stream that just spoke was cut");
  t.mock.timers.setTime(10_000); // timers slept as well
  wake.dispatchEvent(new Event("wake"));
  assert.equal((await next).value?.lost, "the server fell silent");
  abort.abort();
});

test("a wait between tries ends when the network is back", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(Math, "random", () => 1);
  const [abort, wake, server] = [new AbortController(), new Listened(), new Scripted([refusal(Code.Unavailable)], [complete(1)])];
  const updates = watch(server, {}, { signal: abort.signal, wake });
  assert.equal((await updates.next()).value?.lost, "no");
  const next = updates.next();
  await settled();
  wake.dispatchEvent(new Event("wake"));
  assert.equal((await next).value?.revision, 1n);
  await updates.return();
  assert.equal(wake.listeners, 0);
});

test("a wait between tries ends with the watch", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const abort = new AbortController();
  const updates = watch(new Scripted([refusal(Code.Unavailable)]), {}, { signal: abort.signal });
  await updates.next();
  abort.abort();
  assert.equal((await updates.next()).done, true);
});

test("waits are spread and bounded", () => {
  for (const tries of [...Array(20).keys(), 10_000]) {
    const waits = Array.from({ length: 200 }, () => delay(tries));
    const limit = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** Math.min(tries, 16));
    assert.ok(Math.min(...waits) <= limit / 4 && Math.max(...waits) >= (limit * 3) / 4 && Math.max(...waits) <= limit);
  }
});

/** Lets everything run that can without time passing. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
}
