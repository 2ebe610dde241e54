// When a report may have changed. Pure.

import type { DayStatus } from "@potok/web/gen/potok/status/v1/event_pb.ts";
import { Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";

/** Returns when a day was last summed up, in seconds since 1970; 0 where none was. What a report says is older or new. */
export function lastCovered(days: Iterable<DayStatus>): number {
  let last = 0;
  for (const { stage, coverTime } of days) {
    if (stage === Stage.RECOMMENDATIONS && coverTime) last = Math.max(last, Number(coverTime.seconds));
  }
  return last;
}
