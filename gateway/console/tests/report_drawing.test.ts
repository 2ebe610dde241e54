import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { DayStatusSchema } from "@potok/web/gen/potok/status/v1/event_pb.ts";
import { Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import { configuration } from "../src/report/drawing.ts";
import { lastCovered } from "../src/report/freshness.ts";

const palette = { ink: "ink", line: "line", accent: "accent", faint: "faint", series: ["one", "two"], font: "font" };

test("bars of too few calls are faint", () => {
  const drawn = { kind: "bar" as const, labels: ["Anna", "Igor"], series: [{ name: "score", values: [90, 50], faint: [false, true] }] };
  assert.deepEqual(configuration(drawn, palette, undefined).data.datasets[0]?.backgroundColor, ["one", "faint"]);
});

test("colours begin again where there are more lines than colours, and gaps stay gaps", () => {
  const series = ["a", "b", "c"].map((name) => ({ name, values: [1, null] }));
  const { data, options } = configuration({ kind: "line", labels: ["1", "2"], series }, palette, 3);
  assert.deepEqual(data.datasets.map((each) => each.borderColor), ["one", "two", "one"]);
  assert.deepEqual(data.datasets[0]?.data, [1, null]);
  assert.equal(options?.devicePixelRatio, 3);
});

test("a report may have changed once a day was summed up, and not by the stages before", () => {
  const day = (stage: Stage, seconds: bigint) => create(DayStatusSchema, { stage, coverTime: { seconds } });
  assert.equal(lastCovered([]), 0);
  assert.equal(lastCovered([day(Stage.RECOMMENDATIONS, 5n), day(Stage.RECOMMENDATIONS, 3n), day(Stage.ANALYSIS, 9n)]), 5);
});
