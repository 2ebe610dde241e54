// Which ranges of days can be worked on.

import assert from "node:assert/strict";
import { test } from "node:test";
import { daysOf } from "../src/panel/ledger.ts";
import { faultOf } from "../src/shell/dates.ts";

const TODAY = "2026-11-30";

test("a range is named by what is wrong with it", () => {
  assert.equal(faultOf({ start: "2026-11-01", end: "2026-11-30" }, TODAY), undefined);
  assert.equal(faultOf({ start: "2026-11-30", end: "2026-11-30" }, TODAY), undefined);
  assert.equal(faultOf({ start: "", end: "2026-11-30" }, TODAY), "missing");
  assert.equal(faultOf({ start: "2026-11-31", end: "2026-11-30" }, TODAY), "missing");
  assert.equal(faultOf({ start: "2026-11-30", end: "2026-11-29" }, TODAY), "order");
  assert.equal(faultOf({ start: "2026-11-30", end: "2026-12-01" }, TODAY), "future");
  assert.equal(faultOf({ start: "2025-11-30", end: "2026-11-30" }, TODAY), undefined);
  assert.equal(faultOf({ start: "2025-11-29", end: "2026-11-30" }, TODAY), "long");
});

test("the days of a range are all its days, over the end of a month and of summer time", () => {
  assert.deepEqual(daysOf({ start: "2026-10-24", end: "2026-10-26" }), ["2026-10-24", "2026-10-25", "2026-10-26"]);
  assert.deepEqual(daysOf({ start: "2028-02-28", end: "2028-03-01" }), ["2028-02-28", "2028-02-29", "2028-03-01"]);
});
