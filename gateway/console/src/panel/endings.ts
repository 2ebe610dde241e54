// Which executions have ended since one looked last. Pure.

import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { StageStatus } from "@potok/web/gen/potok/status/v1/event_pb.ts";
import type { Known } from "../live/fold.ts";

export interface Endings {
  /** The executions that were under way. */
  open: ReadonlySet<bigint>;
  /** Those that were under way before and are not any more. */
  ended: readonly StageStatus[];
}

/** Returns what has ended since `before`; what had ended when one began to look did not. */
export function endingsOf(before: ReadonlySet<bigint>, told: Known): Endings {
  const open = new Set<bigint>();
  const ended: StageStatus[] = [];
  for (const stages of told.stages.values()) {
    for (const stage of stages) {
      if (!stage.endTime) open.add(stage.execution);
      else if (before.has(stage.execution)) ended.push(stage);
    }
  }
  return { open, ended };
}

/** Returns how long an ended execution took, in seconds. */
export function secondsOf(stage: StageStatus): number {
  return stage.createTime && stage.endTime ? (timestampMs(stage.endTime) - timestampMs(stage.createTime)) / 1000 : 0;
}
