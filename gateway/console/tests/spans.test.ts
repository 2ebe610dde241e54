import assert from "node:assert/strict";
import test from "node:test";
import { pieces } from "../src/calls/spans.ts";

test("what is marked stands apart from what is not", () => {
  assert.deepEqual(pieces("хочу записаться завтра", [{ start: 5, end: 15 }]), [
    { text: "хочу ", marked: false },
    { text: "записаться", marked: true },
    { text: " завтра", marked: false },
  ]);
});

test("spans count characters, not halves of them", () => {
  assert.deepEqual(pieces("🙂 да", [{ start: 2, end: 4 }]), [
    { text: "🙂 ", marked: false },
    { text: "да", marked: true },
  ]);
});

test("spans that overlap, touch or reach too far lose no character", () => {
  const text = "<b>раз</b>";
  const cut = pieces(text, [{ start: 5, end: 400 }, { start: 3, end: 6 }, { start: 9, end: 9 }]);
  assert.equal(cut.map((each) => each.text).join(""), text);
  assert.deepEqual(cut.map((each) => each.marked), [false, true]);
  assert.deepEqual(pieces("", [{ start: 0, end: 2 }]), []);
});
