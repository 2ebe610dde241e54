// Whether a ledger accounts for every call, by the rules of `potok ledger`. Pure.

import type { StageLedger } from "@potok/web/gen/potok/coordinator/v1/range_status_pb.ts";
import type { ReportedCalls } from "@potok/web/gen/potok/recommendations/v1/reported_calls_pb.ts";
import { Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";

/** The reporting table with one row for each reported call. */
const CALLS = "calls";

/** One count that does not account for all calls: what there is, and what there should be. */
export type Gap =
  | { kind: "untold" | "unlisted"; stage: Stage; expected: number; found: number }
  | { kind: "rolledUp"; expected: number; found: number }
  | { kind: "table"; table: string; expected: number; found: number };

/** Returns every gap of a ledger; none where it holds. */
export function gapsOf(stages: readonly StageLedger[], reported: ReportedCalls): Gap[] {
  const gaps: Gap[] = [];
  for (const { stage, ...each } of stages) {
    const told = each.success + each.skipped + each.failed + each.pending + each.merged;
    if (told !== each.found) gaps.push({ kind: "untold", stage, expected: each.found, found: told });
    if (each.listed > each.found) gaps.push({ kind: "unlisted", stage, expected: each.listed, found: each.found });
  }
  const available = (of: Stage) => stages.find((each) => each.stage === of)?.available ?? 0;
  const rolledUp = available(Stage.RECOMMENDATIONS);
  if (reported.rolledUpCalls !== rolledUp) gaps.push({ kind: "rolledUp", expected: rolledUp, found: reported.rolledUpCalls });
  for (const { table, rows, expectedRows } of reported.tables) {
    if (table !== CALLS && (expectedRows === undefined || isUnsettled(stages))) continue;
    const expected = table === CALLS ? available(Stage.REPORTING) : (expectedRows ?? 0);
    if (rows !== expected) gaps.push({ kind: "table", table, expected, found: rows });
  }
  return gaps;
}

/** Whether the last stages have work left. Until it is done, only the table of calls can be checked. */
function isUnsettled(stages: readonly StageLedger[]): boolean {
  return stages.some(
    (each) =>
      (each.stage === Stage.RECOMMENDATIONS || each.stage === Stage.REPORTING) &&
      (each.pending > 0 || each.gone > 0 || each.staleDays > 0 || each.failed > 0),
  );
}
