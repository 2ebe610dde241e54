// What a watch adds up to: the newest state of every run, stage, day and bot, and the changes that led there. Pure.

import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { BotStatus, Change, DayStatus, RunStatus, StageStatus } from "@potok/web/gen/potok/status/v1/event_pb.ts";
import type { Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import type { Update } from "@potok/web/src/watch.ts";

/** The most changes that are kept to be shown. */
export const LONGEST_LOG = 2_000;

export interface Known {
  /** By run id. */
  runs: ReadonlyMap<string, RunStatus>;
  /** Of each run id its executions, by their number. */
  stages: ReadonlyMap<string, readonly StageStatus[]>;
  /** By `dayKey`. */
  days: ReadonlyMap<string, DayStatus>;
  /** By bot id. */
  bots: ReadonlyMap<string, BotStatus>;
  /** What happened since the snapshot, the oldest first. */
  log: readonly Change[];
  /** How many changes were dropped from the beginning of `log`. */
  dropped: number;
  /** Everything up to here is in it. */
  revision: bigint;
  /** When the last change was accepted; undefined while there was none. */
  changedAt: Date | undefined;
  /** True once a snapshot is in it. */
  complete: boolean;
}

export const NOTHING: Known = {
  runs: new Map(),
  stages: new Map(),
  days: new Map(),
  bots: new Map(),
  log: [],
  dropped: 0,
  revision: 0n,
  changedAt: undefined,
  complete: false,
};

export function dayKey(owner: string, stage: Stage, day: string): string {
  return `${owner} ${stage} ${day}`;
}

/** Returns what is known after updates, in their order. */
export function fold(known: Known, updates: readonly Update[]): Known {
  let begin = 0;
  updates.forEach((update, index) => {
    if (update.reset) begin = index;
  });
  const reset = updates[begin]?.reset ?? false;
  const from = reset ? { ...NOTHING, log: known.log, dropped: known.dropped } : known;
  const [runs, stages, days, bots] = [new Map(from.runs), new Map(from.stages), new Map(from.days), new Map(from.bots)];
  const log = [...from.log];
  let { revision, changedAt } = from;
  for (const update of updates.slice(begin)) {
    if (update.lost) continue;
    revision = update.revision;
    for (const change of update.changes) {
      for (const { subject } of change.events) {
        switch (subject.case) {
          case "run":
            runs.set(subject.value.runId, subject.value);
            break;
          case "stage":
            stages.set(subject.value.runId, replaced(stages.get(subject.value.runId) ?? [], subject.value));
            break;
          case "day":
            days.set(dayKey(subject.value.owner, subject.value.stage, subject.value.counts?.day ?? ""), subject.value);
            break;
          case "bot":
            bots.set(subject.value.botId, subject.value);
            break;
          default:
            break; // a subject that a newer server knows
        }
      }
      const at = change.time && timestampDate(change.time);
      if (at && (!changedAt || at > changedAt)) changedAt = at;
      if (!update.reset) log.push(change);
    }
  }
  const excess = Math.max(0, log.length - LONGEST_LOG);
  return {
    runs,
    stages,
    days,
    bots,
    log: log.slice(excess),
    dropped: from.dropped + excess,
    revision,
    changedAt,
    complete: known.complete || reset,
  };
}

function replaced(stages: readonly StageStatus[], stage: StageStatus): readonly StageStatus[] {
  const others = stages.filter((each) => each.execution !== stage.execution);
  return [...others, stage].sort((one, other) => Number(one.execution - other.execution));
}
