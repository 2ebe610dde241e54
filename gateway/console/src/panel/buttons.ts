// What each button of the panel is: a function of what is known of the client and the days that are selected. Pure.

import type { RunStatus, StageStatus } from "@potok/web/gen/potok/status/v1/event_pb.ts";
import { ExecutionState, RunState, Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import type { Known } from "../live/fold.ts";
import type { Range } from "../shell/selection.ts";
import { isDone, isTouched, STAGES, type Tally, tallyRange } from "./ledger.ts";

/** A run with its executions. */
export interface KnownRun {
  status: RunStatus;
  stages: readonly StageStatus[];
}

/** How far an execution is; `share` is of 0 to 1, undefined before every item is found. */
export interface Doing {
  kind: "running";
  run: KnownRun;
  stage: StageStatus | undefined;
  share: number | undefined;
  /** It is asked to stop. */
  stopping: boolean;
}

/** What a button says, and whether it can be pressed: in all states but `running` and `disabled`. */
export type Button =
  /** Nothing was done yet, or what was begun was cancelled. */
  | { kind: "idle"; tally: Tally; cancelled: boolean }
  | Doing
  /** Every day is covered and nothing is left, failed or stale. */
  | { kind: "completed"; tally: Tally }
  /** Something is done, and something left, failed or stale. */
  | { kind: "partial"; tally: Tally }
  /** The last execution failed, or every item did. `stage` is that execution. */
  | { kind: "failed"; tally: Tally; stage: StageStatus | undefined }
  /** Another run of the client has to end before. */
  | { kind: "disabled"; by: KnownRun };

export type ButtonName = Stage | "all";

const UNDER_WAY: readonly RunState[] = [RunState.ACTIVE, RunState.CANCELLING];

/** Returns the run of the client's calls that is under way; there is one at the most. */
export function activeRun(known: Known, clientId: string): KnownRun | undefined {
  for (const status of known.runs.values()) {
    if (status.clientId === clientId && !status.botId && UNDER_WAY.includes(status.state)) {
      return { status, stages: known.stages.get(status.runId) ?? [] };
    }
  }
  return undefined;
}

/** Returns the run of the client's calls that ended last. */
export function lastRun(known: Known, clientId: string): KnownRun | undefined {
  let last: RunStatus | undefined;
  for (const status of known.runs.values()) {
    if (status.clientId !== clientId || status.botId || !status.endTime) continue;
    if (!last?.endTime || status.endTime.seconds > last.endTime.seconds) last = status;
  }
  return last && { status: last, stages: known.stages.get(last.runId) ?? [] };
}

/** Returns the share of an execution's items that ended. */
export function shareOf(stage: StageStatus | undefined): number | undefined {
  const items = stage?.progress?.items;
  if (!stage?.progress?.discovered || !items) return undefined;
  const ended = items.success + items.failed + items.skipped;
  const all = ended + items.pending + items.processing;
  return all ? ended / all : 1;
}

/** Returns what the button of a stage, or that of all, is. */
export function buttonOf(known: Known, clientId: string, range: Range, name: ButtonName): Button {
  const run = activeRun(known, clientId);
  if (run) return isOwn(run.status, range, name) ? doing(run, name) : { kind: "disabled", by: run };
  return name === "all" ? restOfAll(known, clientId, range) : restOf(known, clientId, range, name);
}

function isOwn(run: RunStatus, range: Range, name: ButtonName): boolean {
  if (run.range?.startDate !== range.start || run.range.endDate !== range.end) return false;
  if (name === "all") return run.firstStage === Stage.CALL_SYNC && run.lastStage >= Stage.RECOMMENDATIONS;
  // Writing to the reporting database belongs to the recommendations.
  return run.stage === name || (name === Stage.RECOMMENDATIONS && run.stage === Stage.REPORTING);
}

function doing(run: KnownRun, name: ButtonName): Doing {
  const wanted = name === "all" ? run.status.stage : name;
  const stage = run.stages.findLast((each) => each.stage === wanted);
  const stopping = run.status.state === RunState.CANCELLING;
  return { kind: "running", run, stage, share: shareOf(stage), stopping };
}

function restOf(known: Known, clientId: string, range: Range, name: Stage): Button {
  const tally = tallyRange(known.days, `client:${clientId}`, name, range);
  if (isDone(tally)) return { kind: "completed", tally };
  const last = lastExecution(known, clientId, range, name);
  if (last?.state === ExecutionState.FAILED) return { kind: "failed", tally, stage: last };
  if (last?.state === ExecutionState.CANCELLED) return { kind: "idle", tally, cancelled: true };
  if (!isTouched(tally)) return { kind: "idle", tally, cancelled: false };
  if (tally.failed && !tally.success && !tally.skipped) return { kind: "failed", tally, stage: last };
  return { kind: "partial", tally };
}

function restOfAll(known: Known, clientId: string, range: Range): Button {
  const buttons = STAGES.map((stage) => restOf(known, clientId, range, stage));
  const failed = buttons.find((each) => each.kind === "failed");
  if (failed) return failed;
  const open = buttons.find((each) => each.kind !== "completed");
  const first = buttons[0] as { tally: Tally };
  if (!open) return { kind: "completed", tally: first.tally };
  if (buttons.some((each) => each.kind === "idle" && each.cancelled)) return open;
  return buttons.every((each) => each.kind === "idle") ? open : { kind: "partial", tally: first.tally };
}

/** Returns the newest execution of a stage over any of the days. */
function lastExecution(known: Known, clientId: string, range: Range, name: Stage): StageStatus | undefined {
  let last: StageStatus | undefined;
  for (const run of known.runs.values()) {
    if (run.clientId !== clientId || run.botId || !run.range) continue;
    if (run.range.endDate < range.start || run.range.startDate > range.end) continue;
    for (const stage of known.stages.get(run.runId) ?? []) {
      if (stage.stage === name && (!last || stage.execution > last.execution)) last = stage;
    }
  }
  return last;
}
