// A run as bars to scale: when each of its stages worked, and when it waited. Pure.

import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type { Change, RunStatus, StageStatus } from "@potok/web/gen/potok/status/v1/event_pb.ts";
import { ExecutionState, WaitReason } from "@potok/web/gen/potok/status/v1/stage_pb.ts";

/** A part of time, in milliseconds since 1970. `wait` says for what; a silent service is waited for too. */
export interface Bar {
  from: number;
  to: number;
  wait: WaitReason | "silent" | undefined;
}

export interface Lane {
  stage: StageStatus;
  /** The first is the whole execution; those after it lie on it. */
  bars: Bar[];
}

export interface Timeline {
  from: number;
  to: number;
  lanes: Lane[];
  /** Marks on the axis. */
  ticks: number[];
}

const STEPS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400, 604800].map((seconds) => seconds * 1000);

/**
 * Returns the bars of a run. A watch tells waits as they happen and not those of before it, so of a wait that was there
 * already nothing is known but that it was there at `opened`.
 */
export function timelineOf(run: RunStatus, stages: readonly StageStatus[], log: readonly Change[], opened: number, now: number): Timeline {
  const from = milliseconds(run.createTime) ?? now;
  const to = Math.max(milliseconds(run.endTime) ?? now, from + 1000);
  const lanes = stages.map((stage) => {
    const begin = milliseconds(stage.createTime) ?? from;
    const end = Math.max(begin, milliseconds(stage.endTime) ?? to);
    const waits = waitsOf(stage, log, opened, end).map((bar) => ({ ...bar, from: Math.max(bar.from, begin) }));
    return { stage, bars: [{ from: begin, to: end, wait: undefined }, ...waits.filter((bar) => bar.to > bar.from)] };
  });
  return { from, to, lanes, ticks: ticksOf(from, to) };
}

function waitsOf(stage: StageStatus, log: readonly Change[], opened: number, end: number): Bar[] {
  const bars: Bar[] = [];
  let open: Bar | undefined;
  const see = (status: StageStatus, at: number): void => {
    const wait = waitNow(status);
    if (open && open.wait !== wait) {
      bars.push({ ...open, to: at });
      open = undefined;
    }
    if (wait && !open) open = { from: at, to: end, wait };
  };
  for (const change of log) {
    for (const { subject } of change.events) {
      if (subject.case === "stage" && subject.value.execution === stage.execution) see(subject.value, milliseconds(change.time) ?? end);
    }
  }
  see(stage, open ? end : Math.min(opened, end));
  return open ? [...bars, open] : bars;
}

function waitNow(stage: StageStatus): Bar["wait"] {
  if (stage.endTime) return undefined;
  if (stage.state === ExecutionState.STALLED) return "silent";
  return stage.wait?.reason || stage.progress?.wait?.reason || undefined;
}

/** Returns round moments between two, at most `most`. */
export function ticksOf(from: number, to: number, most = 7): number[] {
  const step = STEPS.find((each) => (to - from) / each <= most) ?? (to - from) / most;
  const ticks: number[] = [];
  for (let at = 0; at <= to - from; at += step) ticks.push(from + at);
  return ticks;
}

function milliseconds(time: Timestamp | undefined): number | undefined {
  return time && timestampDate(time).getTime();
}
