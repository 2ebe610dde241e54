// Which executions have ended since one looked last.

import assert from "node:assert/strict";
import { test } from "node:test";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { endingsOf, secondsOf } from "../src/panel/endings.ts";
import { aRun, aStage, known } from "./known.ts";

const BEGAN = timestampFromDate(new Date("2026-11-04T10:00:00Z"));
const ENDED = timestampFromDate(new Date("2026-11-04T10:01:30Z"));

test("an execution ends once, and one that had ended before does not", () => {
  const running = known([aRun()], [aStage()]);
  const over = known([aRun()], [aStage({ createTime: BEGAN, endTime: ENDED })]);
  assert.deepEqual(endingsOf(new Set(), over).ended, []);
  const seen = endingsOf(new Set(), running);
  assert.deepEqual(seen.ended, []);
  const now = endingsOf(seen.open, over);
  assert.deepEqual(now.ended.map((stage) => stage.execution), [7n]);
  assert.deepEqual(endingsOf(now.open, over).ended, []);
  assert.equal(secondsOf(now.ended[0]!), 90);
});
