import assert from "node:assert/strict";
import test from "node:test";
import { between, contactQuery, filterOf, setFilters } from "../src/calls/filters.ts";

const range = { start: "2026-11-01", end: "2026-11-30" };
const asked = (address: string) => filterOf(new URLSearchParams(address), range);

test("an address without parameters asks for all calls of the days", () => {
  const { range: days, states, ...rest } = asked("");
  assert.deepEqual(days, { startDate: "2026-11-01", endDate: "2026-11-30" });
  assert.deepEqual(states, []);
  assert.ok(Object.values(rest).every((each) => each === undefined || each === ""));
});

test("each parameter asks for its own thing", () => {
  const filter = asked(
    "employee=Анна&direction=outgoing&answered=yes&recorded=no&contact=1234&length=60-&stage=analysis&state=failed" +
      "&type=complaint&outcome=booked&sentiment=negative&score=-49",
  );
  assert.deepEqual(filter, {
    range: { startDate: "2026-11-01", endDate: "2026-11-30" },
    employee: "Анна",
    direction: 2,
    answered: true,
    recorded: false,
    contact: "1234",
    minDurationSeconds: 60,
    maxDurationSeconds: undefined,
    stage: 3,
    states: [4],
    callType: "complaint",
    outcome: "booked",
    sentiment: "negative",
    minScore: undefined,
    maxScore: 49,
  });
});

test("calls of nobody known are asked for by an employee without a name", () => {
  assert.equal(asked("employee=%3F").employee, "");
});

test("what is no value filters nothing", () => {
  const filter = asked("direction=up&answered=maybe&length=long&stage=constructor&state=failed&score=90-10");
  assert.equal(filter.direction, undefined);
  assert.equal(filter.answered, undefined);
  assert.equal(filter.minDurationSeconds, undefined);
  assert.equal(filter.stage, undefined);
  assert.deepEqual(filter.states, []);
  assert.deepEqual([filter.minScore, filter.maxScore], [undefined, undefined]);
});

test("ends are open, closed and within what the server takes", () => {
  assert.deepEqual(between("5-9.5"), [5, 9.5]);
  assert.deepEqual(between("-9"), [undefined, 9]);
  assert.deepEqual(between("50-1000", 100), [50, 100]);
  for (const other of [null, "", "5", "a-b", "1-2-3", "--5"]) assert.deepEqual(between(other), [undefined, undefined]);
});

test("only filters count as filters", () => {
  assert.deepEqual(setFilters(new URLSearchParams("q=приём&type=info&t=3")), ["type"]);
});

test("the calls of a contact are found by what is shown of it", () => {
  assert.equal(contactQuery("+7 916 645-28-31", false), "79166452831");
  assert.equal(contactQuery("+7******2831", true), "2831");
  assert.equal(contactQuery("Анна +7******2831", true), "2831");
  assert.equal(contactQuery("****31", true), "");
  assert.equal(contactQuery("Анна", false), "Анна");
  assert.equal(contactQuery("Анна 12", false), "");
  assert.equal(contactQuery("12", false), "");
});
