// Which run under way a press of a button joins.

import assert from "node:assert/strict";
import { test } from "node:test";
import { RunMode, RunState, Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import { asked, joins } from "../src/panel/asked.ts";
import type { ButtonName } from "../src/panel/buttons.ts";
import { aRun, CLIENT, OTHER, RANGE } from "./known.ts";

const press = (name: ButtonName, range = RANGE) => asked(CLIENT, range, name, RunMode.PENDING);

test("a second press of the same stage and days joins the run", () => {
  assert.ok(joins(aRun(), press(Stage.TRANSCRIPTION)));
  const recommendations = aRun({ firstStage: Stage.RECOMMENDATIONS, lastStage: Stage.REPORTING });
  assert.ok(joins(recommendations, press(Stage.RECOMMENDATIONS)));
  assert.ok(joins(aRun({ firstStage: Stage.CALL_SYNC, lastStage: Stage.REPORTING }), press("all")));
});

test("a run of other stages or days, or one that stops, is not joined", () => {
  assert.ok(!joins(aRun(), press(Stage.ANALYSIS)));
  assert.ok(!joins(aRun(), press("all")));
  assert.ok(!joins(aRun(), press(Stage.TRANSCRIPTION, OTHER)));
  assert.ok(!joins(aRun({ lastStage: Stage.REPORTING }), press(Stage.TRANSCRIPTION)));
  assert.ok(!joins(aRun({ state: RunState.CANCELLING }), press(Stage.TRANSCRIPTION)));
});
