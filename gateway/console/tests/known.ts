// What a watch may have told, for tests: runs, executions and days with what matters to them.

import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type DayStatus,
  DayStatusSchema,
  type RunStatus,
  RunStatusSchema,
  type StageStatus,
  StageStatusSchema,
} from "@potok/web/gen/potok/status/v1/event_pb.ts";
import type { DayCountsSchema } from "@potok/web/gen/potok/status/v1/progress_pb.ts";
import { ExecutionState, RunState, Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import { dayKey, type Known, NOTHING } from "../src/live/fold.ts";
import { daysOf, STAGES } from "../src/panel/ledger.ts";

export const CLIENT = "clinic";
export const OWNER = "client:clinic";
export const RANGE = { start: "2026-11-01", end: "2026-11-03" };
export const OTHER = { start: "2026-10-01", end: "2026-10-31" };

/** Fields of a message, not one that was made. */
type Fields<Schema extends DescMessage> = Exclude<MessageInitShape<Schema>, { $typeName: string }>;

export function aRun(fields: Fields<typeof RunStatusSchema> = {}, range = RANGE): RunStatus {
  return create(RunStatusSchema, {
    runId: "run-1",
    owner: OWNER,
    clientId: CLIENT,
    range: { startDate: range.start, endDate: range.end },
    firstStage: Stage.TRANSCRIPTION,
    lastStage: Stage.TRANSCRIPTION,
    stage: Stage.TRANSCRIPTION,
    state: RunState.ACTIVE,
    actor: "anna",
    createTime: timestampFromDate(new Date("2026-11-04T10:00:00Z")),
    ...fields,
  });
}

export function aStage(fields: Fields<typeof StageStatusSchema> = {}): StageStatus {
  return create(StageStatusSchema, {
    runId: "run-1",
    owner: OWNER,
    execution: 7n,
    stage: Stage.TRANSCRIPTION,
    state: ExecutionState.RUNNING,
    ...fields,
  });
}

export function aDay(stage: Stage, day: string, counts: Fields<typeof DayCountsSchema> = {}, covered = true): DayStatus {
  return create(DayStatusSchema, {
    owner: OWNER,
    stage,
    counts: { day, success: 2, available: 2, output: 5n, input: 5n, ...counts },
    coverTime: covered ? timestampFromDate(new Date("2026-11-04T09:00:00Z")) : undefined,
  });
}

/** Every day of the range, covered and done in all stages but those that are left out. */
export function doneDays(but: readonly Stage[] = []): DayStatus[] {
  return STAGES.filter((stage) => !but.includes(stage)).flatMap((stage) => daysOf(RANGE).map((day) => aDay(stage, day)));
}

/** Returns what is known; of two days alike the later one counts. */
export function known(runs: RunStatus[] = [], stages: StageStatus[] = [], days: DayStatus[] = []): Known {
  return {
    ...NOTHING,
    runs: new Map(runs.map((each) => [each.runId, each])),
    stages: new Map(runs.map((run) => [run.runId, stages.filter((each) => each.runId === run.runId)])),
    days: new Map(days.map((each) => [dayKey(each.owner, each.stage, each.counts!.day), each])),
    complete: true,
  };
}
