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
  const begin = updates.findLastIndex((update) => update.reset);
  const from = begin < 0 ? known : NOTHING;
  const next = {
    runs: new Map(from.runs),
    stages: new Map(from.stages),
    days: new Map(from.days),
    bots: new Map(from.bots),
    revision: from.revision,
    changedAt: from.changedAt,
    complete: known.complete || begin >= 0,
  };
  for (const update of updates.slice(Math.max(begin, 0))) {
    if (update.lost) continue;
    next.revision = update.revision;
    for (const change of update.changes) {
      const at = change.time && timestampDate(change.time);
      if (at && (!next.changedAt || at > next.changedAt)) next.changedAt = at;
      for (const { subject } of change.events) {
        switch (subject.case) {
          case "run":
            next.runs.set(subject.value.runId, subject.value);
            break;
          case "stage":
            next.stages.set(subject.value.runId, replaced(next.stages.get(subject.value.runId) ?? [], subject.value));
            break;
          case "day":
            next.days.set(dayKey(subject.value.owner, subject.value.stage, subject.value.counts?.day ?? ""), subject.value);
            break;
          case "bot":
            next.bots.set(subject.value.botId, subject.value);
            break;
          default:
            break; // a subject that a newer server knows
        }
      }
    }
  }
  // What happened has happened, also where a snapshot came after it.
  const happened = updates.filter((update) => !update.reset).flatMap((update) => update.changes);
  const log = [...known.log, ...happened];
  const excess = Math.max(0, log.length - LONGEST_LOG);
  return { ...next, log: log.slice(excess), dropped: known.dropped + excess };
}

function replaced(stages: readonly StageStatus[], stage: StageStatus): readonly StageStatus[] {
  const others = stages.filter((each) => each.execution !== stage.execution);
  return [...others, stage].sort((one, other) => Number(one.execution - other.execution));
}
