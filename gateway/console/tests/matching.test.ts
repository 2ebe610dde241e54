// Which lines of the log are shown, as it grows.

import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { type Change, ChangeSchema } from "@potok/web/gen/potok/status/v1/event_pb.ts";
import { Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import type { Line } from "../src/runs/event_words.ts";
import { CHUNK, EVERYTHING, type Matched, matched } from "../src/runs/matching.ts";

let looked = 0;

function linesOf(change: Change): Line[] {
  looked++;
  const stage = change.revision % 2n ? Stage.ANALYSIS : Stage.REPORTING;
  return [{ key: `${change.revision}`, change, subject: "stage", stage, runId: "", text: `Line ${change.revision}` }];
}

function log(from: number, to: number): Change[] {
  return Array.from({ length: to - from + 1 }, (_, index) => create(ChangeSchema, { revision: BigInt(from + index), actor: "anna" }));
}

function shown(found: Matched): number[] {
  return found.chunks.flatMap((chunk) => chunk.lines).map((line) => Number(line.key));
}

test("the newest line is the first, and none is missing as the log grows", () => {
  let found = matched(undefined, log(1, 3), EVERYTHING, linesOf, 100);
  assert.deepEqual(shown(found), [3, 2, 1]);
  for (let to = 4; to <= 180; to += 7) found = matched(found, log(1, to), EVERYTHING, linesOf, 1000);
  assert.deepEqual(shown(found), Array.from({ length: 179 }, (_, index) => 179 - index));
});

test("what was looked at is not looked at again, and full chunks stay the very same", () => {
  const before = matched(undefined, log(1, 2 * CHUNK + 3), EVERYTHING, linesOf, 1000);
  looked = 0;
  const after = matched(before, log(1, 2 * CHUNK + 5), EVERYTHING, linesOf, 1000);
  assert.equal(looked, 2);
  assert.equal(after.chunks[1], before.chunks[1]);
  assert.equal(after.chunks[0]?.key, before.chunks[0]?.key);
  assert.equal(matched(after, log(1, 2 * CHUNK + 5), EVERYTHING, linesOf, 1000).chunks, after.chunks);
});

test("old lines are dropped", () => {
  let found: Matched | undefined;
  for (let to = 10; to <= 1000; to += 10) found = matched(found, log(Math.max(1, to - 20), to), EVERYTHING, linesOf, 100);
  const lines = shown(found!);
  assert.equal(lines[0], 1000);
  assert.ok(lines.length >= 100 && lines.length <= 100 + CHUNK);
});

test("another filter begins anew, and finds by stage, actor and text", () => {
  const all = matched(undefined, log(1, 12), EVERYTHING, linesOf, 100);
  const only = (fields: object) => shown(matched(all, log(1, 12), { ...EVERYTHING, ...fields }, linesOf, 100));
  assert.deepEqual(only({ stage: Stage.ANALYSIS }), [11, 9, 7, 5, 3, 1]);
  assert.deepEqual(only({ text: "LINE 1" }), [12, 11, 10, 1]);
  assert.deepEqual(only({ actor: "boris" }), []);
  assert.deepEqual(only({ subject: "run" }), []);
  assert.equal(only({ text: "anna" }).length, 12);
});
