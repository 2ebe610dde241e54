// What the buttons of the panel are, from what a watch told.

import assert from "node:assert/strict";
import { test } from "node:test";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { ExecutionState, RunState, Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import { buttonOf, type ButtonName, lastRun } from "../src/panel/buttons.ts";
import { dayState, STAGES, tallyDay } from "../src/panel/ledger.ts";
import { aDay, aRun, aStage, CLIENT, doneDays, known, OTHER, OWNER, RANGE } from "./known.ts";

const NAMES: readonly ButtonName[] = [Stage.CALL_SYNC, Stage.TRANSCRIPTION, Stage.ANALYSIS, Stage.RECOMMENDATIONS, "all"];
const ENDED = timestampFromDate(new Date("2026-11-04T11:00:00Z"));

function kinds(told = known()): string[] {
  return NAMES.map((name) => buttonOf(told, CLIENT, RANGE, name).kind);
}

test("where nothing was ever done every button is idle", () => {
  assert.deepEqual(kinds(), ["idle", "idle", "idle", "idle", "idle"]);
});

test("the stage that runs is running and locks all others", () => {
  const told = known([aRun()], [aStage({ progress: { discovered: true, items: { success: 85, failed: 5, pending: 60 } } })]);
  assert.deepEqual(kinds(told), ["disabled", "running", "disabled", "disabled", "disabled"]);
  const button = buttonOf(told, CLIENT, RANGE, Stage.TRANSCRIPTION);
  assert.ok(button.kind === "running" && button.share === 90 / 150 && !button.stopping);
  const locked = buttonOf(told, CLIENT, RANGE, Stage.ANALYSIS);
  assert.ok(locked.kind === "disabled" && locked.by.status.actor === "anna");
});

test("before every item is found nobody knows how far it is", () => {
  const told = known([aRun()], [aStage({ progress: { discovered: false, items: { success: 3, pending: 1 } } })]);
  const button = buttonOf(told, CLIENT, RANGE, Stage.TRANSCRIPTION);
  assert.ok(button.kind === "running" && button.share === undefined);
});

test("a run that has not begun its stage yet is running already", () => {
  const button = buttonOf(known([aRun()]), CLIENT, RANGE, Stage.TRANSCRIPTION);
  assert.ok(button.kind === "running" && button.stage === undefined && button.share === undefined);
});

test("a run of other days locks its own stage too", () => {
  assert.deepEqual(kinds(known([aRun({}, OTHER)], [aStage()])), Array(5).fill("disabled"));
});

test("a run of another client, or of a meeting, locks nothing", () => {
  assert.deepEqual(kinds(known([aRun({ clientId: "other" })])), Array(5).fill("idle"));
  assert.deepEqual(kinds(known([aRun({ botId: "bot" })])), Array(5).fill("idle"));
});

test("a run of all stages runs in the button of all and in that of the stage it is in", () => {
  const all = { firstStage: Stage.CALL_SYNC, lastStage: Stage.REPORTING };
  assert.deepEqual(kinds(known([aRun(all)], [aStage()])), ["disabled", "running", "disabled", "disabled", "running"]);
});

test("the recommendations run until they are in the reporting database", () => {
  const told = known([aRun({ firstStage: Stage.RECOMMENDATIONS, lastStage: Stage.REPORTING, stage: Stage.REPORTING })]);
  assert.deepEqual(kinds(told), ["disabled", "disabled", "disabled", "running", "disabled"]);
  assert.equal(buttonOf(told, CLIENT, RANGE, Stage.REPORTING).kind, "running");
});

test("a run that is asked to stop still locks, and is idle once it has stopped", () => {
  const stopping = buttonOf(known([aRun({ state: RunState.CANCELLING })], [aStage()]), CLIENT, RANGE, Stage.TRANSCRIPTION);
  assert.ok(stopping.kind === "running" && stopping.stopping);
  const told = known(
    [aRun({ state: RunState.CANCELLED, endTime: ENDED })],
    [aStage({ state: ExecutionState.CANCELLED, endTime: ENDED })],
    [...doneDays([Stage.TRANSCRIPTION, Stage.ANALYSIS, Stage.RECOMMENDATIONS, Stage.REPORTING]),
      aDay(Stage.TRANSCRIPTION, "2026-11-01", { success: 1, pending: 1 }, false)],
  );
  assert.deepEqual(kinds(told), ["completed", "idle", "idle", "idle", "idle"]);
  const button = buttonOf(told, CLIENT, RANGE, Stage.TRANSCRIPTION);
  assert.ok(button.kind === "idle" && button.cancelled);
});

test("completed is what covers every day with nothing failed, left or stale", () => {
  assert.deepEqual(kinds(known([], [], doneDays())), Array(5).fill("completed"));
  const without = doneDays().filter((each) => each.stage !== Stage.ANALYSIS || each.counts?.day !== "2026-11-02");
  assert.equal(buttonOf(known([], [], without), CLIENT, RANGE, Stage.ANALYSIS).kind, "partial");
  for (const counts of [{ failed: 1 }, { pending: 1 }, { processing: 1 }, { input: 4n }, { success: 1 }]) {
    const told = known([], [], [...doneDays(), aDay(Stage.ANALYSIS, "2026-11-02", counts)]);
    assert.equal(buttonOf(told, CLIENT, RANGE, Stage.ANALYSIS).kind, "partial", JSON.stringify(Object.keys(counts)));
    assert.equal(buttonOf(told, CLIENT, RANGE, "all").kind, "partial");
  }
});

test("what was made from something stale is stale, and so is what was made of a call that is gone", () => {
  const stale = (days: ReturnType<typeof doneDays>) =>
    STAGES.map((stage) => tallyDay(known([], [], days).days, OWNER, stage, "2026-11-02").stale);
  const newer = [...doneDays(), aDay(Stage.TRANSCRIPTION, "2026-11-02", { output: 6n })];
  assert.deepEqual(stale(newer), [0, 0, 1, 1, 1]);
  const gone = [...doneDays(), aDay(Stage.ANALYSIS, "2026-11-02", { available: 1 })];
  assert.deepEqual(stale(gone), [0, 0, 0, 1, 1]);
  const uncovered = [...newer, aDay(Stage.RECOMMENDATIONS, "2026-11-02", {}, false)];
  assert.deepEqual(stale(uncovered), [0, 0, 1, 0, 0]);
});

test("other listings of a call are no skipped calls", () => {
  const told = known([], [], [aDay(Stage.CALL_SYNC, "2026-11-02", { skipped: 3, merged: 2, listed: 5 })]);
  const tally = tallyDay(told.days, OWNER, Stage.CALL_SYNC, "2026-11-02");
  assert.deepEqual([tally.skipped, tally.pending], [1, 0]);
});

test("days without a call are done once they are covered", () => {
  const none = { success: 0, available: 0, output: 0n, input: 0n };
  const days = doneDays().map((each) => aDay(each.stage, each.counts!.day, none));
  assert.deepEqual(kinds(known([], [], days)), Array(5).fill("completed"));
});

test("a call that came late is left to the stages after", () => {
  const told = known([], [], [...doneDays(), aDay(Stage.CALL_SYNC, "2026-11-02", { success: 3, available: 3 })]);
  assert.deepEqual(kinds(told), ["completed", "partial", "completed", "completed", "partial"]);
  const button = buttonOf(told, CLIENT, RANGE, Stage.TRANSCRIPTION);
  assert.ok(button.kind === "partial" && button.tally.pending === 1);
});

test("a stage that nobody ran yet is idle, whatever waits for it", () => {
  const told = known([], [], doneDays([Stage.ANALYSIS, Stage.RECOMMENDATIONS, Stage.REPORTING]));
  assert.deepEqual(kinds(told), ["completed", "completed", "idle", "idle", "partial"]);
  const button = buttonOf(told, CLIENT, RANGE, Stage.ANALYSIS);
  assert.ok(button.kind === "idle" && button.tally.pending === 6 && !button.cancelled);
});

test("a failed execution is shown as failed until a later one goes better", () => {
  const failed = aStage({ state: ExecutionState.FAILED, endTime: ENDED });
  const run = aRun({ state: RunState.FAILED, endTime: ENDED });
  const days = [...doneDays(), aDay(Stage.TRANSCRIPTION, "2026-11-02", { success: 1, failed: 1 })];
  assert.equal(buttonOf(known([run], [failed], days), CLIENT, RANGE, Stage.TRANSCRIPTION).kind, "failed");
  assert.equal(buttonOf(known([run], [failed], days), CLIENT, RANGE, "all").kind, "failed");
  const later = aRun({ runId: "run-2", state: RunState.PARTIAL, endTime: ENDED });
  const better = aStage({ runId: "run-2", execution: 8n, state: ExecutionState.PARTIAL, endTime: ENDED });
  assert.equal(buttonOf(known([run, later], [failed, better], days), CLIENT, RANGE, Stage.TRANSCRIPTION).kind, "partial");
});

test("where every item failed the stage failed", () => {
  const told = known([], [], [...doneDays([Stage.ANALYSIS]), aDay(Stage.ANALYSIS, "2026-11-01", { success: 0, failed: 2 })]);
  assert.equal(buttonOf(told, CLIENT, RANGE, Stage.ANALYSIS).kind, "failed");
});

test("the last run is the one that ended last", () => {
  const later = timestampFromDate(new Date("2026-11-04T12:00:00Z"));
  const runs = [aRun({ endTime: later }), aRun({ runId: "run-2", endTime: ENDED }), aRun({ runId: "run-3" })];
  assert.equal(lastRun(known(runs), CLIENT)?.status.runId, "run-1");
});

test("a day is shown by the worst that is true of it", () => {
  const state = (counts: object, covered = true, running = false) => {
    const day = "2026-11-02";
    const told = known([], [], [...doneDays(), aDay(Stage.ANALYSIS, day, counts, covered)]);
    return dayState(tallyDay(told.days, OWNER, Stage.ANALYSIS, day), running);
  };
  assert.equal(state({}), "done");
  assert.equal(state({ input: 4n }), "stale");
  assert.equal(state({ success: 0, failed: 2 }), "failed");
  assert.equal(state({ success: 1, failed: 1, input: 4n }), "partial");
  assert.equal(state({ success: 1 }), "partial");
  assert.equal(state({ success: 0 }, false), "never");
  assert.equal(state({}, true, true), "running");
});
