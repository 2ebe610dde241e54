// A fold of updates is the same however they are split, and what it says is the newest of every subject.

import assert from "node:assert/strict";
import { test } from "node:test";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ChangeSchema, type EventSchema } from "@potok/web/gen/potok/status/v1/event_pb.ts";
import type { Update } from "@potok/web/src/watch.ts";
import { dayKey, fold, type Known, LONGEST_LOG, NOTHING } from "../src/live/fold.ts";

type Subject = MessageInitShape<typeof EventSchema>["subject"];

/** Numbers that look random and are the same in every run. */
function numbers(seed: number): (below: number) => number {
  return (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
}

function aSubject(below: (limit: number) => number): Subject {
  const some = `${below(3)}`;
  switch (below(5)) {
    case 0:
      return { case: "run", value: { runId: some, owner: `client:${below(9)}` } };
    case 1:
      return { case: "stage", value: { runId: some, execution: BigInt(below(4)), owner: `client:${below(9)}` } };
    case 2:
      return { case: "day", value: { owner: some, stage: below(3), counts: { day: `2026-11-0${below(3) + 1}`, success: below(9) } } };
    case 3:
      return { case: "bot", value: { botId: some } };
    default:
      return undefined as unknown as Subject; // of a newer server
  }
}

function someUpdates(seed: number): Update[] {
  const below = numbers(seed);
  let revision = 0n;
  return Array.from({ length: 1 + below(20) }, (_, index) => {
    const reset = index === 0 || below(8) === 0;
    const lost = !reset && below(8) === 0 ? "the server fell silent" : "";
    const changes = Array.from({ length: lost ? 0 : below(4) }, () => {
      const events = Array.from({ length: below(3) }, () => ({ subject: aSubject(below) }));
      return create(ChangeSchema, { revision: ++revision, time: timestampFromMs(below(100_000)), events });
    });
    return { changes, revision: lost ? 0n : revision, resumeToken: `t${revision}`, reset, folded: 0, lost };
  });
}

/** The changes of a log, of whatever they are. */
const comparable = (known: Known) => ({ ...known, log: known.log.map((change) => change.revision) });

test("a fold of any split of updates is the fold of all", () => {
  for (let seed = 0; seed < 500; seed++) {
    const [updates, below] = [someUpdates(seed), numbers(seed + 7)];
    let known = NOTHING;
    for (let rest = updates; rest.length > 0; ) {
      const next = 1 + below(rest.length);
      known = fold(known, rest.slice(0, next));
      rest = rest.slice(next);
    }
    assert.deepEqual(comparable(known), comparable(fold(NOTHING, updates)), `seed ${seed}`);
  }
});

test("of every subject the newest state is known", () => {
  for (let seed = 0; seed < 100; seed++) {
    const updates = someUpdates(seed);
    const known = fold(NOTHING, updates);
    const counted = updates.slice(updates.findLastIndex((each) => each.reset)).flatMap((each) => each.changes);
    for (const { subject } of counted.flatMap((change) => change.events).reverse()) {
      if (subject.case === "run") assert.ok(known.runs.has(subject.value.runId));
      if (subject.case === "bot") assert.ok(known.bots.has(subject.value.botId));
    }
    for (const stages of known.stages.values()) {
      const order = stages.map((each) => each.execution);
      assert.deepEqual(order, [...new Set(order)].sort((one, other) => Number(one - other)));
    }
  }
});

test("a snapshot forgets what was, but not that it happened", () => {
  const change = (revision: bigint, runId: string) =>
    create(ChangeSchema, { revision, events: [{ subject: { case: "run", value: { runId } } }] });
  const update = (revision: bigint, runId: string, reset: boolean): Update => {
    return { changes: [change(revision, runId)], revision, resumeToken: "", reset, folded: 0, lost: "" };
  };
  const known = fold(NOTHING, [update(1n, "a", true), update(2n, "b", false), update(1n, "c", true)]);
  assert.deepEqual([...known.runs.keys()], ["c"]);
  assert.deepEqual(known.log.map((each) => each.revision), [2n]);
  assert.equal(known.revision, 1n);
});

test("the log has an end", () => {
  const changes = Array.from({ length: LONGEST_LOG + 5 }, (_, index) => create(ChangeSchema, { revision: BigInt(index + 1) }));
  const known = fold(NOTHING, [{ changes, revision: 9_999n, resumeToken: "", reset: false, folded: 0, lost: "" }]);
  assert.equal(known.log.length, LONGEST_LOG);
  assert.equal(known.dropped, 5);
  assert.equal(known.log[0]?.revision, 6n);
});

test("a key of a day names all that makes it one", () => {
  assert.notEqual(dayKey("client:a", 1, "2026-11-02"), dayKey("client:a", 2, "2026-11-02"));
});
