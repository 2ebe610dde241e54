// A run as bars to scale.

import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Change, ChangeSchema, type StageStatus } from "@potok/web/gen/potok/status/v1/event_pb.ts";
import { ExecutionState, Stage, WaitReason } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import { ticksOf, timelineOf } from "../src/runs/timeline.ts";
import { aRun, aStage } from "./known.ts";

const at = (second: number) => timestampFromMs(second * 1000);
const WAITING = { progress: { wait: { reason: WaitReason.RATE_LIMIT } } };

function told(second: number, stage: StageStatus): Change {
  return create(ChangeSchema, { revision: BigInt(second), time: at(second), events: [{ subject: { case: "stage", value: stage } }] });
}

function waits(stage: StageStatus, log: Change[] = [], opened = 0): (string | number | undefined)[][] {
  const { lanes } = timelineOf(aRun({ createTime: at(100) }), [stage], log, opened * 1000, 200_000);
  return lanes[0]!.bars.slice(1).map((bar) => [bar.from / 1000, bar.to / 1000, bar.wait]);
}

test("stages lie where they were, and one that runs goes up to now", () => {
  const ended = aStage({ execution: 6n, createTime: at(100), endTime: at(130) });
  const running = aStage({ stage: Stage.ANALYSIS, createTime: at(131) });
  const { from, to, lanes } = timelineOf(aRun({ createTime: at(100) }), [ended, running], [], 0, 200_000);
  assert.deepEqual([from, to], [100_000, 200_000]);
  assert.deepEqual(lanes.map((lane) => lane.bars), [
    [{ from: 100_000, to: 130_000, wait: undefined }],
    [{ from: 131_000, to: 200_000, wait: undefined }],
  ]);
});

test("a wait goes from the change that told it to the change that ended it", () => {
  const begun = { createTime: at(100) };
  const log = [told(110, aStage(begun)), told(120, aStage({ ...begun, ...WAITING })), told(125, aStage({ ...begun, ...WAITING })),
    told(140, aStage(begun)), told(150, aStage({ ...begun, state: ExecutionState.STALLED }))];
  const last = aStage({ ...begun, state: ExecutionState.STALLED });
  assert.deepEqual(waits(last, log), [[120, 140, WaitReason.RATE_LIMIT], [150, 200, "silent"]]);
  const over = aStage({ ...begun, endTime: at(160), state: ExecutionState.FAILED });
  assert.deepEqual(waits(over, [...log, told(160, over)]).at(-1), [150, 160, "silent"]);
});

test("of a wait that was there before the page nothing is shown but since when it was seen", () => {
  assert.deepEqual(waits(aStage({ createTime: at(100), ...WAITING }), [], 170), [[170, 200, WaitReason.RATE_LIMIT]]);
  assert.deepEqual(waits(aStage({ createTime: at(180), ...WAITING }), [], 170), [[180, 200, WaitReason.RATE_LIMIT]]);
  assert.deepEqual(waits(aStage({ createTime: at(100) }), [], 170), []);
});

test("a run that has just begun has a length", () => {
  const { from, to } = timelineOf(aRun({ createTime: at(200) }), [], [], 0, 200_000);
  assert.equal(to - from, 1000);
});

test("the marks are round and few", () => {
  assert.deepEqual(ticksOf(5_000, 65_000).map((each) => each - 5_000), [0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000]);
  for (const length of [1_000, 59_000, 3_700_000, 400 * 24 * 3600 * 1000]) {
    const ticks = ticksOf(0, length);
    assert.ok(ticks.length >= 2 && ticks.length <= 8, `${length}: ${ticks.length}`);
  }
});
