import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { DayReportSchema, EmployeeReportSchema } from "@potok/web/gen/potok/recommendations/v1/range_report_pb.ts";
import { MOST_LINES, scored, scoresByDay, shares } from "../src/report/series.ts";

const day = (day: string, employee: string | undefined, calls: number, score?: number) =>
  create(DayReportSchema, { day, calls, ...(employee === undefined ? {} : { employee }), ...(score === undefined ? {} : { score }) });

test("a day without calls is a gap, not a zero", () => {
  const series = scoresByDay([day("2026-02-27", undefined, 2, 80), day("2026-03-01", undefined, 1, 60)]);
  assert.deepEqual(series.days, ["2026-02-27", "2026-02-28", "2026-03-01"]);
  assert.deepEqual(series.lines[0]?.scores, [80, null, 60]);
  assert.deepEqual(series.lines[0]?.calls, [2, 0, 1]);
});

test("everybody comes first, then who had the most calls; nobody's calls are a line of their own", () => {
  const series = scoresByDay([
    day("2026-03-01", undefined, 6, 70),
    day("2026-03-01", "Anna", 1, 90),
    day("2026-03-01", "", 5, 65),
  ]);
  assert.deepEqual(series.lines.map((line) => line.employee), [undefined, "", "Anna"]);
});

test("who has no score has no line, and who is left out is counted", () => {
  const many = Array.from({ length: MOST_LINES + 2 }, (_, at) => day("2026-03-01", `e${at}`, at + 1, 50));
  const series = scoresByDay([day("2026-03-01", undefined, 9, 50), day("2026-03-01", "unscored", 99), ...many]);
  assert.equal(series.lines.length, MOST_LINES + 1);
  assert.equal(series.left, 2);
  assert.ok(series.lines.every((line) => line.employee !== "unscored"));
});

test("nothing is no days", () => {
  assert.deepEqual(scoresByDay([]), { days: [], lines: [], left: 0 });
});

test("employees by score, without those who have none", () => {
  const employee = (employee: string, score?: number) =>
    create(EmployeeReportSchema, { employee, ...(score === undefined ? {} : { score }) });
  assert.deepEqual(scored([employee("a", 10), employee("b"), employee("c", 90)]).map((each) => each.employee), ["c", "a"]);
});

test("shares are of the greatest", () => {
  assert.deepEqual(shares([4, 1, 0]), [1, 0.25, 0]);
  assert.deepEqual(shares([0]), [0]);
});
