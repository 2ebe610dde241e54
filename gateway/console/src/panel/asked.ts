// What a press of a button asks for, and which run under way is that already. Pure.

import type { RunStatus } from "@potok/web/gen/potok/status/v1/event_pb.ts";
import { type RunMode, RunState, Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import type { Range } from "../shell/selection.ts";
import type { ButtonName } from "./buttons.ts";

/** What a run is to be: the parameters of StartRun and PreviewRun. */
export interface Asked {
  clientId: string;
  range: { startDate: string; endDate: string };
  /** Empty: all. */
  stages: Stage[];
  mode: RunMode;
}

/** Returns what the button of a stage, or that of all, asks for. */
export function asked(clientId: string, range: Range, name: ButtonName, mode: RunMode): Asked {
  const stages = name === "all" ? [] : [name];
  return { clientId, range: { startDate: range.start, endDate: range.end }, stages, mode };
}

/** Whether a run that is under way is what is asked for: same stages, same days, and not about to stop. */
export function joins(run: RunStatus, request: Asked): boolean {
  const [first = Stage.CALL_SYNC] = request.stages;
  const last = request.stages.at(-1) ?? Stage.REPORTING;
  const days = run.range?.startDate === request.range.startDate && run.range.endDate === request.range.endDate;
  return run.state === RunState.ACTIVE && days && run.firstStage === first && (run.lastStage === last || last === Stage.RECOMMENDATIONS);
}
