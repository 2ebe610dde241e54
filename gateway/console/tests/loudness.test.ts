import assert from "node:assert/strict";
import test from "node:test";
import { bars, channelVoices, voices } from "../src/calls/loudness.ts";

test("bars keep the loudest of what they stand for, on a scale of the loudest of all", () => {
  assert.deepEqual(bars(Uint8Array.of(0, 50, 100, 0), 2), [0.5, 1]);
  assert.deepEqual(bars(Uint8Array.of(10, 20), 4), [0.5, 0.5, 1, 1]);
});

test("silence and nothing are drawn too", () => {
  assert.deepEqual(bars(new Uint8Array(3), 3), [0, 0, 0]);
  assert.deepEqual(bars(new Uint8Array(), 3), []);
  assert.deepEqual(bars(Uint8Array.of(1), 0), []);
});

const turns = [
  { startSeconds: 0, endSeconds: 4, speaker: "operator" },
  { startSeconds: 6, endSeconds: 10, speaker: "client" },
];

test("each part of the time is of who speaks in it", () => {
  assert.deepEqual(voices(turns, 10, 5), ["operator", "operator", undefined, "client", "client"]);
  assert.deepEqual(voices(turns, 20, 4), ["operator", "client", undefined, undefined]);
});

test("channels belong to those who speak while they are loud, whichever way round", () => {
  const [early, late] = [Uint8Array.of(9, 9, 0, 0), Uint8Array.of(1, 0, 8, 8)];
  const pair = ["operator", "client"] as const;
  assert.deepEqual(channelVoices([early, late], turns, 10, pair), ["operator", "client"]);
  assert.deepEqual(channelVoices([late, early], turns, 10, pair), ["client", "operator"]);
  assert.equal(channelVoices([early], turns, 10, pair), undefined);
  assert.equal(channelVoices([early, early], turns, 10, pair), undefined);
});
