// What the ledger days of a range add up to, stage by stage. Pure.

import type { DayStatus } from "@potok/web/gen/potok/status/v1/event_pb.ts";
import type { DayCounts } from "@potok/web/gen/potok/status/v1/progress_pb.ts";
import { Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import { dayKey } from "../live/fold.ts";
import type { Range } from "../shell/selection.ts";

/** The stages of calls, in their order. */
export const STAGES: readonly Stage[] = [
  Stage.CALL_SYNC,
  Stage.TRANSCRIPTION,
  Stage.ANALYSIS,
  Stage.RECOMMENDATIONS,
  Stage.REPORTING,
];

export type DayState = "never" | "done" | "partial" | "failed" | "stale" | "running";

/** One day of one stage, or many. */
export interface Tally {
  days: number;
  covered: number;
  /** Days whose results are older than what they were made from. */
  stale: number;
  /** Left to do: waiting, left undone, not yet known to the stage. */
  pending: number;
  processing: number;
  success: number;
  failed: number;
  skipped: number;
}

export type Days = ReadonlyMap<string, DayStatus>;

const DAY = 24 * 3600 * 1000;

/** Returns every day of a range, at most `most`. */
export function daysOf(range: Range, most = 400): string[] {
  const found: string[] = [];
  const end = Date.parse(`${range.end}T00:00:00Z`);
  for (let day = Date.parse(`${range.start}T00:00:00Z`); day <= end && found.length < most; day += DAY) {
    found.push(new Date(day).toISOString().slice(0, 10));
  }
  return found;
}

/** Returns what is known of one day in a stage. */
export function tallyDay(known: Days, owner: string, stage: Stage, day: string): Tally {
  const status = known.get(dayKey(owner, stage, day));
  const counts = status?.counts;
  const first = stage === Stage.CALL_SYNC;
  const due = first ? (counts?.listed ?? 0) : (known.get(dayKey(owner, stage - 1, day))?.counts?.available ?? 0);
  return {
    days: 1,
    covered: status?.coverTime ? 1 : 0,
    stale: isStale(known, owner, stage, day) ? 1 : 0,
    pending: (counts?.pending ?? 0) + Math.max(0, due - itemsOf(counts)),
    processing: counts?.processing ?? 0,
    success: counts?.success ?? 0,
    failed: counts?.failed ?? 0,
    skipped: (counts?.skipped ?? 0) - (counts?.merged ?? 0),
  };
}

/**
 * Whether the stages before have overtaken a day, by the rules of the coordinator's ledger: the stage before has newer
 * results than were consumed, or lacks one that was. What was made from something stale is no newer than that.
 */
function isStale(known: Days, owner: string, stage: Stage, day: string): boolean {
  const status = known.get(dayKey(owner, stage, day));
  if (stage === Stage.CALL_SYNC || !status?.coverTime) return false;
  const before = known.get(dayKey(owner, stage - 1, day))?.counts;
  if (itemsOf(status.counts) > (before?.available ?? 0)) return true;
  const consumed = status.counts?.input ?? 0n;
  return consumed > 0n && (consumed < (before?.output ?? 0n) || isStale(known, owner, stage - 1, day));
}

function itemsOf(counts: DayCounts | undefined): number {
  return counts ? counts.pending + counts.processing + counts.success + counts.failed + counts.skipped : 0;
}

/** Returns what is known of a range in a stage. */
export function tallyRange(known: Days, owner: string, stage: Stage, range: Range): Tally {
  const sum: Tally = { days: 0, covered: 0, stale: 0, pending: 0, processing: 0, success: 0, failed: 0, skipped: 0 };
  for (const day of daysOf(range)) {
    const tally = tallyDay(known, owner, stage, day);
    for (const name of Object.keys(sum) as (keyof Tally)[]) sum[name] += tally[name];
  }
  return sum;
}

/** True where nothing is left to do, failures included. */
export function isDone(tally: Tally): boolean {
  return tally.covered === tally.days && !tally.failed && !tally.pending && !tally.processing && !tally.stale;
}

/** True where the stage has ever done something. */
export function isTouched(tally: Tally): boolean {
  return tally.covered > 0 || tally.success + tally.skipped + tally.failed > 0;
}

/** Returns how one day is, of which `running` says that a run is in it. */
export function dayState(tally: Tally, running: boolean): DayState {
  if (running) return "running";
  if (!isTouched(tally)) return "never";
  if (isDone(tally)) return "done";
  if (tally.failed && !tally.success) return "failed";
  if (tally.failed || tally.pending || tally.processing || !tally.covered) return "partial";
  return "stale";
}
