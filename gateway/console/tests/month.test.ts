// Months and spans of days.

import assert from "node:assert/strict";
import { test } from "node:test";
import { dayAfter, isWeekend, monthAfter, rangeOf, spanOf } from "../src/calendar/month.ts";

test("months follow each other over the end of a year", () => {
  assert.equal(monthAfter("2026-12", 1), "2027-01");
  assert.equal(monthAfter("2026-01", -1), "2025-12");
  assert.deepEqual(rangeOf("2028-02"), { start: "2028-02-01", end: "2028-02-29" });
});

test("a span is the same from both ends and stops at the last day there is", () => {
  assert.deepEqual(spanOf("2026-11-03", "2026-11-01", "2026-11-30"), { start: "2026-11-01", end: "2026-11-03" });
  assert.deepEqual(spanOf("2026-11-29", "2026-12-02", "2026-11-30"), { start: "2026-11-29", end: "2026-11-30" });
});

test("days follow each other over the change of summer time", () => {
  assert.equal(dayAfter("2026-10-25", 1), "2026-10-26");
  assert.equal(dayAfter("2026-03-01", -1), "2026-02-28");
  assert.ok(isWeekend("2026-11-29") && !isWeekend("2026-11-30"));
});
