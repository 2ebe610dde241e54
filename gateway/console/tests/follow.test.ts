import assert from "node:assert/strict";
import test from "node:test";
import { heardAt, lastBegun, secondOf } from "../src/calls/follow.ts";

const parts = [
  { startSeconds: 1, endSeconds: 2 },
  { startSeconds: 2, endSeconds: 2.5 },
  { startSeconds: 4, endSeconds: 5 },
];

test("the last part that has begun is found, and none before the first", () => {
  assert.deepEqual([0, 1, 1.9, 2, 3, 4, 99].map((at) => lastBegun(parts, at)), [-1, 0, 0, 1, 1, 2, 2]);
  assert.equal(lastBegun([], 1), -1);
});

test("halving finds what looking at each would", () => {
  const many = Array.from({ length: 10_000 }, (_, index) => ({ startSeconds: index * 0.36, endSeconds: index * 0.36 + 0.3 }));
  for (let at = -1; at < 3_700; at += 7.3) {
    assert.equal(lastBegun(many, at), many.filter((each) => each.startSeconds <= at).length - 1);
  }
});

test("a part stays the heard one for a moment, and not through a pause", () => {
  assert.equal(heardAt(parts, 2.7), 1);
  assert.equal(heardAt(parts, 3.5), -1);
});

test("a second is read from an address, and nothing else is", () => {
  assert.equal(secondOf("12.3"), 12.3);
  for (const other of [null, "", "-1", "1e3", "12.", "NaN", "1;2"]) assert.equal(secondOf(other), undefined);
});
