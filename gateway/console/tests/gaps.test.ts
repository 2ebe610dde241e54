// Whether a ledger accounts for every call.

import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { StageLedgerSchema } from "@potok/web/gen/potok/coordinator/v1/range_status_pb.ts";
import { ReportedCallsSchema } from "@potok/web/gen/potok/recommendations/v1/reported_calls_pb.ts";
import { Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import { gapsOf } from "../src/calendar/gaps.ts";
import { STAGES } from "../src/panel/ledger.ts";

const HELD = { found: 6, success: 3, skipped: 1, failed: 1, merged: 1, available: 3 };

function ledger(changed: Stage = Stage.UNSPECIFIED, fields: object = {}) {
  return STAGES.map((stage) => create(StageLedgerSchema, { stage, ...HELD, failed: 0, pending: 1, ...(stage === changed ? fields : {}) }));
}

function reported(rows = 3, expectedRows = 3, rolledUpCalls = 3) {
  return create(ReportedCallsSchema, { rolledUpCalls, tables: [{ table: "calls", rows: 3 }, { table: "transcripts", rows, expectedRows }] });
}

function settled() {
  return ledger().map((each) => ({ ...each, pending: 0, success: 4 }));
}

test("a ledger that accounts for everything has no gap", () => {
  assert.deepEqual(gapsOf(ledger(), reported()), []);
});

test("a call that is in no state is a gap, and so is one that the source has and nobody found", () => {
  assert.deepEqual(gapsOf(ledger(Stage.ANALYSIS, { found: 7 }), reported()), [
    { kind: "untold", stage: Stage.ANALYSIS, expected: 7, found: 6 },
  ]);
  assert.deepEqual(gapsOf(ledger(Stage.CALL_SYNC, { listed: 8 }), reported()), [
    { kind: "unlisted", stage: Stage.CALL_SYNC, expected: 8, found: 6 },
  ]);
});

test("calls that are not rolled up are a gap", () => {
  assert.deepEqual(gapsOf(ledger(), reported(3, 3, 2)), [{ kind: "rolledUp", expected: 3, found: 2 }]);
});

test("a table is checked once nothing is left to do, and the table of calls always", () => {
  assert.deepEqual(gapsOf(ledger(), reported(2)), []);
  assert.deepEqual(gapsOf(settled(), reported(2)), [{ kind: "table", table: "transcripts", expected: 3, found: 2 }]);
  const unsaid = create(ReportedCallsSchema, { rolledUpCalls: 3, tables: [{ table: "calls", rows: 3 }, { table: "transcripts", rows: 2 }] });
  assert.deepEqual(gapsOf(settled(), unsaid), []);
  const lost = { ...reported(), tables: [{ ...reported().tables[0]!, rows: 2 }] };
  assert.deepEqual(gapsOf(ledger(), lost), [{ kind: "table", table: "calls", expected: 3, found: 2 }]);
});
